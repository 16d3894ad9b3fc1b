/** Time ranges as they stand in the URL (`now-15m`, epoch milliseconds) and what is computed from them. */

export interface RangeText {
  from: string;
  to: string;
}

export interface Range {
  fromMs: number;
  toMs: number;
}

export const DEFAULT_RANGE: RangeText = { from: "now-15m", to: "now" };
/** Before a server has ten minutes of samples, fifteen would be an empty chart with something at its edge. */
export const YOUNG_RANGE: RangeText = { from: "now-5m", to: "now" };
export const YOUNG_MS = 600_000;
export const DEFAULT_REFRESH = "5s";
export const REFRESH_CHOICES = ["off", "5s", "10s", "30s", "1m", "5m"] as const;
export const QUICK_RANGES = ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "1d", "2d", "7d", "30d"] as const;

const UNIT_MS: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7, w: 6.048e8 };
const STEPS_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

/** `1h30m` -> milliseconds; null when it is not a duration. */
export function parseDuration(text: string): number | null {
  if (!/^(\d{1,9}(ms|s|m|h|d|w))+$/.test(text)) return null;
  let total = 0;
  for (const part of text.matchAll(/(\d+)(ms|s|m|h|d|w)/g)) total += Number(part[1]) * (UNIT_MS[part[2] ?? ""] ?? 0);
  return total;
}

/** `now`, `now-15m`, `now+1h`, epoch milliseconds, or an ISO date -> epoch milliseconds; null when it is none of these. */
export function parseTime(text: string, nowMs: number): number | null {
  const value = text.trim();
  if (value === "now") return nowMs;
  const relative = /^now([-+])(.+)$/.exec(value);
  if (relative) {
    const offset = parseDuration(relative[2] ?? "");
    if (offset === null) return null;
    return relative[1] === "-" ? nowMs - offset : nowMs + offset;
  }
  if (/^\d{1,15}$/.test(value)) return Number(value);
  if (/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[-+]\d{2}:?\d{2})?)?$/.test(value)) {
    const ms = Date.parse(value.replace(" ", "T"));
    return Number.isNaN(ms) ? null : ms;
  }
  return null;
}

/** The range in milliseconds; a range that cannot be read, or is empty, is the default one. */
export function resolveRange(text: RangeText, nowMs: number): Range {
  const fromMs = parseTime(text.from, nowMs);
  const toMs = parseTime(text.to, nowMs);
  if (fromMs === null || toMs === null || fromMs >= toMs) return resolveRange(DEFAULT_RANGE, nowMs);
  return { fromMs, toMs };
}

/** The range of a URL's `from` and `to`, with `otherwise` where they are missing or make no sense. */
export function readRange(
  from: string | undefined,
  to: string | undefined,
  otherwise = DEFAULT_RANGE,
  nowMs = Date.now(),
): RangeText {
  const text = { from: from ?? otherwise.from, to: to ?? otherwise.to };
  const fromMs = parseTime(text.from, nowMs);
  const toMs = parseTime(text.to, nowMs);
  return fromMs === null || toMs === null || fromMs >= toMs ? otherwise : text;
}

/** `5s` -> 5000; `off`, or anything unreadable -> false, as React Query's `refetchInterval` wants it. */
export function refreshMs(text: string): number | false {
  const ms = parseDuration(text);
  return ms === null || ms < 1000 ? false : ms;
}

/** The smallest step of a round number of seconds that gives at most `maxPoints` points. */
export function stepSeconds(range: Range, maxPoints = 240): number {
  const wanted = (range.toMs - range.fromMs) / 1000 / maxPoints;
  return STEPS_SECONDS.find((step) => step >= wanted) ?? Math.ceil(wanted / 86400) * 86400;
}

/** Start and end in seconds on multiples of the step, so that the points of every refresh fall on one grid. */
export function alignToStep(range: Range, step: number): { start: number; end: number } {
  return {
    start: Math.floor(range.fromMs / 1000 / step) * step,
    end: Math.floor(range.toMs / 1000 / step) * step,
  };
}

export function isLive(range: RangeText): boolean {
  return range.to === "now";
}

/** The same length moved by half of itself; always in absolute time. */
export function shiftRange(text: RangeText, direction: -1 | 1, nowMs: number): RangeText {
  const { fromMs, toMs } = resolveRange(text, nowMs);
  const by = Math.round(((toMs - fromMs) / 2) * direction);
  // Close to the present is the present: else a step forward after a step back would just miss it.
  if (direction === 1 && toMs + by >= nowMs - Math.max(10_000, (toMs - fromMs) * 0.05))
    return { from: `now-${shortDuration(toMs - fromMs)}`, to: "now" };
  return { from: String(fromMs + by), to: String(toMs + by) };
}

/** `factor` 2 shows twice as much, 0.5 half as much. A live range stays live. */
export function zoomRange(text: RangeText, factor: number, nowMs: number): RangeText {
  const { fromMs, toMs } = resolveRange(text, nowMs);
  const length = Math.max(10_000, Math.round((toMs - fromMs) * factor));
  if (isLive(text)) return { from: `now-${shortDuration(length)}`, to: "now" };
  const middle = (fromMs + toMs) / 2;
  return { from: String(Math.round(middle - length / 2)), to: String(Math.round(middle + length / 2)) };
}

/** Milliseconds -> `1h30m`, to the second, readable by `parseDuration`. */
export function shortDuration(ms: number): string {
  let seconds = Math.max(1, Math.round(ms / 1000));
  let text = "";
  for (const [unit, size] of [
    ["d", 86400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(seconds / size);
    if (count > 0) text += `${count}${unit}`;
    seconds -= count * size;
  }
  return text;
}

const QUICK_NAMES: Record<string, string> = { m: "minute", h: "hour", d: "day" };

/** What the time picker says: `Last 15 minutes`, or both ends. */
export function rangeLabel(text: RangeText, nowMs: number): string {
  const last = /^now-(\d+)([mhd])$/.exec(text.from);
  if (last && isLive(text)) {
    const name = QUICK_NAMES[last[2] ?? ""] ?? "";
    return last[1] === "1" ? `Last ${name}` : `Last ${last[1]} ${name}s`;
  }
  if (isLive(text) && text.from.startsWith("now-")) return `Last ${text.from.slice(4)}`;
  const { fromMs, toMs } = resolveRange(text, nowMs);
  const sameDay = new Date(fromMs).toDateString() === new Date(toMs).toDateString();
  return `${clockWithDay(fromMs)} – ${sameDay ? clock(toMs) : clockWithDay(toMs)}`;
}

const two = (value: number): string => String(value).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Local wall clock, 24 hours, to the second. */
export function clock(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function day(ms: number): string {
  const at = new Date(ms);
  return `${MONTHS[at.getMonth()]} ${at.getDate()}`;
}

export function clockWithDay(ms: number): string {
  return `${day(ms)} ${clock(ms)}`;
}

/** `YYYY-MM-DDTHH:MM:SS` in local time, as an input of type datetime-local holds it. */
export function localInput(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${clock(ms)}`;
}

/** The label of an x-axis tick: seconds only where ticks are closer than a minute, the date at midnight. */
export function tickTime(seconds: number, incrementSeconds: number): string {
  const at = new Date(seconds * 1000);
  const midnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
  if (midnight || incrementSeconds >= 86400) return day(seconds * 1000);
  const hoursMinutes = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return incrementSeconds < 60 ? `${hoursMinutes}:${two(at.getSeconds())}` : hoursMinutes;
}

/** A length of time for people, at most two units: `42s`, `3m 20s`, `2h 5m`, `4d 1h`. */
export function humanDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes}m ${seconds % 60}s` : `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours}h ${minutes % 60}m` : `${hours}h`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${days}d ${hours % 24}h` : `${days}d`;
}

/** RFC 3339 -> epoch milliseconds; null for what is absent, unreadable, or Go's zero time. */
export function parseRfc3339(text: string | undefined): number | null {
  if (!text || text.startsWith("0001-")) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
