/** Numbers with their units, for values and for axis ticks. */

export type Unit = "count" | "percent" | "seconds" | "bytes" | "per-second" | "score";

const DASH = "–";

/** At most three significant digits, never an exponent within what a screen can show. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 1e15 || size < 1e-6) return value.toExponential(1);
  for (const [limit, letter] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    if (size >= limit) return trim(value / (letter === "k" ? 1e3 : limit)) + letter;
  }
  return trim(value);
}

function trim(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value));
  const decimals = size === 0 ? 0 : Math.min(8, 2 - Math.floor(Math.log10(size)));
  return dropZeros(value.toFixed(decimals));
}

function dropZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

export function formatSeconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 1e-6) return `${trim(value * 1e9)} ns`;
  if (size < 1e-3) return `${trim(value * 1e6)} µs`;
  if (size < 1) return `${trim(value * 1e3)} ms`;
  if (size < 120) return `${trim(value)} s`;
  if (size < 7200) return `${trim(value / 60)} min`;
  return size < 172800 ? `${trim(value / 3600)} h` : `${trim(value / 86400)} d`;
}

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function formatBytes(value: number): string {
  const size = Math.abs(value);
  const power = size < 1024 ? 0 : Math.min(BINARY.length - 1, Math.floor(Math.log2(size) / 10));
  return `${trim(value / 1024 ** power)} ${BINARY[power]}`;
}

/** A value as text with its unit; absent and not-a-number are a dash. */
export function formatValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  switch (unit) {
    case "percent":
      return `${formatPercentNumber(value * 100)} %`;
    case "seconds":
      return formatSeconds(value);
    case "bytes":
      return formatBytes(value);
    case "per-second":
      return `${formatNumber(value)} /s`;
    case "score":
      return value.toFixed(2);
    case "count":
      return formatNumber(value);
  }
}

/** One decimal, except that almost everything is never rounded to everything. */
function formatPercentNumber(percent: number): string {
  if (percent > 99.9 && percent < 100) return "99.9";
  return dropZeros(percent.toFixed(Math.abs(percent) < 1 ? 2 : 1));
}

/** The text of one y-axis tick: as many decimals as the increment between ticks needs, and no more. */
export function formatTick(value: number, unit: Unit, increment: number): string {
  if (unit === "percent") return `${value * 100 === 0 ? 0 : (value * 100).toFixed(decimalsOf(increment * 100))}%`;
  if (unit === "bytes") return value === 0 ? "0" : formatBytes(value);
  if (unit === "seconds") return value === 0 ? "0" : formatSeconds(value);
  const text = Math.abs(value) >= 1e4 ? formatNumber(value) : value.toFixed(decimalsOf(increment));
  return unit === "per-second" && value !== 0 ? `${text}/s` : text;
}

function decimalsOf(increment: number): number {
  if (!(increment > 0)) return 0;
  for (let decimals = 0; decimals < 8; decimals += 1) {
    const scaled = increment * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return 8;
}

/** Distances between ticks: powers of two for bytes (uPlot's own are decimal), undefined for uPlot's own. */
export function tickIncrements(unit: Unit): number[] | undefined {
  if (unit !== "bytes") return undefined;
  return Array.from({ length: 51 }, (_, power) => 2 ** power);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
