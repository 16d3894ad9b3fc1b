import { describe, expect, it } from "vitest";
import { includesLabels, labelsKey, legendName, safeLink, seriesName } from "./labels";

it("one key for one label set, whatever the order", () => {
  expect(labelsKey({ b: "2", a: "1" })).toBe(labelsKey({ a: "1", b: "2" }));
  expect(labelsKey({ a: "1", state: "x" }, ["state"])).toBe(labelsKey({ a: "1" }));
  expect(labelsKey({ a: "1,b=2" })).not.toBe(labelsKey({ a: "1", b: "2" }));
});

it("an empty label equals an absent one", () => {
  expect(includesLabels({ a: "1", extern: "x" }, { a: "1", empty: "" })).toBe(true);
  expect(includesLabels({ a: "1" }, { a: "2" })).toBe(false);
});

it.each([
  [{ __name__: "up", job: "a" }, 'up{job="a"}'],
  [{ __name__: "up" }, "up"],
  [{}, "{}"],
  [{ x: 'quote " and \\' }, '{x="quote \\" and \\\\"}'],
])("seriesName of %j", (labels, wanted) => expect(seriesName(labels)).toBe(wanted));

it("a legend takes label values as text, also when they look like a template or markup", () => {
  expect(legendName({ job: "<b>{{x}}</b>" }, "job {{ job }}")).toBe("job <b>{{x}}</b>");
  expect(legendName({ job: "$&" }, "{{job}}{{missing}}")).toBe("$&");
});

describe("links in annotations", () => {
  it.each([
    ["https://example.org/run?a=b", "https://example.org/run?a=b"],
    ["http://10.0.0.1/x", "http://10.0.0.1/x"],
    ["javascript:alert(1)", null],
    [" JaVaScRiPt:alert(1)", null],
    ["data:text/html,x", null],
    ["//example.org", null],
    ["/relative", null],
    ["", null],
    [undefined, null],
  ])("%s", (text, wanted) => expect(safeLink(text)).toBe(wanted));
});
