/** The folder of saved requests that is open. It outlives the screen. */
import {
  asFailure,
  folders,
  runs,
  type Collection,
  type CollectionEntry,
  type EnvironmentView,
  type Failure,
} from "$/bridge";
import { toast } from "$/kit/toasts.svelte";
import { shared } from "$/shell/state.svelte";
import { compose, current, open, type Compose } from "../drafts.svelte";
import { view } from "../view.svelte";
import { keyOf } from "./keys";

export const folder = $state<{
  collection: Collection | undefined;
  /** The environment that is chosen, by its file; empty for none. */
  environment: string;
  values: EnvironmentView | undefined;
  failure: Failure | undefined;
  /** Whether it was looked for one: until then nobody knows that there is none. */
  isReady: boolean;
}>({
  collection: undefined,
  environment: "",
  values: undefined,
  failure: undefined,
  isReady: false,
});

/** Does something, and says what went wrong. */
async function said<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (thrown) {
    const { message, hint } = asFailure(thrown);
    toast(message, { tone: "bad", hint: hint ?? undefined });
    return undefined;
  }
}

/** Asks for a folder, and shows what it holds. */
export async function choose(): Promise<void> {
  const path = (await said(runs.chooseFolder))?.at(-1);
  if (path) await show(path);
}

async function show(path: string): Promise<void> {
  try {
    const collection = await runs.folder(path);
    // Listed by the path that was chosen: the core knows it by that.
    folder.collection = { ...collection, folder: path };
    folder.failure = undefined;
    const { environments } = collection;
    if (!environments.some((each) => each.path === folder.environment))
      await useEnvironment(environments.find(({ production }) => !production)?.path ?? "");
  } catch (thrown) {
    folder.failure = asFailure(thrown);
  }
}

/** Looks again at what the folder holds: other programs change it too. */
export async function refresh(): Promise<void> {
  const path = folder.collection?.folder ?? (await said(runs.folders))?.at(-1);
  if (path) await show(path);
  folder.isReady = true;
}

export async function useEnvironment(path: string): Promise<void> {
  folder.environment = path;
  folder.values = undefined;
  const root = folder.collection?.folder;
  if (!root) return;
  for (const { draft } of compose.list)
    if (draft.home?.folder === root) draft.home.environment = path || null;
  if (path) folder.values = await said(() => folders.environment({ folder: root, path }));
}

/** Saves an environment and chooses it; what went wrong otherwise. */
export async function saveEnvironment(environment: EnvironmentView): Promise<Failure | undefined> {
  const root = folder.collection?.folder;
  if (!root) return undefined;
  try {
    const { path } = await folders.saveEnvironment({ folder: root, environment });
    await refresh();
    await useEnvironment(path);
    return undefined;
  } catch (thrown) {
    return asFailure(thrown);
  }
}

/** Shows a saved request, in its tab if it is open already. */
export async function openEntry(entry: CollectionEntry): Promise<void> {
  const root = folder.collection?.folder;
  if (!root) return;
  const there = compose.list.findIndex(
    ({ draft }) => draft.home?.folder === root && draft.home.path === entry.path,
  );
  view.shown = "compose";
  if (there >= 0) {
    compose.at = there;
    return;
  }
  const draft = await said(() => folders.open({ folder: root, path: entry.path }));
  if (!draft) return;
  if (draft.home) draft.home.environment = folder.environment || null;
  open({ ...draft, key: keyOf(draft.key, shared.items) });
}

/** Saves a request where it is from; answers whether it is saved. */
export async function save(one: Compose): Promise<boolean> {
  const { home } = one.draft;
  if (!home) return false;
  const draft = $state.snapshot(one.draft);
  const saved = await said(() => folders.save(draft, home.folder, home.path, null));
  if (saved?.home && one.draft.home) one.draft.home.version = saved.home.version;
  if (saved) toast(`Saved ${home.name || home.path}`, { tone: "ok" });
  await refresh();
  return saved !== undefined;
}

/** Saves a request anew, under a name. */
export async function saveAs(one: Compose, name: string, into: string): Promise<boolean> {
  const root = folder.collection?.folder;
  if (!root) return false;
  const draft = $state.snapshot(one.draft);
  const saved = await said(() => folders.save(draft, root, into, name));
  if (saved?.home) one.draft.home = { ...saved.home, environment: folder.environment || null };
  if (saved) toast(`Saved ${name}`, { tone: "ok" });
  await refresh();
  return saved !== undefined;
}

export async function duplicateEntry(entry: CollectionEntry): Promise<void> {
  const root = folder.collection?.folder;
  if (!root) return;
  await said(() => folders.duplicate({ folder: root, path: entry.path }));
  await refresh();
}

export async function rename(entry: CollectionEntry, name: string): Promise<void> {
  const root = folder.collection?.folder;
  if (!root) return;
  const placed = await said(() => folders.move({ folder: root, path: entry.path, to: null, name }));
  if (!placed) return;
  for (const { draft } of compose.list) {
    const { home } = draft;
    if (home?.folder !== root || home.path !== entry.path) continue;
    Object.assign(home, { path: placed.path, name, version: placed.version ?? home.version });
  }
  await refresh();
}

export async function remove(entry: CollectionEntry): Promise<void> {
  const root = folder.collection?.folder;
  if (!root) return;
  const removed = await said(() => folders.remove({ folder: root, path: entry.path }));
  if (!removed) return;
  await refresh();
  toast(`Removed ${entry.name}`, {
    action: {
      label: "Undo",
      run: async () => {
        await said(() => folders.restore(removed));
        await refresh();
      },
    },
  });
}

/** Whether an entry is the one that is composed now. */
export const isCurrent = (entry: CollectionEntry) =>
  current().draft.home?.path === entry.path &&
  current().draft.home?.folder === folder.collection?.folder;
