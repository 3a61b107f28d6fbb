import { expect, test } from "vitest";
import type { ItemView } from "$/bridge";
import { byProvider, isDue, providersOf, search } from "./search";

const now = new Date("2026-11-09T12:00:00Z");

function item(name: string, change: Partial<ItemView> = {}): ItemView {
  return {
    id: name,
    name,
    kind: "api_key",
    provider: "hello-clever",
    environment: "sandbox",
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
  };
}
const items = [
  item("payments-dev", { tags: ["Team-A"], environment: "own" }),
  item("payments-live", { environment: "production", expires: "2026-11-12T00:00:00Z" }),
  item("billing", { provider: "stripe", public_id: "rk_test_Vb2", hosts: ["api.stripe.com"] }),
];
const names = (query: string, filter: Parameters<typeof search>[2] = "all") =>
  search(items, query, filter, now).map((found) => found.name);

test("no query finds everything, in order", () => {
  expect(names("")).toEqual(["payments-dev", "payments-live", "billing"]);
});

test("every word must be found, in any field and case", () => {
  expect(names("PAYMENTS team-a")).toEqual(["payments-dev"]);
  expect(names("vb2")).toEqual(["billing"]);
  expect(names("api.stripe")).toEqual(["billing"]);
  expect(names("payments stripe")).toEqual([]);
});

test("words never match across two fields", () => {
  expect(names("billingstripe")).toEqual([]);
});

test("filters narrow by environment and by what ends soon", () => {
  expect(names("", "production")).toEqual(["payments-live"]);
  expect(names("", "due")).toEqual(["payments-live"]);
  expect(names("billing", "own")).toEqual([]);
});

test("due means within two weeks, or over", () => {
  expect(isDue(item("a", { expires: "2026-11-22T00:00:00Z" }), now)).toBe(true);
  expect(isDue(item("a", { expires: "2026-11-25T00:00:00Z" }), now)).toBe(false);
  expect(isDue(item("a", { expires: "2026-01-01T00:00:00Z" }), now)).toBe(true);
  expect(isDue(item("a"), now)).toBe(false);
});

test("keys of one provider stand together, however it is written, and those of none last", () => {
  const given = [
    item("z", { provider: "stripe" }),
    item("lone", { provider: null }),
    item("b", { provider: "hello-clever" }),
    item("a", { provider: "Stripe" }),
  ];
  const ordered = byProvider(given);
  expect(ordered.map((found) => found.name)).toEqual(["b", "z", "a", "lone"]);
  expect(providersOf(ordered)).toEqual([
    { start: 0, label: "Hello Clever" },
    { start: 1, label: "Stripe" },
    { start: 3, label: "No provider" },
  ]);
  expect(providersOf([])).toEqual([]);
  expect(byProvider(given)).toBe(ordered);
});
