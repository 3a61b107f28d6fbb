import type { ItemView } from "$/bridge";
import { linesOf } from "$/shell/lines";

export type Filter = "all" | "sandbox" | "production" | "own" | "due";

const DUE_WITHIN_MS = 14 * 24 * 3_600_000;

export function isDue(item: ItemView, now: Date): boolean {
  return item.expires !== null && new Date(item.expires).getTime() - now.getTime() < DUE_WITHIN_MS;
}

/** The items that pass the filter and hold every word of the query, in their given order. */
export function search(
  items: readonly ItemView[],
  query: string,
  filter: Filter,
  now: Date,
): readonly ItemView[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0 && filter === "all") return items;
  const passes =
    filter === "all"
      ? () => true
      : filter === "due"
        ? (item: ItemView) => isDue(item, now)
        : (item: ItemView) => item.environment === filter;
  const lines = linesOf(items);
  return items.filter(
    (item, index) => wanted.every((word) => lines[index]?.includes(word)) && passes(item),
  );
}
