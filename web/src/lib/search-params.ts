/** The query string as a flat record of strings: what is typed is what is read, numbers are not quoted. */

export type FlatSearch = Record<string, string>;

/** `?a=1&b=x` -> `{a: "1", b: "x"}`; of a repeated key the last one counts. */
export function parseSearch(text: string): FlatSearch {
  const flat: FlatSearch = {};
  for (const [key, value] of new URLSearchParams(text.startsWith("?") ? text.slice(1) : text)) {
    if (key !== "__proto__") flat[key] = value;
  }
  return flat;
}

/** The reverse; undefined, null and empty values are left out, so that an address holds only what differs. */
export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(key, String(value));
  }
  // A colon and a slash need no escape in a query, and links are read by people.
  const text = parameters.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}

/** Keeps the named keys that are there. */
export function pick<K extends string>(search: Record<string, unknown>, keys: readonly K[]): Partial<Record<K, string>> {
  const kept: Partial<Record<K, string>> = {};
  for (const key of keys) {
    const value = search[key];
    if (typeof value === "string" && value !== "") kept[key] = value;
  }
  return kept;
}
