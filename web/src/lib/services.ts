/** Targets as the services an operator knows, with how long each has been in its state. */
import type { Target } from "../api/prom";
import type { Aligned } from "./aligned-data";
import { parseRfc3339 } from "./time";

export interface Service {
  key: string;
  job: string;
  instance: string;
  health: Target["health"];
  lastError: string;
  lastScrapeMs: number | null;
  scrapeSeconds: number;
  /** When it came into its present state; where the time range knows no other state, its first sample. */
  sinceMs: number | null;
  /** The present state was there before the first sample: it lasts for at least that long. */
  atLeast: boolean;
  /** Its `up` over the range, on the grid that was handed in. */
  column: (number | null)[];
}

/** The end of a long error is what tells: `Get "http://…": dial tcp …: connection refused` -> `connection refused`. */
export function shortError(text: string): string {
  const parts = text.split(": ");
  const last = parts.at(-1)?.trim() ?? "";
  return text.length > 48 && last.length > 0 ? last : text;
}

export const HIVE_PREFIX = "agent-hive-";

export function isHive(service: { job: string }): boolean {
  return service.job.startsWith(HIVE_PREFIX);
}

/** The series that says whether this target was up. */
export function upOf(service: { job: string; instance: string }): string {
  return `up{job=${JSON.stringify(service.job)}, instance=${JSON.stringify(service.instance)}}`;
}

/** `agent-hive-api-gateway` -> `api-gateway`. */
export function shortJob(job: string): string {
  return job.startsWith(HIVE_PREFIX) ? job.slice(HIVE_PREFIX.length) : job;
}

/** Down before unknown before up, then by name. */
export function servicesOf(targets: readonly Target[], up: Aligned | null): Service[] {
  const order = { down: 0, unknown: 1, up: 2 };
  return targets
    .map((target) => {
      const job = target.labels.job ?? target.scrapePool;
      const instance = target.labels.instance ?? "";
      const place = up?.labels.findIndex((labels) => labels.job === job && labels.instance === instance) ?? -1;
      const column = up?.columns[place] ?? [];
      return {
        key: `${job} ${instance} ${target.scrapeUrl}`,
        job,
        instance,
        health: target.health,
        lastError: target.lastError,
        lastScrapeMs: parseRfc3339(target.lastScrape),
        scrapeSeconds: target.lastScrapeDuration,
        ...since(up?.times ?? [], column),
        column,
      };
    })
    .sort(
      (a, b) =>
        (isHive(a) === isHive(b) ? 0 : isHive(a) ? -1 : 1) || order[a.health] - order[b.health] || (a.job < b.job ? -1 : 1),
    );
}

/** Where the last run of equal values begins, and whether it may have begun earlier than the column. */
function since(times: readonly number[], column: readonly (number | null)[]): Pick<Service, "sinceMs" | "atLeast"> {
  let last: number | null = null;
  let first = -1;
  for (let at = column.length - 1; at >= 0; at -= 1) {
    const value = column[at] ?? null;
    if (value === null) continue;
    if (last !== null && value !== last) return { sinceMs: (times[first] ?? 0) * 1000, atLeast: false };
    last = value;
    first = at;
  }
  return { sinceMs: first < 0 ? null : (times[first] ?? 0) * 1000, atLeast: true };
}
