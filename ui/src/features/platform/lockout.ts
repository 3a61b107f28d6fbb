/** A list that was not saved because it would lock out sources in use. */

import { asFailure } from "$/bridge";

export interface LockOut {
  message: string;
  sources: string[];
  /** Saves the list with these sources on it. */
  keepThem: () => Promise<void>;
  saveAllTheSame: () => Promise<void>;
}

/** The sources that a refused list would lock out; nothing if it was refused for another reason. */
export function lockedOut(thrown: unknown): { message: string; sources: string[] } | undefined {
  const { message, details } = asFailure(thrown);
  if (typeof details !== "object" || details === null || !("locks_out" in details))
    return undefined;
  const { locks_out: sources } = details;
  if (!Array.isArray(sources)) return undefined;
  return { message, sources: sources.filter((source) => typeof source === "string") };
}

/**
 * Saves a list with the guard on. If it would lock out sources in use, `ask` gets it, to be saved all
 * the same, or with them, as a person says; whatever else is wrong is thrown.
 */
export async function guarded(
  list: string[],
  save: (list: string[], guard: boolean) => Promise<void>,
  ask: (lockOut: LockOut) => void,
): Promise<void> {
  try {
    await save(list, true);
  } catch (thrown) {
    const found = lockedOut(thrown);
    if (!found) throw thrown;
    ask({
      ...found,
      keepThem: () => save([...list, ...found.sources], false),
      saveAllTheSame: () => save(list, false),
    });
  }
}
