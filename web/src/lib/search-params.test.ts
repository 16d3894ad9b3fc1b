import { describe, expect, it } from "vitest";
import { parseSearch, pick, stringifySearch } from "./search-params";

describe("the query string", () => {
  it("leaves numbers as they are typed, without quotes", () => {
    expect(stringifySearch({ from: "1795453503409", to: "now" })).toBe("?from=1795453503409&to=now");
    expect(parseSearch("?from=1795453503409")).toEqual({ from: "1795453503409" });
  });
  it.each([
    [{}, ""],
    [{ a: undefined, b: "", c: null }, ""],
    [{ q: 'up{job="a b"} + 1&2#3' }, "?q=up%7Bjob%3D%22a+b%22%7D+%2B+1%262%233"],
    [{ at: "2026-11-23T17:00:00Z" }, "?at=2026-11-23T17:00:00Z"],
  ])("writes %o", (search, wanted) => expect(stringifySearch(search)).toBe(wanted));

  it.each([
    [{ expr: 'sum by (le) (rate(x{y=~"a|b"}[5m])) > 0.5' }],
    [{ q: "ü 雪 %41 +", from: "now-1h30m" }],
    [{ q: "a=b&c=d" }],
  ])("reads what it wrote: %o", (search) => expect(parseSearch(stringifySearch(search))).toEqual(search));

  it("takes the last of repeated keys and never touches a prototype", () => {
    const parsed = parseSearch("?a=1&a=2&__proto__=x");
    expect(parsed).toEqual({ a: "2" });
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
  });

  it("picks only known keys with text", () => {
    expect(pick({ from: "now-1h", to: "", other: "x", refresh: 5 }, ["from", "to", "refresh"])).toEqual({ from: "now-1h" });
  });
});
