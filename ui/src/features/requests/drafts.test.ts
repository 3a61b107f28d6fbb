import { beforeEach, expect, test, vi } from "vitest";

const core = vi.hoisted(() => ({ read: vi.fn(), write: vi.fn() }));
vi.mock("$/bridge", () => ({ drafts: core }));
import {
  close,
  compose,
  current,
  examples,
  keep,
  keepNow,
  open,
  takeUp,
  title,
} from "./drafts.svelte";

const urls = () => compose.list.map((one) => one.draft.url);

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetAllMocks();
  for (const one of [...compose.list]) close(one.id);
});

test("there is always a request to type into", () => {
  expect(urls()).toEqual([""]);
  close(current().id);
  expect(urls()).toEqual([""]);
  expect(compose.at).toBe(0);
});

test("a new request comes first and is the one that is shown", () => {
  open({ url: "https://a.example/" });
  open({ url: "https://b.example/" });
  expect(urls()).toEqual(["https://b.example/", "https://a.example/", ""]);
  expect(current().draft.url).toBe("https://b.example/");
});

test("closing the last one of the list shows the one before it", () => {
  open({ url: "https://a.example/" });
  compose.at = 1;
  close(current().id);
  expect(current().draft.url).toBe("https://a.example/");
});

test("what an earlier page composed is taken up, and an empty answer changes nothing", async () => {
  const draft = {
    method: "POST",
    url: "https://a.example/",
    headers: [],
    body: "{}",
    key: null,
    scheme: null,
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
  expect(core.write.mock.calls[0]?.[0]).toMatchObject([{ url: "https://a.example/" }, { url: "" }]);
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
