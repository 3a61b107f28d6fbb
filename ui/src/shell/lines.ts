/** What keys are found by. */
import type { ItemView } from "$/bridge";

const known = new WeakMap<readonly ItemView[], readonly string[]>();

/**
 * Of each key a line, in lower case, with everything that it is found by. The lines are made once for a
 * list: it may have ten thousand keys, and is searched at every keystroke.
 */
export function linesOf(items: readonly ItemView[]): readonly string[] {
  const lines = known.get(items) ?? items.map(line);
  known.set(items, lines);
  return lines;
}

function line({ name, provider, public_id, tags, hosts }: ItemView): string {
  return [name, provider ?? "", public_id ?? "", ...tags, ...hosts].join("\n").toLowerCase();
}
