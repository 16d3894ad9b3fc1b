/** Prometheus HTTP API v1: https://prometheus.io/docs/prometheus/latest/querying/api/ */
import type { MatrixSeries } from "../lib/aligned-data";
import type { Labels } from "../lib/labels";
import { ApiError, getJson } from "./client";

export interface Answer<T> {
  data: T;
  warnings: string[];
}

export interface VectorSample {
  metric: Labels;
  value?: [number, string];
}

export interface Target {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
  health: "up" | "down" | "unknown";
}

export interface RuleAlert {
  labels: Labels;
  annotations: Labels;
  state: "firing" | "pending";
  activeAt?: string;
  value: string;
}

export interface Rule {
  type: "alerting" | "recording";
  name: string;
  query: string;
  health: string;
  lastError?: string;
  evaluationTime?: number;
  lastEvaluation?: string;
  labels?: Labels;
  /** Alerting rules only. `duration` and `keepFiringFor` are seconds. */
  state?: "firing" | "pending" | "inactive";
  duration?: number;
  keepFiringFor?: number;
  annotations?: Labels;
  alerts?: RuleAlert[];
}

export interface RuleGroup {
  name: string;
  file: string;
  interval: number;
  rules: Rule[];
  evaluationTime?: number;
  lastEvaluation?: string;
}

async function get<T>(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<Answer<T>> {
  const body = (await getJson(`/api/v1/${path}`, query, signal)) as Partial<{
    status: string;
    data: T;
    warnings: string[];
    infos: string[];
    error: string;
  }> | null;
  if (body?.status !== "success" || body.data === undefined)
    throw new ApiError(body?.error ?? "An answer without data", 200);
  return { data: body.data, warnings: [...(body.warnings ?? []), ...(body.infos ?? [])] };
}

/** `atMs` absent: at the server's present time. A scalar comes back as a vector of one without labels. */
export async function queryInstant(
  expr: string,
  atMs: number | null,
  signal?: AbortSignal,
): Promise<Answer<VectorSample[]>> {
  const time: Record<string, string> = atMs === null ? {} : { time: String(atMs / 1000) };
  const answer = await get<{ resultType: string; result: unknown }>("query", { query: expr, ...time }, signal);
  const { resultType, result } = answer.data;
  if (resultType === "scalar") return { ...answer, data: [{ metric: {}, value: result as [number, string] }] };
  if (resultType !== "vector") throw new ApiError(`The expression gives a ${resultType}, not a vector`, 200);
  return { ...answer, data: result as VectorSample[] };
}

/** `start`, `end` and `step` in seconds. */
export async function queryRange(
  expr: string,
  range: { start: number; end: number; step: number },
  signal?: AbortSignal,
): Promise<Answer<MatrixSeries[]>> {
  const { start, end, step } = range;
  const query = { query: expr, start: String(start), end: String(end), step: String(step) };
  const answer = await get<{ result: MatrixSeries[] }>("query_range", query, signal);
  return { ...answer, data: answer.data.result };
}

export async function fetchTargets(signal?: AbortSignal): Promise<Target[]> {
  const answer = await get<{ activeTargets?: Target[] }>("targets", { state: "active" }, signal);
  return answer.data.activeTargets ?? [];
}

export async function fetchRules(signal?: AbortSignal): Promise<RuleGroup[]> {
  const answer = await get<{ groups?: RuleGroup[] }>("rules", {}, signal);
  return answer.data.groups ?? [];
}

export async function fetchMetricNames(signal?: AbortSignal): Promise<string[]> {
  return (await get<string[]>("label/__name__/values", { limit: "5000" }, signal)).data;
}
