import { expect, test } from "vitest";
import type { ItemView } from "$/bridge";
import { matching, type Action } from "./actions";

const action = (label: string, change: Partial<Action> = {}): Action => ({
  id: label,
  group: "Actions",
  label,
  run: () => undefined,
  ...change,
});
const key = (name: string, change: Partial<ItemView> = {}): ItemView => ({
  id: name,
  name,
  kind: "api_key",
  provider: null,
  environment: null,
  public_id: null,
  base_url: null,
  hosts: [],
  scheme: null,
  settings: {},
  tags: [],
  created: "2026-01-01T00:00:00Z",
  modified: "2026-01-01T00:00:00Z",
  expires: null,
  versions: [],
  ...change,
});
const found = (query: string, all: Action[], items: ItemView[]) =>
  matching(all, items, query).map(({ label }) => label);

test("every word must be found, and a label that starts with it comes first", () => {
  const all = [action("Repay"), action("Lock", { keywords: ["close"] })];
  const items = [key("pay", { tags: ["Team-A"] })];
  expect(found("pay", all, items)).toEqual([
    "pay",
    "Repay",
    "Copy the secret of pay",
    "Send a request with pay",
  ]);
  expect(found("TEAM pay", all, items)).toEqual(["pay"]);
  expect(found("secret pay", all, items)).toEqual(["Copy the secret of pay"]);
  expect(found("close", all, items)).toEqual(["Lock"]);
  expect(found("nothing", all, items)).toEqual([]);
  expect(found("  ", all, items)).toEqual(["Repay", "Lock", "pay"]);
});

test("a full vault does not fill the palette, and hides no better match", () => {
  const items = Array.from({ length: 10_000 }, (_, index) => key(`a-pay-${index}`));
  expect(found("pay", [], items)).toHaveLength(30);
  expect(found("pay", [], [...items, key("pay")])[0]).toBe("pay");
});
