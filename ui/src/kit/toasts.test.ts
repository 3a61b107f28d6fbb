import { beforeEach, expect, test, vi } from "vitest";
import { dismiss, hold, letGo, toast, toasts } from "./toasts.svelte";

const texts = () => toasts.list.map((one) => one.text);

beforeEach(() => {
  vi.useFakeTimers();
  for (const one of [...toasts.list]) dismiss(one.id);
});

test("a toast goes by itself", () => {
  toast("Copied");
  expect(texts()).toEqual(["Copied"]);
  vi.runAllTimers();
  expect(texts()).toEqual([]);
});

test("one that is being read stays until it is left", () => {
  toast("Removed", { action: { label: "Undo", run: () => undefined } });
  const [one] = toasts.list;
  if (!one) throw new Error("no toast");
  hold(one);
  vi.runAllTimers();
  expect(texts()).toEqual(["Removed"]);
  letGo(one);
  vi.runAllTimers();
  expect(texts()).toEqual([]);
});

test("one can be dismissed, and the others stay", () => {
  toast("first");
  toast("second");
  dismiss(toasts.list[0]?.id ?? -1);
  expect(texts()).toEqual(["second"]);
});
