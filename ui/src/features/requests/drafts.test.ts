import { beforeEach, expect, test, vi } from "vitest";

const core = vi.hoisted(() => ({ read: vi.fn(), write: vi.fn() }));
vi.mock("$/bridge", () => ({ drafts: core }));
import {
  close,
  compose,
  current,
  duplicate,
  examples,
  keep,
  keepNow,
  noBody,
  open,
  reopen,
  takeUp,
  title,
  turn,
} from "./drafts.svelte";

const urls = () => compose.list.map((one) => one.draft.url);

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetAllMocks();
  for (const one of [...compose.list]) close(one.id);
  compose.closed = [];
});

test("there is always a request to type into", () => {
  expect(urls()).toEqual([""]);
  close(current().id);
  expect(urls()).toEqual([""]);
  expect(compose.at).toBe(0);
});

test("a request opens behind the one that is shown, in the place of an empty one", () => {
  open({ url: "https://a.example/" });
  expect(urls()).toEqual(["https://a.example/"]);
  open({ url: "https://b.example/" });
  turn(-1);
  open({ url: "https://c.example/" });
  expect(urls()).toEqual(["https://a.example/", "https://c.example/", "https://b.example/"]);
  expect(current().draft.url).toBe("https://c.example/");
});

test("closing shows a neighbour, and closing one before moves nothing", () => {
  for (const name of ["a", "b", "c"]) open({ url: `https://${name}.example/` });
  close(current().id);
  expect(current().draft.url).toBe("https://b.example/");
  close(compose.list[0]!.id);
  expect(current().draft.url).toBe("https://b.example/");
});

test("what was closed comes back where it was, the last one first", () => {
  for (const name of ["a", "b", "c"]) open({ url: `https://${name}.example/` });
  turn(-1);
  close(current().id);
  turn(1);
  close(current().id);
  expect(reopen()).toBe(true);
  expect(reopen()).toBe(true);
  expect(urls().sort()).toEqual(["https://a.example/", "https://b.example/", "https://c.example/"]);
  expect(reopen()).toBe(false);
  open();
  close(current().id);
  expect(reopen(), "an empty tab is not worth it").toBe(false);
});

test("a copy has its own life", () => {
  open({ url: "https://a.example/", headers: [{ name: "A", value: "1", enabled: true }] });
  duplicate();
  current().draft.headers[0]!.value = "2";
  expect(compose.list.map((one) => one.draft.headers[0]?.value)).toEqual(["1", "2"]);
});

test("tabs are a ring", () => {
  open({ url: "https://a.example/" });
  open({ url: "https://b.example/" });
  turn(1);
  expect(compose.at).toBe(0);
  turn(-1);
  expect(compose.at).toBe(1);
});

test("what an earlier page composed is taken up, and an empty answer changes nothing", async () => {
  const draft = {
    method: "POST",
    url: "https://a.example/",
    headers: [],
    body: { ...noBody(), kind: "json", text: "{}" },
    key: null,
    scheme: null,
    settings: {},
  };
  core.read.mockResolvedValueOnce([]);
  await takeUp();
  expect(urls()).toEqual([""]);
  core.read.mockResolvedValueOnce([draft]);
  await takeUp();
  expect(current().draft).toEqual(draft);
  expect(current().sending).toBe(false);
});

test("the core is told a moment after the last key, once", () => {
  open({ url: "https://a.example/" });
  const cancel = keep();
  cancel();
  keep();
  expect(core.write).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(core.write).toHaveBeenCalledOnce();
  expect(core.write.mock.calls[0]?.[0]).toMatchObject([{ url: "https://a.example/" }]);
});

test("before the page ends, the core is told at once", async () => {
  open({ url: "https://a.example/" });
  await keepNow();
  expect(core.write).toHaveBeenCalledOnce();
});

test("a request is called by its path, and by what was typed while that is no URL yet", () => {
  const named = (url: string) => title({ ...current().draft, url });
  expect(named("https://localhost:8443/api/v1/ping?a=1")).toBe("/api/v1/ping?a=1");
  expect(named("localhost")).toBe("localhost");
  expect(named("")).toBe("New request");
});

test("every example is a URL of the platform's", () => {
  for (const { draft } of examples("https://localhost:8443"))
    expect(new URL(draft.url ?? "").origin).toBe("https://localhost:8443");
});
