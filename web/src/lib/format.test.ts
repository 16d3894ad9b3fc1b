import { describe, expect, it } from "vitest";
import { formatTick, formatValue, tickIncrements, type Unit } from "./format";

describe("formatValue", () => {
  it.each<[number | null, Unit, string]>([
    [null, "count", "–"],
    [NaN, "seconds", "–"],
    [Infinity, "count", "+Inf"],
    [0, "count", "0"],
    [0.0075, "count", "0.0075"],
    [12.345, "count", "12.3"],
    [1234, "count", "1234"],
    [12_345, "count", "12.3k"],
    [2_500_000, "count", "2.5M"],
    [1e18, "count", "1.0e+18"],
    [0.5, "percent", "50 %"],
    [0.99996, "percent", "99.9 %"],
    [1, "percent", "100 %"],
    [0.0012, "percent", "0.12 %"],
    [0.000045, "seconds", "45 µs"],
    [0.25, "seconds", "250 ms"],
    [1.5, "seconds", "1.5 s"],
    [600, "seconds", "10 min"],
    [1023, "bytes", "1023 B"],
    [1536, "bytes", "1.5 KiB"],
    [22 * 1024 ** 3, "bytes", "22 GiB"],
    [3.25, "per-second", "3.25 /s"],
    [0.819, "score", "0.82"],
  ])("%d as %s", (value, unit, wanted) => expect(formatValue(value, unit)).toBe(wanted));
});

describe("formatTick", () => {
  it.each<[number, Unit, number, string]>([
    [0.5, "count", 0.25, "0.50"],
    [2, "count", 1, "2"],
    [0.25, "percent", 0.25, "25%"],
    [0.125, "percent", 0.125, "12.5%"],
    [0, "percent", 0.5, "0%"],
    [0, "bytes", 1024, "0"],
    [2 ** 33, "bytes", 2 ** 33, "8 GiB"],
    [0.5, "seconds", 0.5, "500 ms"],
    [10, "per-second", 5, "10/s"],
    [0, "per-second", 5, "0"],
    [20_000, "count", 5000, "20k"],
  ])("%d as %s by %d", (value, unit, increment, wanted) => expect(formatTick(value, unit, increment)).toBe(wanted));

  it("puts ticks of bytes on powers of two only", () => {
    expect(tickIncrements("count")).toBeUndefined();
    expect(tickIncrements("bytes")?.slice(0, 4)).toEqual([1, 2, 4, 8]);
  });
});
