import { describe, expect, it } from "vitest";
import { valueRange } from "./axes";
import { sparkPaths } from "./sparkline";
import { stackBands, stackColumns } from "./stack";
import { MAX_ROWS, tooltipRows } from "./tooltip";

const NONE: ReadonlySet<number> = new Set();

describe("stacking", () => {
  it("accumulates, counts a gap as nothing, and keeps a gap that all have", () => {
    expect(
      stackColumns(
        [
          [2, 3, null],
          [1, null, null],
        ],
        NONE,
      ),
    ).toEqual([
      [3, 3, null],
      [1, 0, null],
    ]);
  });
  it("leaves hidden columns out of the sum", () => {
    expect(stackColumns([[1], [2], [4]], new Set([1]))).toEqual([[5], [null], [4]]);
    expect(stackBands(3, new Set([1]))).toEqual([{ series: [1, 3] }]);
  });
  it("fills between neighbours", () => {
    expect(stackBands(3, NONE)).toEqual([{ series: [1, 2] }, { series: [2, 3] }]);
    expect(stackBands(1, NONE)).toEqual([]);
    expect(stackColumns([], NONE)).toEqual([]);
  });
});

it.each<[number | null, number | null, number | undefined, [number, number]]>([
  [2, 10, undefined, [0, 10.8]],
  [null, null, undefined, [0, 1]],
  [0, 0, undefined, [0, 1]],
  [-5, 5, undefined, [-5.4, 5.4]],
  [0.2, 0.4, 1, [0, 1]],
  [0, 2, 1, [0, 2.16]],
])("valueRange of %d to %d, at most %s", (low, high, most, wanted) => {
  valueRange(low, high, most).forEach((value, at) => expect(value).toBeCloseTo(wanted[at] ?? NaN, 9));
});

describe("sparkPaths", () => {
  it("draws nothing from nothing", () => {
    expect(sparkPaths([null, null])).toEqual({ line: "", area: "" });
    expect(sparkPaths([1])).toEqual({ line: "", area: "" });
  });
  it("breaks at gaps and closes every area", () => {
    const { line, area } = sparkPaths([1, 2, null, 3, 4]);
    expect(line.match(/M/g)?.length).toBe(2);
    expect(area.match(/Z/g)?.length).toBe(2);
    expect(`${line}${area}`).not.toContain("NaN");
  });
});

it("the tooltip shows the greatest first and a bounded number of rows", () => {
  const rows = Array.from({ length: 20 }, (_, at) => ({ name: `s${at}`, color: "#000000", value: at === 3 ? null : at }));
  const { shown, left } = tooltipRows(rows);
  expect([shown.length, shown[0]?.value, left]).toEqual([MAX_ROWS, 19, 7]);
});
