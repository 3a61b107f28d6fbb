import { expect, test } from "vitest";
import { matching, type Action } from "./actions";

const action = (label: string, change: Partial<Action> = {}): Action => ({
  id: label,
  group: "Actions",
  label,
  run: () => undefined,
  ...change,
});
const labels = (all: Action[], query: string) => matching(all, query).map((found) => found.label);

test("every word must be found, and a label that starts with it comes first", () => {
  const all = [
    action("Copy the secret of pay"),
    action("pay", { group: "Keys", keywords: ["team-a"] }),
    action("Lock"),
  ];
  expect(labels(all, "pay")).toEqual(["pay", "Copy the secret of pay"]);
  expect(labels(all, "TEAM pay")).toEqual(["pay"]);
  expect(labels(all, "nothing")).toEqual([]);
  expect(labels(all, "  ")).toHaveLength(3);
});

test("a full vault does not fill the palette", () => {
  const all = Array.from({ length: 10_000 }, (_, index) => action(`key-${index}`));
  expect(matching(all, "key")).toHaveLength(60);
});
