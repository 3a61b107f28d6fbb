import { session } from "$/bridge";
import { keepNow } from "$/features/requests/drafts.svelte";

/** Locks the vault, which ends this page; what is being composed comes back in the next one. */
export async function lock(): Promise<void> {
  // A copy that can't be kept is no reason to stay unlocked.
  await keepNow().catch(() => undefined);
  await session.lock();
}
