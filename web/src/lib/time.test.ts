import { describe, expect, it } from "vitest";
import * as time from "./time";

const NOW = Date.UTC(2026, 10, 23, 17, 0, 0);

describe("parseDuration", () => {
  it.each([
    ["5s", 5_000],
    ["1h30m", 5_400_000],
    ["250ms", 250],
    ["1w", 604_800_000],
    ["", null],
    ["5", null],
    ["m5", null],
    ["5 m", null],
    ["-5m", null],
  ])("%s", (text, wanted) => expect(time.parseDuration(text)).toBe(wanted));
});

describe("parseTime", () => {
  it.each([
    ["now", NOW],
    [" now ", NOW],
    ["now-15m", NOW - 900_000],
    ["now+1h", NOW + 3_600_000],
    ["1795453503409", 1795453503409],
    ["2026-11-23T17:00:00Z", NOW],
    ["2026-11-23T18:00:00+01:00", NOW],
    ["now-", null],
    ["now-15", null],
    ["yesterday", null],
    ["2026-13-99", null],
    ["", null],
    ["1e12", null],
  ])("%s", (text, wanted) => expect(time.parseTime(text, NOW)).toBe(wanted));
});

describe("readRange", () => {
  it.each([
    [undefined, undefined, time.DEFAULT_RANGE],
    ["now-1h", undefined, { from: "now-1h", to: "now" }],
    ["1795450000000", "1795453600000", { from: "1795450000000", to: "1795453600000" }],
    ["now", "now-1h", time.DEFAULT_RANGE],
    ["nonsense", "now", time.DEFAULT_RANGE],
  ])("%s to %s", (from, to, wanted) => expect(time.readRange(from, to, time.DEFAULT_RANGE, NOW)).toEqual(wanted));

  it("falls back to what it is told", () => {
    expect(time.readRange(undefined, undefined, time.YOUNG_RANGE, NOW)).toEqual({ from: "now-5m", to: "now" });
  });
});

describe("steps", () => {
  it.each([
    [300, 2],
    [900, 5],
    [3600, 15],
    [86_400, 600],
    [30 * 86_400, 14_400],
  ])("%d seconds in at most 240 points", (seconds, wanted) => {
    expect(time.stepSeconds({ fromMs: NOW - seconds * 1000, toMs: NOW })).toBe(wanted);
  });

  it("puts both ends on the grid", () => {
    const { start, end } = time.alignToStep({ fromMs: NOW + 1_234, toMs: NOW + 61_999 }, 5);
    expect([start % 5, end % 5, end - start]).toEqual([0, 0, 60]);
  });
});

describe("refreshMs", () => {
  it.each([
    ["5s", 5_000],
    ["1m", 60_000],
    ["off", false],
    ["100ms", false],
    ["<b>", false],
  ])("%s", (text, wanted) => expect(time.refreshMs(text)).toBe(wanted));
});

describe("moving a range", () => {
  it("goes back by half of its length, in absolute time", () => {
    expect(time.shiftRange({ from: "now-1h", to: "now" }, -1, NOW)).toEqual({
      from: String(NOW - 5_400_000),
      to: String(NOW - 1_800_000),
    });
  });
  it("becomes live again when it reaches the present", () => {
    const back = time.shiftRange({ from: "now-1h", to: "now" }, -1, NOW);
    expect(time.shiftRange(back, 1, NOW + 9_000)).toEqual({ from: "now-1h", to: "now" });
  });
  it("zooms a live range without making it absolute", () => {
    expect(time.zoomRange({ from: "now-15m", to: "now" }, 2, NOW)).toEqual({ from: "now-30m", to: "now" });
  });
  it("zooms an absolute range around its middle", () => {
    expect(time.zoomRange({ from: "1000000", to: "2000000" }, 0.5, NOW)).toEqual({ from: "1250000", to: "1750000" });
  });
});

describe("text", () => {
  it.each([
    [{ from: "now-15m", to: "now" }, "Last 15 minutes"],
    [{ from: "now-1h", to: "now" }, "Last hour"],
    [{ from: "now-1h30m", to: "now" }, "Last 1h30m"],
  ])("rangeLabel %o", (range, wanted) => expect(time.rangeLabel(range, NOW)).toBe(wanted));

  it("names both ends of an absolute range and the day only once", () => {
    const at = new Date(2026, 10, 23, 9, 5, 7).getTime();
    expect(time.rangeLabel({ from: String(at), to: String(at + 60_000) }, NOW)).toBe("Nov 23 09:05:07 – 09:06:07");
  });

  it.each([
    [0, "0s"],
    [59_999, "59s"],
    [80_000, "1m 20s"],
    [3_600_000, "1h"],
    [7_500_000, "2h 5m"],
    [97 * 3_600_000, "4d 1h"],
    [-5, "0s"],
  ])("humanDuration %d", (ms, wanted) => expect(time.humanDuration(ms)).toBe(wanted));

  it("ticks show seconds only where they are needed, and the day at midnight", () => {
    const noon = new Date(2026, 10, 23, 12, 0, 30).getTime() / 1000;
    expect([time.tickTime(noon, 30), time.tickTime(noon, 60)]).toEqual(["12:00:30", "12:00"]);
    expect(time.tickTime(new Date(2026, 10, 23).getTime() / 1000, 3600)).toBe("Nov 23");
  });

  it.each([
    ["2026-11-23T17:00:00.5Z", NOW + 500],
    ["0001-01-01T00:00:00Z", null],
    ["", null],
    [undefined, null],
    ["soon", null],
  ])("parseRfc3339 %s", (text, wanted) => expect(time.parseRfc3339(text)).toBe(wanted));
});
