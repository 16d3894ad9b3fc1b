import { describe, expect, it } from "vitest";
import type { Target } from "../api/prom";
import { attentionList } from "./attention";
import { servicesOf, shortError, shortJob } from "./services";

function target(job: string, health: Target["health"], lastError = ""): Target {
  return {
    discoveredLabels: {},
    labels: { job, instance: "127.0.0.1:1" },
    scrapePool: job,
    scrapeUrl: "http://127.0.0.1:1/metrics",
    lastError,
    lastScrape: "2026-11-23T17:00:00Z",
    lastScrapeDuration: 0.01,
    health,
  };
}

function up(...column: (number | null)[]) {
  return {
    times: column.map((_, at) => at * 10),
    columns: [column],
    labels: [{ job: "agent-hive-a", instance: "127.0.0.1:1" }],
    cut: 0,
  };
}

describe("servicesOf", () => {
  it.each([
    [up(1, 1, 0, 0), 20_000, false],
    [up(0, null, 0, 0), 0, true],
    [up(1, 0, 1, null), 20_000, false],
    [null, null, true],
  ])("says since when: %#", (grid, sinceMs, atLeast) => {
    expect(servicesOf([target("agent-hive-a", "down")], grid)[0]).toMatchObject({ sinceMs, atLeast });
  });

  it("puts services of the hive first, and those that are down before the others", () => {
    const services = servicesOf(
      [target("node", "down"), target("agent-hive-b", "up"), target("agent-hive-c", "down")],
      null,
    );
    expect(services.map((service) => service.job)).toEqual(["agent-hive-c", "agent-hive-b", "node"]);
  });
});

it.each([
  ['Get "http://127.0.0.1:19109/metrics": dial tcp 127.0.0.1:19109: connect: connection refused', "connection refused"],
  ["context deadline exceeded", "context deadline exceeded"],
  ["", ""],
])("shortError %s", (text, wanted) => expect(shortError(text)).toBe(wanted));

it("shortJob takes the hive's prefix off", () => {
  expect([shortJob("agent-hive-api-gateway"), shortJob("node")]).toEqual(["api-gateway", "node"]);
});

describe("attentionList", () => {
  const alert = {
    key: "k",
    name: "AgentHiveDown",
    severity: "critical",
    state: "firing" as const,
    labels: { job: "agent-hive-a", instance: "127.0.0.1:1" },
    annotations: { summary: "a is down" },
    sinceMs: 1,
    endedMs: null,
    value: "0",
    rule: null,
    generatorUrl: null,
    muted: null,
    deliveries: [],
  };
  const services = servicesOf([target("agent-hive-a", "down", "refused"), target("agent-hive-b", "down", "refused")], null);

  it("ranks, and lists a target once when an alert speaks of it", () => {
    const later = { ...alert, key: "p", name: "Soon", state: "pending" as const, labels: {} };
    const list = attentionList([later, alert], services, [{ name: "Broken", error: "bad" }]);
    expect(list.map((item) => [item.kind, item.title])).toEqual([
      ["firing", "AgentHiveDown"],
      ["pending", "Soon"],
      ["down", "agent-hive-b"],
      ["rule", "Broken"],
    ]);
  });

  it("shows alerts of one name once, with how many there are", () => {
    const other = { ...alert, key: "k2", labels: { job: "agent-hive-b", instance: "127.0.0.1:1" }, sinceMs: 2 };
    expect(attentionList([other, alert], services, [])).toMatchObject([{ title: "AgentHiveDown", count: 2, sinceMs: 1 }]);
  });

  it("leaves out what is muted and what fires to prove the way", () => {
    const muted = { ...alert, muted: { by: "silence" as const, names: ["s"] } };
    expect(attentionList([muted, { ...alert, severity: "none" }], [], [])).toEqual([]);
  });
});
