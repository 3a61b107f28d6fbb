import { expect, test } from "vitest";
import { readable } from "./dropped";

test("a file that is too long is named and not read", () => {
  expect(readable({ name: "a.har", size: 10 })).toBeUndefined();
  expect(readable({ name: "a.har", size: 17 * 1024 * 1024 })).toContain("a.har");
});
