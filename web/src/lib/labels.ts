/** Label sets as strangers write them: compared, printed and searched, never interpreted. */

export type Labels = Record<string, string>;

/** One string per label set, whatever the order; `without` names are left out. */
export function labelsKey(labels: Labels, without: readonly string[] = []): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => !without.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
}

/** True when every label of `part` is in `whole` with the same value; an empty value equals an absent one. */
export function includesLabels(whole: Labels, part: Labels): boolean {
  return Object.entries(part).every(([name, value]) => (whole[name] ?? "") === value);
}

/** `name{a="b"}` as PromQL writes it. */
export function seriesName(labels: Labels): string {
  const { __name__: name = "", ...rest } = labels;
  const inner = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return inner.length > 0 || name === "" ? `${name}{${inner.join(", ")}}` : name;
}

/** Fills `{{name}}` of a legend with label values; without a template it is the whole series name. */
export function legendName(labels: Labels, template?: string): string {
  if (!template) return seriesName(labels);
  return template.replace(/\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
}

/** Annotation text as a link target, only for http and https; null for everything else. */
export function safeLink(text: string | undefined): string | null {
  if (!text) return null;
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}
