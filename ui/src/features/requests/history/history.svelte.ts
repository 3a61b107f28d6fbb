/** The history as it is shown: what is looked for, the rows so far, and which of them is open. */
import { asFailure, history, type Failure, type HistoryRow } from "$/bridge";
import { toast } from "$/kit/toasts.svelte";
import { everything, filterOf, type Wanted } from "./filter";

/** As many rows are read at once. */
export const PAGE = 200;

export const past = $state<{
  wanted: Wanted;
  rows: HistoryRow[] | undefined;
  more: boolean;
  total: number;
  unreadable: number;
  failure: Failure | undefined;
  open: number | undefined;
  /** The entry whose answer is to be compared with the one that is opened next. */
  comparing: number | undefined;
  keys: Set<string>;
  hosts: Set<string>;
}>({
  wanted: { ...everything },
  rows: undefined,
  more: false,
  total: 0,
  unreadable: 0,
  failure: undefined,
  open: undefined,
  comparing: undefined,
  keys: new Set(),
  hosts: new Set(),
});

/** Counts the questions: an answer that comes after a newer question is dropped. */
let asked = 0;

async function page(before: number | undefined): Promise<void> {
  const mine = ++asked;
  const filter = filterOf(past.wanted);
  try {
    const page = await history.list({
      ...filter,
      limit: PAGE,
      ...(before === undefined ? {} : { before }),
    });
    if (mine !== asked) return;
    past.rows = before === undefined ? page.rows : [...(past.rows ?? []), ...page.rows];
    past.more = page.more;
    past.total = page.total;
    past.unreadable = page.unreadable;
    past.failure = undefined;
    past.keys = new Set([...past.keys, ...page.rows.flatMap(({ key }) => key ?? [])]);
    past.hosts = new Set([...past.hosts, ...page.rows.map(({ host }) => host)]);
  } catch (thrown) {
    if (mine === asked) past.failure = asFailure(thrown);
  }
}

/** Reads the newest that fit. */
export const load = () => page(undefined);

/** Reads the next that fit, if there are any. */
export async function loadMore(): Promise<void> {
  const last = past.rows?.at(-1);
  if (past.more && last) await page(last.id);
}

export function showAll(): void {
  past.wanted = { ...everything };
}

/** What is shown in the place of an entry that goes: the next older one, or the one above. */
export function after(rows: readonly HistoryRow[], id: number): number | undefined {
  const at = rows.findIndex((row) => row.id === id);
  return (rows[at + 1] ?? rows[at - 1])?.id;
}

/** Removes an entry; until the vault is locked it can be put back. */
export async function remove(id: number): Promise<void> {
  const next = after(past.rows ?? [], id);
  try {
    await history.remove([id]);
    if (past.open === id) past.open = next;
    if (past.comparing === id) past.comparing = undefined;
    await load();
    toast("Removed from the history", { action: { label: "Undo", run: () => restore(id) } });
  } catch (thrown) {
    say(asFailure(thrown));
  }
}

async function restore(id: number): Promise<void> {
  try {
    await history.restore([id]);
    await load();
    past.open = id;
  } catch (thrown) {
    say(asFailure(thrown));
  }
}

/** Removes all of it for good. */
export async function clear(): Promise<void> {
  const { removed } = await history.clear();
  past.open = undefined;
  past.comparing = undefined;
  past.keys = new Set();
  past.hosts = new Set();
  showAll();
  await load();
  toast(removed === 1 ? "Removed one entry" : `Removed ${removed.toLocaleString("en")} entries`);
}

/** The entry before this one that asked for the same thing, if one is among the rows. */
export function earlier(rows: readonly HistoryRow[], row: HistoryRow): HistoryRow | undefined {
  return rows.find(
    (other) => other.id < row.id && other.method === row.method && place(other) === place(row),
  );
}

/** Where a request went, without its query. */
export function place({ url }: Pick<HistoryRow, "url">): string {
  return url.split(/[?#]/)[0] ?? url;
}

/** What a row is called: the path, since the host stands below it. */
export function path({ url, host }: Pick<HistoryRow, "url" | "host">): string {
  const authority = `//${host}`;
  const at = host === "" ? -1 : url.indexOf(authority);
  return at < 0 ? url : url.slice(at + authority.length) || "/";
}

export function say(failure: Failure): void {
  toast(failure.message, { tone: "bad", hint: failure.hint ?? undefined });
}
