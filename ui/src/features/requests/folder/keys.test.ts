import { expect, test } from "vitest";
import type { ItemView } from "$/bridge";
import { keyOf } from "./keys";

test("a key that a file names is found in the vault, or stays as it is", () => {
  const items = [{ id: "1", name: "acme" }] as ItemView[];
  expect(keyOf("sr://acme", items)).toBe("1");
  expect(keyOf("acme", items)).toBe("1");
  expect(keyOf("1", items)).toBe("1");
  expect(keyOf("sr://other", items)).toBe("sr://other");
  expect(keyOf("sr://acme", undefined)).toBe("sr://acme");
  expect(keyOf(null, items)).toBeNull();
});
