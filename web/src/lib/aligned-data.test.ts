import { describe, expect, it } from "vitest";
import { alignMatrix, extent, lastValue, MAX_SERIES, runs } from "./aligned-data";

describe("alignMatrix", () => {
  it("puts samples on the grid and leaves gaps empty", () => {
    const matrix = [
      {
        metric: { job: "a" },
        values: [
          [10, "1"],
          [20, "2"],
          [30, "3"],
        ] as [number, string][],
      },
      { metric: { job: "b" }, values: [[20.004, "7"]] as [number, string][] },
    ];
    expect(alignMatrix(matrix, 10, 30, 10)).toEqual({
      times: [10, 20, 30],
      columns: [
        [1, 2, 3],
        [null, 7, null],
      ],
      labels: [{ job: "a" }, { job: "b" }],
      cut: 0,
    });
  });

  it("has no value where the number is none, or is outside", () => {
    const values: [number, string][] = [
      [0, "9"],
      [10, "NaN"],
      [20, "+Inf"],
      [30, "-0.5"],
      [40, "9"],
    ];
    expect(alignMatrix([{ metric: {}, values }], 10, 30, 10).columns).toEqual([[null, null, -0.5]]);
  });

  it("bounds the series and the points", () => {
    const many = Array.from({ length: MAX_SERIES + 5 }, (_, at) => ({ metric: { at: String(at) }, values: [] }));
    const { labels, cut } = alignMatrix(many, 0, 10, 5);
    expect([labels.length, cut]).toEqual([MAX_SERIES, 5]);
    expect(alignMatrix([], 0, 1e9, 1).times.length).toBe(11_000);
  });

  it("takes a series without float samples, as of native histograms", () => {
    expect(alignMatrix([{ metric: {} }], 0, 10, 10).columns).toEqual([[null, null]]);
  });
});

it.each([
  [[1, 2, 3], 3],
  [[1, 2, null], 2],
  [[1, null, null, null], null],
  [[], null],
])("lastValue of %j", (column, wanted) => expect(lastValue(column)).toBe(wanted));

it("extent leaves gaps out", () => {
  expect(extent([null, 3, -1, null])).toEqual([-1, 3]);
  expect(extent([null])).toBeNull();
});

it("runs join equal neighbours and cover the step after the last", () => {
  expect(runs([0, 5, 10, 15], [1, 1, 0, null], 5)).toEqual([
    { fromSeconds: 0, toSeconds: 10, value: 1 },
    { fromSeconds: 10, toSeconds: 15, value: 0 },
    { fromSeconds: 15, toSeconds: 20, value: null },
  ]);
});
