import { describe, expect, it } from "vitest";
import type { ManagedAlert } from "../api/alertmanager";
import type { Notification } from "../api/hive";
import type { Rule, RuleGroup } from "../api/prom";
import { cardsOf, matchesText, presentAlerts, resolvedAlerts, severityLevel } from "./alerts";
import { deliveriesOf } from "./deliveries";

const AT = "2026-11-23T17:00:00Z";

function rule(name: string, alerts: Rule["alerts"], labels: Record<string, string> = {}): Rule {
  return { type: "alerting", name, query: "up == 0", health: "ok", state: "firing", labels, alerts: alerts ?? [] };
}

function group(...rules: Rule[]): RuleGroup[] {
  return [{ name: "g", file: "rules.yml", interval: 15, rules }];
}

function firing(labels: Record<string, string>, state: "firing" | "pending" = "firing") {
  return { labels, annotations: { summary: "it is down" }, state, activeAt: AT, value: "0" };
}

function managed(
  labels: Record<string, string>,
  status: Partial<ManagedAlert["status"]> = {},
  fingerprint = "f1",
): ManagedAlert {
  return {
    fingerprint,
    labels,
    annotations: {},
    startsAt: AT,
    endsAt: AT,
    receivers: [],
    status: { state: "active", silencedBy: [], inhibitedBy: [], ...status },
  };
}

function sent(
  receiver: string,
  at: string,
  status: "firing" | "resolved",
  labels: Record<string, string>,
  outcome: "sent" | "failed" = "sent",
): Notification {
  const alerts = [{ fingerprint: "f1", status, labels }];
  return {
    at,
    receiver,
    integration: "webhook",
    index: 0,
    group_key: "{}",
    group_labels: {},
    status,
    alerts,
    outcome,
    reason: "",
    attempts: 1,
  };
}

const DOWN = { alertname: "Down", job: "a", severity: "critical" };

describe("presentAlerts", () => {
  it("joins the rule's alert with what the Alertmanager did, also when that has labels added", () => {
    const [item] = presentAlerts({
      groups: group(rule("Down", [firing(DOWN)])),
      managed: [managed({ ...DOWN, cluster: "x" }, { state: "suppressed", silencedBy: ["s-1"] })],
      notifications: [sent("pager", AT, "firing", DOWN)],
    });
    expect(item?.muted).toEqual({ by: "silence", names: ["s-1"] });
    expect(item?.deliveries.map((delivery) => [delivery.receiver, delivery.ok])).toEqual([["pager", true]]);
    expect(item?.sinceMs).toBe(Date.parse(AT));
  });

  it("names the alert that inhibits", () => {
    const cause = managed({ alertname: "HostDown" }, {}, "f9");
    const items = presentAlerts({
      groups: group(rule("HostDown", [firing({ alertname: "HostDown" })]), rule("Down", [firing(DOWN)])),
      managed: [managed(DOWN, { state: "suppressed", inhibitedBy: ["f9"] }), cause],
      notifications: [],
    });
    expect(items.find((item) => item.name === "Down")?.muted).toEqual({ by: "inhibition", names: ["HostDown"] });
  });

  it("shows alerts that other programs sent, and not those that a rule of ours has let go", () => {
    const items = presentAlerts({
      groups: group(rule("Down", [])),
      managed: [managed(DOWN), managed({ alertname: "FromElsewhere" }, {}, "f2")],
      notifications: [],
    });
    expect(items.map((item) => [item.name, item.state])).toEqual([["FromElsewhere", "firing"]]);
  });

  it("does not look for deliveries of what is pending", () => {
    const items = presentAlerts({
      groups: group(rule("Down", [firing(DOWN, "pending")])),
      managed: [],
      notifications: [sent("p", AT, "resolved", DOWN)],
    });
    expect(items[0]?.deliveries).toEqual([]);
  });
});

it("deliveries keep the newest of each receiver", () => {
  const notifications = [
    sent("pager", "2026-11-23T17:05:00Z", "resolved", DOWN),
    sent("mail", "2026-11-23T17:01:00Z", "firing", DOWN, "failed"),
    sent("pager", AT, "firing", DOWN),
    sent("pager", AT, "firing", { ...DOWN, job: "other" }),
  ];
  expect(deliveriesOf(DOWN, notifications).map(({ receiver, status, ok }) => [receiver, status, ok])).toEqual([
    ["pager", "resolved", true],
    ["mail", "firing", false],
  ]);
});

describe("resolvedAlerts", () => {
  const series = (labels: Record<string, string>, ...at: number[]) => ({
    metric: { __name__: "ALERTS", alertstate: "firing", ...labels },
    values: at.map((time): [number, string] => [time, "1"]),
  });
  const nothing = { groups: group(rule("Down", [])), managed: [], notifications: [] };

  it("is what fired and fires no more, with its last run of samples", () => {
    const [item] = resolvedAlerts([series(DOWN, 0, 10, 50, 60, 70)], { end: 200, step: 10 }, nothing);
    expect([item?.name, item?.sinceMs, item?.endedMs]).toEqual(["Down", 50_000, 70_000]);
  });
  it("leaves out what may still fire, and what does", () => {
    expect(resolvedAlerts([series(DOWN, 180, 190)], { end: 200, step: 10 }, nothing)).toEqual([]);
    const again = { ...nothing, groups: group(rule("Down", [firing(DOWN)])) };
    expect(resolvedAlerts([series(DOWN, 0, 10)], { end: 200, step: 10 }, again)).toEqual([]);
  });
});

it("cards stand worst first, heartbeats behind what needs action", () => {
  const items = presentAlerts({
    groups: group(
      rule("Watchdog", [firing({ severity: "none" })]),
      rule("Slow", [firing({ severity: "warning" })]),
      rule("Soon", [firing({ severity: "critical" }, "pending")]),
      rule("Down", [firing(DOWN), firing({ ...DOWN, job: "b" })]),
    ),
    managed: [],
    notifications: [],
  });
  expect(cardsOf(items).map((card) => [card.name, card.items.length])).toEqual([
    ["Down", 2],
    ["Slow", 1],
    ["Soon", 1],
    ["Watchdog", 1],
  ]);
});

it("the filter wants every word, in names, values or annotations", () => {
  const [item] = presentAlerts({ groups: group(rule("Down", [firing(DOWN)])), managed: [], notifications: [] });
  if (!item) throw new Error("no alert");
  expect(["down JOB=a", "critical it is", ""].map((text) => matchesText(item, text))).toEqual([true, true, true]);
  expect(matchesText(item, "down elsewhere")).toBe(false);
});

it.each([
  ["critical", "bad"],
  ["PAGE", "bad"],
  ["warning", "warn"],
  ["info", "info"],
  ["", "info"],
  ["none", "none"],
])("severity %s", (severity, wanted) => expect(severityLevel(severity)).toBe(wanted));
