import { expect, it } from "vitest";
import { seriesColors, withAlpha } from "./color";

it("words with a meaning keep their colour, whatever stands beside them", () => {
  const [alone] = seriesColors(["failed"], "dark");
  const among = seriesColors(["a", "Failed", "b"], "dark");
  expect(among[1]).toBe(alone);
  expect(new Set(among).size).toBe(3);
});

it("begins again when there are more series than colours", () => {
  const names = Array.from({ length: 11 }, (_, at) => `s${at}`);
  const colors = seriesColors(names, "light");
  expect(colors[10]).toBe(colors[0]);
});

it.each([
  [0.5, "#11223380"],
  [2, "#112233ff"],
  [-1, "#11223300"],
])("opacity %d", (alpha, wanted) => expect(withAlpha("#112233", alpha)).toBe(wanted));

// WCAG 2.2, 1.4.11: what is needed to understand a graphic has 3:1 against what is around it.
it.each([
  ["dark", "#151b23"],
  ["light", "#ffffff"],
] as const)("series of the %s theme are told from their panel", (scheme, panel) => {
  const names = [...Array.from({ length: 10 }, (_, at) => `s${at}`), "completed", "failed", "retried", "idle"];
  for (const color of seriesColors(names, scheme)) expect(contrast(color, panel), color).toBeGreaterThan(3);
});

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
