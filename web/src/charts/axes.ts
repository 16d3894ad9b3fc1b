/** Axes, grid and y-range that every chart over time shares. */
import type uPlot from "uplot";
import type { Scheme } from "../lib/color";
import { formatTick, tickIncrements, type Unit } from "../lib/format";
import { tickTime } from "../lib/time";

const INK: Record<Scheme, { text: string; grid: string }> = {
  dark: { text: "#9aa6b6", grid: "#232a35" },
  light: { text: "#586577", grid: "#e6e9ee" },
};

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
/** Distances between time ticks in seconds. uPlot's own go from one minute to five at once. */
const TIME_STEPS = [
  [1, 2, 5, 10, 15, 30],
  [1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  [1, 2, 3, 6, 12].map((count) => count * HOUR),
  [1, 2, 7, 14, 28, 91, 182, 364].map((count) => count * DAY),
].flat();

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

export function timeAxes(unit: Unit, scheme: Scheme): uPlot.Axis[] {
  const { text, grid } = INK[scheme];
  const lines = { stroke: grid, width: 1 };
  const x: uPlot.Axis = {
    stroke: text,
    font: FONT,
    size: 26,
    gap: 4,
    space: 58,
    incrs: TIME_STEPS,
    grid: { show: false },
    ticks: { ...lines, size: 4 },
    values: (_, splits, __, ___, increment) => splits.map((at) => tickTime(at, increment)),
  };
  const increments = tickIncrements(unit);
  const y: uPlot.Axis = {
    stroke: text,
    font: FONT,
    gap: 6,
    space: 32,
    grid: lines,
    ticks: { show: false },
    size: (_, values) => {
      const longest = (values ?? []).reduce((most, value) => Math.max(most, value.length), 0);
      return Math.max(34, Math.ceil(longest * 6.3) + 14);
    },
    values: (_, splits, __, ___, increment) => splits.map((value) => formatTick(value, unit, increment)),
    ...(increments ? { incrs: increments } : {}),
  };
  return [x, y];
}

/** From zero for what cannot be negative, with a little air on top; `most` is a ceiling that is always shown. */
export function valueRange(low: number | null, high: number | null, most?: number): [number, number] {
  const bottom = Math.min(0, low ?? 0);
  const top = Math.max(high ?? 0, most ?? 0);
  if (most !== undefined && (high ?? 0) <= most) return [bottom, most];
  return top <= bottom ? [bottom, bottom + 1] : [bottom * 1.08, top * 1.08];
}
