import { expect, test } from "vitest";
import { seconds, timeout } from "./options";

test("a time is typed in seconds and kept in milliseconds", () => {
  for (const milliseconds of [1, 500, 30_000, 3_600_000])
    expect(timeout(seconds(milliseconds))).toBe(milliseconds);
  expect(timeout(" 2.5 ")).toBe(2500);
});

test("nothing is the default, and what is no time is nothing", () => {
  expect(seconds(null)).toBe("");
  expect(timeout("  ")).toBe(null);
  for (const typed of ["0", "-1", "0.0001", "3601", "1e3", "ten", "1,5"])
    expect(timeout(typed)).toBe(undefined);
});
