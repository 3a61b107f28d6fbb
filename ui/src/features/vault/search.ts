import type { ItemView } from "$/bridge";
import { titled } from "$/kit/format";
import type { Group } from "$/kit/groups";
import { linesOf } from "$/shell/lines";

export type Filter = "all" | "sandbox" | "production" | "own" | "due";

const DUE_WITHIN_MS = 14 * 24 * 3_600_000;

export function isDue(item: ItemView, now: Date): boolean {
  return item.expires !== null && new Date(item.expires).getTime() - now.getTime() < DUE_WITHIN_MS;
}

/** What stands above the keys that name no provider. */
const NO_PROVIDER = "No provider";

const order = new Intl.Collator("en", { sensitivity: "base", numeric: true });
const known = new WeakMap<readonly ItemView[], readonly ItemView[]>();

/** The name of a key's provider as people write it, so that `stripe` and `Stripe` are one. */
function providerOf({ provider }: ItemView): string | null {
  return provider === null ? null : titled(provider);
}

/**
 * The keys of a provider together, providers by name and keys without one last; within a provider in
 * their given order. A list is put in order once.
 */
export function byProvider(items: readonly ItemView[]): readonly ItemView[] {
  let ordered = known.get(items);
  if (!ordered) {
    ordered = items
      .map((item) => ({ item, provider: providerOf(item) }))
      .sort((a, b) =>
        a.provider === null || b.provider === null
          ? Number(a.provider === null) - Number(b.provider === null)
          : order.compare(a.provider, b.provider),
      )
      .map(({ item }) => item);
    known.set(items, ordered);
  }
  return ordered;
}

/** The providers of keys in this order, each with the first of its keys. */
export function providersOf(items: readonly ItemView[]): Group[] {
  const groups: Group[] = [];
  let last: string | null | undefined;
  items.forEach((item, start) => {
    if (item.provider === last) return;
    last = item.provider;
    const label = providerOf(item) ?? NO_PROVIDER;
    const before = groups.at(-1);
    if (!before || order.compare(before.label, label) !== 0) groups.push({ start, label });
  });
  return groups;
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
