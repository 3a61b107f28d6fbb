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

interface Shared {
  session: Session | undefined;
  platform: PlatformStatus;
  items: ItemView[] | undefined;
  itemsFailure: Failure | undefined;
  /** How requests can be signed. */
  schemes: SchemeView[];
}

export const shared = $state<Shared>({
  session: undefined,
  platform: { state: "stopped", url: null, failure: null },
  items: undefined,
  itemsFailure: undefined,
  schemes: [],
});

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
