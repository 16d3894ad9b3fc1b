/** Why an alert was told, or was not: /hive/api/v1/alerts/explain. */
import type { Labels } from "../lib/labels";
import { getJson } from "./client";

export interface RouteNode {
  id: string;
  matchers: string[];
  receiver: string;
  continue: boolean;
  outcome: string;
  /** The first matcher that the labels do not meet, and the label's value. */
  failed?: string;
  value?: string;
  routes: RouteNode[];
}

export interface Period {
  state: "pending" | "firing";
  from: string;
  to: string;
  over: boolean;
  value: string | null;
  last_value: string | null;
}

export interface ExplainedRule {
  name: string;
  group: string;
  file: string;
  query: string;
  health: string;
  last_error: string;
  fires_at: string | null;
  periods: Period[];
}

export interface Hold {
  what: "silence" | "inhibition" | "time_interval";
  why: string;
  until: string | null;
}

export interface Prospect {
  name: string;
  index: number;
  told_at: string | null;
  told_of_this_alert: boolean;
  next_at: string | null;
  next_reason: string;
}

export interface ExplainedGroup {
  key: string;
  receiver: string;
  labels: Labels;
  waiting: boolean;
  telling: boolean;
  alerts: number;
  next_flush: string;
  group_wait: number;
  holds: Hold[];
  integrations: Prospect[];
}

export interface Fate {
  from: string;
  to: string;
  flushes: number;
  receiver: string;
  integration: string;
  status: "firing" | "resolved";
  what: "told" | "failed" | "unchanged" | "unwanted" | Hold["what"];
  why: string;
  answer: string;
  attempts: number;
}

export interface Explanation {
  labels: Labels;
  state: string;
  rules: ExplainedRule[];
  route: RouteNode;
  groups: ExplainedGroup[];
  history: Fate[];
}

/** The story of the alert with these labels; null where none is known. */
export async function fetchExplanation(labels: Labels, signal?: AbortSignal): Promise<Explanation | null> {
  const matchers = Object.entries(labels).map(([name, value]) => `${JSON.stringify(name)}=${JSON.stringify(value)}`);
  const query = { filter: `{${matchers.join(",")}}`, limit: "1" };
  const body = (await getJson("/hive/api/v1/alerts/explain", query, signal)) as { alerts?: Explanation[] };
  return body.alerts?.[0] ?? null;
}
