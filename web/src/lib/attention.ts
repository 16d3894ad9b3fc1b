/** What an operator should look at, worst first. */
import { type AlertItem, needsAction, severityRank } from "./alerts";
import { type Service, shortError, upOf } from "./services";

export interface Attention {
  key: string;
  kind: "firing" | "pending" | "down" | "rule";
  severity: string;
  title: string;
  detail: string;
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
export function attentionList(alerts: readonly AlertItem[], services: readonly Service[], broken: readonly BrokenRule[]): Attention[] {
  const ranked: { rank: number; item: Attention }[] = [];
  for (const alert of alerts) {
    if (!isOpen(alert)) continue;
    ranked.push({
      rank: (alert.state === "firing" ? 0 : 100) + severityRank(alert.severity),
      item: {
        key: `${alert.state} ${alert.key}`,
        kind: alert.state === "firing" ? "firing" : "pending",
        severity: alert.severity,
        title: alert.name,
        detail: alert.annotations.summary ?? alert.annotations.description ?? alert.labels.instance ?? "",
        sinceMs: alert.sinceMs,
        next: { page: "alerts", q: alert.name },
      },
    });
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
        next: { page: "rules", q: rule.name },
      },
    });
  }
  return ranked.sort((a, b) => a.rank - b.rank || (a.item.sinceMs ?? 0) - (b.item.sinceMs ?? 0)).map(({ item }) => item);
}
