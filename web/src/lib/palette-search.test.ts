import { expect, it } from "vitest";
import { type Entry, findEntries } from "./palette-search";

const entry = (kind: Entry["kind"], title: string): Entry => ({ id: title, kind, title, run: () => undefined });
const ALL = [
  entry("Page", "Alerts"),
  entry("Alert", "AgentHiveDown"),
  entry("Service", "agent-hive-a"),
  entry("Metric", "agent_hive_x"),
  entry("Metric", "up"),
];

it.each([
  ["", ["Alerts", "agent-hive-a"]],
  ["hive", ["AgentHiveDown", "agent-hive-a", "agent_hive_x"]],
  ["metric up", ["up"]],
  ["al", ["Alerts", "AgentHiveDown"]],
  ["nothing like this", []],
])("finds %j", (text, wanted) => expect(findEntries(ALL, text).map((found) => found.title)).toEqual(wanted));

it("shows a bounded number", () => {
  const many = Array.from({ length: 500 }, (_, at) => entry("Metric", `m${at}`));
  expect(findEntries(many, "m").length).toBe(60);
});
