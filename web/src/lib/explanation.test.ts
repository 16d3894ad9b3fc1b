import { describe, expect, it } from "vitest";
import type { Fate, RouteNode } from "../api/explain";
import { fateText, heldBy, routeLines } from "./explanation";

function route(outcome: string, more: Partial<RouteNode> = {}): RouteNode {
  return { id: outcome, matchers: [], receiver: "all", continue: false, outcome, routes: [], ...more };
}

describe("routeLines", () => {
  it("walks the tree and gives every route its reason", () => {
    const failed = route("a matcher failed", { matchers: ['team="a"'], failed: 'team="a"', value: "" });
    const tree = route("child took it", {
      routes: [
        { ...failed, routes: [route("not asked")] },
        { ...failed, value: "b" },
        route("taken", { continue: true }),
        route("an earlier sibling matched without continue"),
      ],
    });
    const lines = routeLines(tree);
    expect(lines.map((line) => line.depth)).toEqual([0, 1, 2, 1, 1, 1]);
    expect(lines.map((line) => line.verdict)).toEqual([
      "matches, a route below takes it",
      'no: it lacks team="a"',
      "not asked",
      'no: it has "b", not team="a"',
      "takes it, and lets it go on",
      "not asked: a route before it took it",
    ]);
    expect(lines.filter((line) => line.taken)).toHaveLength(1);
    expect(lines[0]?.matchers).toBe("root");
  });
});

describe("fateText", () => {
  const fate: Fate = {
    from: "",
    to: "",
    flushes: 1,
    receiver: "team",
    integration: "slack[0]",
    status: "firing",
    what: "told",
    why: "first notification",
    answer: "200: ok",
    attempts: 1,
  };
  it.each([
    [{}, "told (first notification)"],
    [{ status: "resolved", attempts: 3 }, "told that it is over (first notification, 3 attempts)"],
    [{ what: "failed", why: "timeout" }, "not told: timeout"],
    [{ what: "silence", why: "silence 1 by ann" }, "held back: silence 1 by ann"],
    [{ what: "time_interval", why: "nights" }, "held back: time interval nights"],
    [{ what: "unchanged", why: "nothing new" }, "not said again: nothing new"],
    [{ what: "unwanted", why: "send_resolved is off" }, "not told that it is over: send_resolved is off"],
  ] as [Partial<Fate>, string][])("%j", (change, text) => {
    expect(fateText({ ...fate, ...change })).toBe(text);
  });
  it("names what inhibits", () => expect(heldBy({ what: "inhibition", why: "X fires" })).toBe("inhibited: X fires"));
});
