/** What every screen may need to know: the session, the platform, the keys. */
import {
  asFailure,
  keys,
  on,
  platform,
  session,
  type Failure,
  type ItemView,
  type PlatformStatus,
  type SchemeView,
  type Session,
} from "$/bridge";

class Shared {
  session = $state<Session>();
  platform = $state<PlatformStatus>({ state: "stopped", url: null, failure: null });
  /** Replaced as a whole, never changed inside: thousands of keys cost nothing to watch. */
  items = $state.raw<readonly ItemView[]>();
  itemsFailure = $state.raw<Failure>();
  /** How requests can be signed. */
  schemes = $state.raw<readonly SchemeView[]>([]);
}

export const shared = new Shared();

export async function loadItems(): Promise<void> {
  if (shared.session?.vault.state !== "unlocked") {
    shared.items = undefined;
    return;
  }
  try {
    shared.items = await keys.list();
    shared.itemsFailure = undefined;
  } catch (thrown) {
    shared.itemsFailure = asFailure(thrown);
  }
}

export async function follow(): Promise<void> {
  await on("session-changed", (now) => {
    const was = shared.session?.vault.state;
    shared.session = now;
    if (was !== now.vault.state) void loadItems();
  });
  await on("platform-changed", (now) => (shared.platform = now));
  await on("keys-changed", () => void loadItems());
  [shared.session, shared.platform, shared.schemes] = await Promise.all([
    session.read(),
    platform.status(),
    keys.schemes(),
  ]);
  await loadItems();
}
