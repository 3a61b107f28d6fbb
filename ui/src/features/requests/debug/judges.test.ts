import { expect, test } from "vitest";
import type { ItemView, KeyView } from "$/bridge";
import { judges, suggested } from "./judges";

const item = (id: string, public_id: string | null) => ({ id, name: id, public_id }) as ItemView;
const key = (app_id: string) => ({ app_id }) as KeyView;

test("the judge is the one that knows the key of the paste", () => {
  const atHand = { items: [item("a", null), item("b", "app_1")], issued: [key("app_2")] };
  expect(suggested("curl -H 'app-id: app_1'", atHand)).toBe("vault:b");
  expect(suggested("app-id: app_2", atHand)).toBe("platform");
  expect(suggested("app-id: app_12", atHand)).toBe("platform");
  expect(suggested("app-id: app_12", { ...atHand, issued: undefined })).toBe("typed");
  expect(suggested('keyid="app_1"', { ...atHand, issued: undefined })).toBe("vault:b");
  expect(suggested("", { items: undefined, issued: undefined })).toBe("typed");
});

test("what is not at hand is not offered", () => {
  const offered = (items?: ItemView[], issued?: KeyView[]) =>
    judges({ items, issued }).map(({ value }) => value);
  expect(offered()).toEqual(["typed", "alone"]);
  expect(offered([item("a", null)], [])).toEqual(["platform", "vault:a", "typed", "alone"]);
});
