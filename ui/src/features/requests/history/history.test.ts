import { beforeEach, expect, test, vi } from "vitest";
import type { HistoryFilter, HistoryPage, HistoryRow } from "$/bridge";

const list = vi.fn<(filter: Partial<HistoryFilter>) => Promise<HistoryPage>>();
const remove = vi.fn((_: number[]) => Promise.resolve({ removed: 1 }));
const restore = vi.fn((_: number[]) => Promise.resolve({ restored: 1 }));
vi.mock("$/bridge", () => ({
  asFailure: (thrown: unknown) => thrown,
  history: {
    list: (filter: Partial<HistoryFilter>) => list(filter),
    remove: (ids: number[]) => remove(ids),
    restore: (ids: number[]) => restore(ids),
  },
}));

const past = await import("./history.svelte");
const { toasts } = await import("$/kit/toasts.svelte");

function row(id: number, over: Partial<HistoryRow> = {}): HistoryRow {
  return {
    id,
    at: "2026-11-24T00:00:00Z",
    name: null,
    method: "GET",
    url: "https://localhost:8443/api/v1/ping",
    host: "localhost:8443",
    key: "payments-dev",
    status: 200,
    failure: null,
    total_ms: 1,
    request_id: null,
    ...over,
  };
}
const of = (...rows: HistoryRow[]): HistoryPage => ({ rows, more: false, total: 3, unreadable: 0 });

beforeEach(() => {
  list.mockReset();
  past.past.rows = undefined;
  past.past.open = undefined;
  toasts.list = [];
});

test("an answer that comes after a newer question is dropped", async () => {
  let late: (page: HistoryPage) => void = () => undefined;
  list.mockReturnValueOnce(new Promise((resolve) => (late = resolve)));
  list.mockResolvedValueOnce(of(row(2)));
  const first = past.load();
  await past.load();
  late(of(row(1)));
  await first;
  expect(past.past.rows?.map(({ id }) => id)).toEqual([2]);
});

test("more is asked for from the last row on, and comes behind it", async () => {
  list.mockResolvedValueOnce({ ...of(row(9), row(8)), more: true });
  await past.load();
  list.mockResolvedValueOnce(of(row(7)));
  await past.loadMore();
  expect(list).toHaveBeenLastCalledWith({ limit: 200, before: 8 });
  expect(past.past.rows?.map(({ id }) => id)).toEqual([9, 8, 7]);
  await past.loadMore();
  expect(list).toHaveBeenCalledTimes(2);
});

test("when the one that is open goes, the next one is shown, and undo brings it back", async () => {
  past.past.rows = [row(3), row(2), row(1)];
  past.past.open = 2;
  list.mockResolvedValue(of(row(3), row(1)));
  await past.remove(2);
  expect(past.past.open).toBe(1);
  await toasts.list[0]?.action?.run();
  expect(restore).toHaveBeenCalledWith([2]);
  expect(past.past.open).toBe(2);
});

test("the last one that goes is followed by the one above it", () => {
  expect(past.after([row(3), row(2)], 2)).toBe(3);
  expect(past.after([row(2)], 2)).toBeUndefined();
});

test("what asked for the same thing before is found whatever its query is", () => {
  const wanted = row(9, { url: "https://localhost:8443/api/v1/ping?b=2" });
  const rows = [wanted, row(8, { method: "POST" }), row(7), row(6)];
  expect(past.earlier(rows, wanted)?.id).toBe(7);
  expect(past.earlier(rows, row(6))).toBeUndefined();
});

test("a row is called by its path", () => {
  expect(past.path(row(1))).toBe("/api/v1/ping");
  expect(past.path({ url: "https://h", host: "h" })).toBe("/");
  expect(past.path({ url: "{{base}}/x", host: "" })).toBe("{{base}}/x");
});
