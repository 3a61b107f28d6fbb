import { expect, test } from "vitest";
import type { ItemView } from "$/bridge";
import { life } from "./life";

const now = new Date("2026-11-09T12:00:00Z");
const version = (version: number, created: string, state: "current" | "retiring" | "staged") => ({
  version,
  created,
  state,
});
function key(change: Partial<ItemView>): ItemView {
  return {
    id: "1",
    name: "payments-dev",
    kind: "api_key",
    provider: null,
    environment: null,
    public_id: null,
    base_url: null,
    hosts: [],
    scheme: null,
    settings: {},
    tags: [],
    created: "2026-10-02T09:40:00Z",
    modified: "2026-10-02T09:40:00Z",
    expires: null,
    versions: [version(1, "2026-10-02T09:40:00Z", "current")],
    ...change,
  };
}
const words = (item: ItemView) => life(item, now).map(({ when, what }) => `${when}: ${what}`);

test("a key begins, and is in use today", () => {
  expect(words(key({}))).toEqual(["2 Oct: held in the vault", "today: secret 1 in use"]);
});

test("its newest secrets and its end are told, in the order of time", () => {
  const versions = [
    version(6, "2026-11-08T00:00:00Z", "staged"),
    version(5, "2026-11-07T00:00:00Z", "current"),
    version(4, "2026-11-06T00:00:00Z", "retiring"),
    version(3, "2026-11-05T00:00:00Z", "retiring"),
    version(1, "2026-10-02T09:40:00Z", "retiring"),
  ];
  expect(words(key({ versions, expires: "2027-02-07T00:00:00Z" }))).toEqual([
    "2 Oct: held in the vault",
    "6 Nov: secret 4 stored",
    "7 Nov: secret 5 stored",
    "8 Nov: secret 6 stored",
    "today: secret 5 in use",
    "7 Feb 2027: ends",
  ]);
});

test("what is over has ended before today", () => {
  expect(words(key({ expires: "2026-11-01T00:00:00Z" }))).toEqual([
    "2 Oct: held in the vault",
    "1 Nov: ended",
    "today: secret 1 in use",
  ]);
});
