import type { ItemView } from "$/bridge";

export type Filter = "all" | "sandbox" | "production" | "own" | "due";

const DUE_WITHIN_MS = 14 * 24 * 3_600_000;

/** An item ready for search: its words in one lower-case line, made once per load. */
export interface Indexed {
  item: ItemView;
  words: string;
}

export function index(items: readonly ItemView[]): Indexed[] {
  return items.map((item) => ({
    item,
    words: [item.name, item.provider ?? "", item.public_id ?? "", ...item.tags, ...item.hosts]
      .join("\n")
      .toLowerCase(),
  }));
}

export function isDue(item: ItemView, now: Date): boolean {
  return item.expires !== null && new Date(item.expires).getTime() - now.getTime() < DUE_WITHIN_MS;
}

/** The items that pass the filter and hold every word of the query, in their given order. */
export function search(
  indexed: readonly Indexed[],
  query: string,
  filter: Filter,
  now: Date,
): ItemView[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found: ItemView[] = [];
  for (const { item, words } of indexed) {
    if (filter === "due" ? !isDue(item, now) : filter !== "all" && item.environment !== filter)
      continue;
    if (wanted.every((word) => words.includes(word))) found.push(item);
  }
  return found;
}
