/** Links to the present view: relative ones show what is then the last 15 minutes, frozen ones the same minutes for ever. */
import { parseSearch, stringifySearch } from "../lib/search-params";
import { type RangeText, resolveRange } from "../lib/time";

export function viewLink(range: RangeText, frozen: boolean, nowMs: number, location: Location = window.location): string {
  const search = parseSearch(location.search);
  const { fromMs, toMs } = resolveRange(range, nowMs);
  const time = frozen ? { from: String(fromMs), to: String(toMs) } : range;
  return `${location.origin}${location.pathname}${stringifySearch({ ...search, ...time })}`;
}

/** Resolves to false where the browser does not let pages write to the clipboard. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
