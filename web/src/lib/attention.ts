/** What an operator should look at, worst first. */
import { type AlertItem, compareAlerts, needsAction, severityRank } from "./alerts";
import { type Service, shortError, upOf } from "./services";

export interface Attention {
  key: string;
  kind: "firing" | "pending" | "down" | "rule";
  severity: string;
  title: string;
  detail: string;
  /** How many alerts of this name are in this state. */
  count: number;
  sinceMs: number | null;
  /** Where to look further: the Alerts page filtered by a name, its rules, or a series. */
  next: { page: "alerts" | "rules"; q: string } | { page: "metrics"; expr: string };
}

export interface BrokenRule {
  name: string;
  error: string;
}

function isOpen(alert: AlertItem): boolean {
  return alert.state !== "resolved" && needsAction(alert) && alert.muted === null;
}

/** Firing by severity, pending by severity, targets that are down, rules that cannot be evaluated. */
export function attentionList(
  alerts: readonly AlertItem[],
  services: readonly Service[],
  broken: readonly BrokenRule[],
): Attention[] {
  const ranked: { rank: number; item: Attention }[] = [];
  const byName = new Map<string, Attention>();
  for (const alert of [...alerts].sort(compareAlerts)) {
    if (!isOpen(alert)) continue;
    const same = byName.get(`${alert.state} ${alert.name}`);
    if (same) {
      same.count += 1;
      continue;
    }
    const item: Attention = {
      key: `${alert.state} ${alert.key}`,
      kind: alert.state === "firing" ? "firing" : "pending",
      severity: alert.severity,
      title: alert.name,
      detail: alert.annotations.summary ?? alert.annotations.description ?? alert.labels.instance ?? "",
      sinceMs: alert.sinceMs,
      count: 1,
      next: { page: "alerts", q: alert.name },
    };
    byName.set(`${alert.state} ${alert.name}`, item);
    ranked.push({ rank: (alert.state === "firing" ? 0 : 100) + severityRank(alert.severity), item });
  }
  // An alert about a target says more than the target being down: it is not listed twice.
  const told = new Set(alerts.filter(isOpen).map(({ labels }) => `${labels.job} ${labels.instance}`));
  for (const service of services) {
    if (service.health !== "down" || told.has(`${service.job} ${service.instance}`)) continue;
    ranked.push({
      rank: 200,
      item: {
        key: `down ${service.key}`,
        kind: "down",
        severity: "",
        title: service.job,
        detail: shortError(service.lastError) || `${service.instance} does not answer`,
        sinceMs: service.sinceMs,
        count: 1,
        next: { page: "metrics", expr: upOf(service) },
      },
    });
  }
  for (const rule of broken) {
    ranked.push({
      rank: 300,
      item: {
        key: `rule ${rule.name}`,
        kind: "rule",
        severity: "",
        title: rule.name,
        detail: rule.error,
        sinceMs: null,
        count: 1,
        next: { page: "rules", q: rule.name },
      },
    });
  }
  return ranked.sort((a, b) => a.rank - b.rank || (a.item.sinceMs ?? 0) - (b.item.sinceMs ?? 0)).map(({ item }) => item);
}
