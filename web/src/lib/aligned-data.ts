/** From a range query's matrix to columns on one time grid, which is what charts draw. */

import type { Labels } from "./labels";

export interface MatrixSeries {
  metric: Labels;
  values?: [number, string][];
}

export interface Aligned {
  /** Seconds since the epoch, one per grid point. */
  times: number[];
  /** One column per series; null where there is no sample, or it is not a finite number. */
  columns: (number | null)[][];
  labels: Labels[];
  /** How many series were left out because there are more than can be told apart. */
  cut: number;
}

export const MAX_SERIES = 60;
export const MAX_POINTS = 11_000;

/** `start`, `end` and `step` are seconds, as sent to the server. A sample off the grid goes to its nearest point. */
export function alignMatrix(matrix: readonly MatrixSeries[], start: number, end: number, step: number): Aligned {
  const points = Math.min(MAX_POINTS, Math.max(0, Math.floor((end - start) / step + 1e-6)) + 1);
  const times = Array.from({ length: points }, (_, index) => start + index * step);
  const shown = matrix.slice(0, MAX_SERIES);
  const columns = shown.map((series) => {
    const column = Array.from<number | null>({ length: points }).fill(null);
    for (const [at, text] of series.values ?? []) {
      const index = Math.round((at - start) / step);
      const value = Number(text);
      if (index >= 0 && index < points && Number.isFinite(value)) column[index] = value;
    }
    return column;
  });
  return { times, columns, labels: shown.map((series) => series.metric), cut: matrix.length - shown.length };
}

/** The last value of a column, or null when its last `tolerance` points are empty: then there is none now. */
export function lastValue(column: readonly (number | null)[], tolerance = 3): number | null {
  for (let back = 1; back <= Math.min(tolerance, column.length); back += 1) {
    const value = column[column.length - back];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

/** Least and greatest value; null when there is none. */
export function extent(column: readonly (number | null)[]): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of column) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

export interface Span {
  fromSeconds: number;
  toSeconds: number;
  value: number | null;
}

/** Runs of equal values of a column, for strips of states. Each point covers the step that follows it. */
export function runs(times: readonly number[], column: readonly (number | null)[], step: number): Span[] {
  const spans: Span[] = [];
  column.forEach((value, index) => {
    const at = times[index] ?? 0;
    const open = spans.at(-1);
    if (open && open.value === value) open.toSeconds = at + step;
    else spans.push({ fromSeconds: at, toSeconds: at + step, value });
  });
  return spans;
}
