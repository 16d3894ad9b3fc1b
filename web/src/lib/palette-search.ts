/** Which entries of the command palette a text finds, and in which order. */

export interface Entry {
  id: string;
  kind: "Page" | "Service" | "Alert" | "Metric" | "Time" | "Action";
  title: string;
  hint?: string;
  run: () => void;
}

const MAX_SHOWN = 60;
/** Without a text the list is what a person can read; metrics are only for those who ask. */
const UNASKED: ReadonlySet<Entry["kind"]> = new Set(["Page", "Service", "Action"]);

/** Entries that contain every word: metrics last, within each part those that start with the text first. */
export function findEntries(entries: readonly Entry[], text: string): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries.filter((entry) => UNASKED.has(entry.kind)).slice(0, MAX_SHOWN);
  const found: { entry: Entry; rank: number; place: number }[] = [];
  entries.forEach((entry, place) => {
    const title = entry.title.toLowerCase();
    const all = `${entry.kind} ${title}`.toLowerCase();
    if (words.every((word) => all.includes(word)))
      found.push({ entry, rank: (entry.kind === "Metric" ? 2 : 0) + (title.startsWith(words[0] ?? "") ? 0 : 1), place });
  });
  return found
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
    .slice(0, MAX_SHOWN)
    .map(({ entry }) => entry);
}
