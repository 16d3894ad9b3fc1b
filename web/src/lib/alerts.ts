/** What the rules say, what the Alertmanager did with it, and who was told, merged into one list. */
import type { ManagedAlert } from "../api/alertmanager";
import type { Notification } from "../api/hive";
import type { Rule, RuleGroup } from "../api/prom";
import type { MatrixSeries } from "./aligned-data";
import { type Delivery, deliveriesByFingerprint, deliveriesOf } from "./deliveries";
import { includesLabels, type Labels, labelsKey } from "./labels";
import { parseRfc3339 } from "./time";

export type AlertState = "firing" | "pending" | "resolved";

export interface AlertItem {
  key: string;
  name: string;
  severity: string;
  state: AlertState;
  labels: Labels;
  annotations: Labels;
  sinceMs: number | null;
  /** When it ended; only for resolved ones. */
  endedMs: number | null;
  value: string | null;
  rule: Rule | null;
  generatorUrl: string | null;
  muted: { by: "silence" | "inhibition" | "time interval"; names: string[] } | null;
  deliveries: Delivery[];
}

export interface AlertCard {
  name: string;
  severity: string;
  state: AlertState;
  rule: Rule | null;
  items: AlertItem[];
}

const SEVERITY_RANK: Record<string, number> = {
  critical: 0,
  page: 0,
  emergency: 0,
  error: 1,
  high: 1,
  warning: 2,
  info: 4,
  none: 5,
};
const STATE_RANK: Record<AlertState, number> = { firing: 0, pending: 1, resolved: 3 };

/** Small is bad; a severity nobody knows stands between warning and info. */
export function severityRank(severity: string): number {
  return SEVERITY_RANK[severity.toLowerCase()] ?? 3;
}

/** How a severity is coloured. */
export function severityLevel(severity: string): "bad" | "warn" | "info" | "none" {
  const rank = severityRank(severity);
  if (rank < 2) return "bad";
  if (rank === 2) return "warn";
  return rank === 5 ? "none" : "info";
}

/** Alerts of severity `none` fire always, to prove the way; nobody has to act on them. */
export function needsAction(item: { severity: string }): boolean {
  return severityRank(item.severity) < 5;
}

export function alertingRules(groups: readonly RuleGroup[]): Rule[] {
  return groups.flatMap((group) => group.rules).filter((rule) => rule.type === "alerting");
}

/**
 * Groups by alert name what is searched by labels: a name is in every label set, and an outage of hundreds of
 * targets must not compare each alert with each other one.
 */
function byName<T>(all: readonly T[], nameOf: (one: T) => string): (name: string) => readonly T[] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const name = nameOf(one);
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  return (name) => groups.get(name) ?? [];
}

function mutedBy(managed: ManagedAlert | undefined, all: readonly ManagedAlert[]): AlertItem["muted"] {
  if (!managed || managed.status.state !== "suppressed") return null;
  const { inhibitedBy, silencedBy, mutedBy: intervals = [] } = managed.status;
  if (inhibitedBy.length > 0) {
    const names = inhibitedBy.map((id) => all.find((alert) => alert.fingerprint === id)?.labels.alertname ?? id);
    return { by: "inhibition", names: [...new Set(names)] };
  }
  return silencedBy.length > 0 ? { by: "silence", names: silencedBy } : { by: "time interval", names: intervals };
}

interface Sources {
  groups: readonly RuleGroup[];
  managed: readonly ManagedAlert[];
  notifications: readonly Notification[];
}

/** Alerts that the rules hold pending or firing now, and alerts that came to the Alertmanager from elsewhere. */
export function presentAlerts({ groups, managed, notifications }: Sources): AlertItem[] {
  const told = deliveriesByFingerprint(notifications);
  const taken = new Set<string>();
  const managedOf = byName(managed, (alert) => alert.labels.alertname ?? "");
  const items: AlertItem[] = [];
  for (const rule of alertingRules(groups)) {
    for (const alert of rule.alerts ?? []) {
      const labels: Labels = { alertname: rule.name, ...alert.labels };
      const known = managedOf(rule.name).find((candidate) => includesLabels(candidate.labels, labels));
      if (known) taken.add(known.fingerprint);
      items.push({
        key: labelsKey(labels),
        name: rule.name,
        severity: labels.severity ?? "",
        state: alert.state,
        labels,
        annotations: alert.annotations,
        sinceMs: parseRfc3339(alert.activeAt),
        endedMs: null,
        value: alert.value,
        rule,
        generatorUrl: known?.generatorURL ?? null,
        muted: mutedBy(known, managed),
        deliveries: (alert.state === "firing" && known && told.get(known.fingerprint)) || [],
      });
    }
  }
  const ours = new Set(alertingRules(groups).map((rule) => rule.name));
  for (const alert of managed) {
    // The Alertmanager keeps a rule's alert for a while after the rule let go of it: that one has ended.
    if (taken.has(alert.fingerprint) || ours.has(alert.labels.alertname ?? "")) continue;
    items.push({
      key: labelsKey(alert.labels),
      name: alert.labels.alertname ?? "(no alertname)",
      severity: alert.labels.severity ?? "",
      state: "firing",
      labels: alert.labels,
      annotations: alert.annotations,
      sinceMs: parseRfc3339(alert.startsAt),
      endedMs: null,
      value: null,
      rule: null,
      generatorUrl: alert.generatorURL ?? null,
      muted: mutedBy(alert, managed),
      deliveries: told.get(alert.fingerprint) ?? [],
    });
  }
  return items;
}

/**
 * Alerts that fired within the range and fire no more, from the series `ALERTS{alertstate="firing"}`, newest first.
 * Each point stands for the step before it; `step` in seconds. An alert has ended when its last point is more than two
 * steps before the range's end.
 */
export function resolvedAlerts(
  history: readonly MatrixSeries[],
  range: { end: number; step: number },
  sources: Sources,
): AlertItem[] {
  const firing = new Set(
    presentAlerts(sources)
      .filter((item) => item.state === "firing")
      .map((item) => item.key),
  );
  const rules = new Map(alertingRules(sources.groups).map((rule) => [rule.name, rule]));
  const items: AlertItem[] = [];
  for (const series of history) {
    const { __name__: _, alertstate: __, ...labels } = series.metric;
    const samples = series.values ?? [];
    const last = samples.at(-1)?.[0];
    if (last === undefined || firing.has(labelsKey(labels)) || last > range.end - 2 * range.step) continue;
    let first = samples.length - 1;
    while (first > 0 && (samples[first]?.[0] ?? 0) - (samples[first - 1]?.[0] ?? 0) <= range.step * 1.5) first -= 1;
    const rule = rules.get(labels.alertname ?? "") ?? null;
    items.push({
      key: labelsKey(labels),
      name: labels.alertname ?? "(no alertname)",
      severity: labels.severity ?? "",
      state: "resolved",
      labels,
      annotations: {},
      sinceMs: (samples[first]?.[0] ?? last) * 1000,
      endedMs: last * 1000,
      value: null,
      rule,
      generatorUrl: null,
      muted: null,
      deliveries: deliveriesOf(labels, sources.notifications),
    });
  }
  return items.sort((a, b) => (b.endedMs ?? 0) - (a.endedMs ?? 0));
}

/** Firing before pending before heartbeats before resolved, then by severity, then the longest first. */
export function compareAlerts(a: AlertItem, b: AlertItem): number {
  return (
    stateRank(a) - stateRank(b) ||
    severityRank(a.severity) - severityRank(b.severity) ||
    (a.state === "resolved" ? (b.endedMs ?? 0) - (a.endedMs ?? 0) : (a.sinceMs ?? 0) - (b.sinceMs ?? 0)) ||
    (a.key < b.key ? -1 : 1)
  );
}

function stateRank(item: AlertItem): number {
  return item.state !== "resolved" && !needsAction(item) ? 2 : STATE_RANK[item.state];
}

/** One card per alert name, worst first. */
export function cardsOf(items: readonly AlertItem[]): AlertCard[] {
  const cards = new Map<string, AlertCard>();
  for (const item of [...items].sort(compareAlerts)) {
    const card = cards.get(item.name);
    if (card) card.items.push(item);
    else
      cards.set(item.name, { name: item.name, severity: item.severity, state: item.state, rule: item.rule, items: [item] });
  }
  return [...cards.values()];
}

/** True when every word is somewhere in the name, labels or annotations. */
export function matchesText(item: AlertItem, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const content = [
    ...Object.entries(item.labels).map(([name, value]) => `${name}=${value}`),
    ...Object.values(item.annotations),
  ];
  const all = content.join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}
