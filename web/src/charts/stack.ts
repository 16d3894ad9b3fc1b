/**
 * Stacking, which uPlot does not have: columns are accumulated and the space between two is filled. The last column
 * is at the bottom. uPlot paints it last, so that of two lines in one place the lower one is seen: a series that
 * adds nothing does not cover the one it stands on.
 */

export type Column = readonly (number | null)[];

/** Accumulates the shown columns, the last one lowest. A gap counts as nothing, unless all columns have it there. */
export function stackColumns(columns: readonly Column[], hidden: ReadonlySet<number>): (number | null)[][] {
  const points = columns[0]?.length ?? 0;
  const below = Array.from<number>({ length: points }).fill(0);
  const present = Array.from({ length: points }, (_, at) =>
    columns.some((column, index) => !hidden.has(index) && column[at] !== null && column[at] !== undefined),
  );
  const accumulated = [...columns.keys()].toReversed().map((index) => {
    const column = columns[index] ?? [];
    if (hidden.has(index)) return Array.from<number | null>({ length: points }).fill(null);
    return column.map((value, at) => {
      if (!present[at]) return null;
      below[at] = (below[at] ?? 0) + (value ?? 0);
      return below[at] ?? 0;
    });
  });
  return accumulated.toReversed();
}

/** uPlot's bands (1-based): each shown column down to the shown one under it. */
export function stackBands(count: number, hidden: ReadonlySet<number>): { series: [number, number] }[] {
  const shown = Array.from({ length: count }, (_, index) => index).filter((index) => !hidden.has(index));
  return shown.slice(0, -1).map((index, place) => ({ series: [index + 1, (shown[place + 1] ?? 0) + 1] }));
}
