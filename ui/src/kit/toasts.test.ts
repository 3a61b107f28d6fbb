import { beforeEach, expect, test, vi } from "vitest";
import { dismiss, toast, toasts } from "./toasts.svelte";

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

test("one can be dismissed, and the others stay", () => {
  toast("first");
  toast("second");
  dismiss(toasts.list[0]?.id ?? -1);
  expect(texts()).toEqual(["second"]);
});
