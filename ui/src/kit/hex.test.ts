import { expect, test } from "vitest";
import { decoded, digits, letters, offset } from "./hex";

test("a row is read in three columns", () => {
  const bytes = new TextEncoder().encode("PNG\n\u0000ÿ~");
  expect(offset(31)).toBe("000001f0");
  expect(digits(bytes)).toBe(`50 4e 47 0a 00 c3 bf 7e  ${"   ".repeat(8).trimEnd().padEnd(23)}`);
  expect(letters(bytes)).toBe("PNG····~");
  expect(digits(new Uint8Array(16))).toHaveLength(digits(bytes).length);
});

test("bytes cross the bridge as base64", () => {
  expect([...decoded("/wAB")]).toEqual([255, 0, 1]);
});
