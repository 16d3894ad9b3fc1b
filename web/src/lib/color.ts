/** Colours of series: a fixed order per theme, and fixed meanings for words that have one. */

export type Scheme = "dark" | "light";

// Each step is told apart from its neighbours with the common kinds of colour blindness and has 3:1 against its surface.
const SERIES: Record<Scheme, readonly string[]> = {
  dark: ["#6ea8fe", "#f2b33d", "#5fd0a5", "#c792ea", "#f78c6c", "#59c9d9", "#e879a9", "#b5c95a", "#9fa8da", "#d7a98c"],
  light: ["#2f6fdb", "#a86a00", "#0f8560", "#8a4fc0", "#c4532b", "#0b7f93", "#b83b77", "#66790f", "#5560b0", "#8d5a3b"],
};

const MEANING: Record<Scheme, Record<Meaning, string>> = {
  dark: { good: "#4cc38a", bad: "#ff7b7b", caution: "#f2b33d", neutral: "#8391a5" },
  light: { good: "#12794a", bad: "#c93434", caution: "#a86a00", neutral: "#66738a" },
};

type Meaning = "good" | "bad" | "caution" | "neutral";

const WORDS: Record<string, Meaning> = {
  completed: "good",
  success: "good",
  succeeded: "good",
  active: "good",
  ok: "good",
  error: "bad",
  failed: "bad",
  failure: "bad",
  timeout: "bad",
  stuck: "bad",
  retried: "caution",
  retry: "caution",
  degraded: "caution",
  waiting: "caution",
  idle: "neutral",
  cancelled: "neutral",
  stopped: "neutral",
};

export function meaningColor(meaning: Meaning, scheme: Scheme): string {
  return MEANING[scheme][meaning];
}

/** One colour per name: words with a meaning keep it, the others take the palette in order. */
export function seriesColors(names: readonly string[], scheme: Scheme): string[] {
  const palette = SERIES[scheme];
  let next = 0;
  return names.map((name) => {
    const meaning = WORDS[name.toLowerCase()];
    if (meaning) return MEANING[scheme][meaning];
    const color = palette[next % palette.length] ?? "#888888";
    next += 1;
    return color;
  });
}

/** `#rrggbb` with an opacity between 0 and 1. */
export function withAlpha(hex: string, alpha: number): string {
  const byte = Math.round(Math.min(1, Math.max(0, alpha)) * 255);
  return hex + byte.toString(16).padStart(2, "0");
}
