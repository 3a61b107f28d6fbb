/** Keys as files name them. */
import type { ItemView } from "$/bridge";

/** The id of the item that a file names by `sr://NAME`, a name or an id; as it stands if none has it. */
export function keyOf(named: string | null, items: readonly ItemView[] | undefined): string | null {
  if (named === null) return null;
  const name = named.replace(/^sr:\/\//, "");
  return items?.find((item) => item.id === name || item.name === name)?.id ?? named;
}
