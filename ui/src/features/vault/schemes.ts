import { shared } from "$/shell/state.svelte";

/** What people call the scheme of an item. */
export function schemeName(id: string | null): string {
  if (id === null) return "not set: chosen when sending";
  return shared.schemes.find((scheme) => scheme.id === id)?.name ?? id;
}
