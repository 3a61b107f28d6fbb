import { expect, test } from "vitest";
import { secondsToNextCode } from "./steps";
import { strength } from "./strength";

test("what is short or repeats itself is not accepted", () => {
  for (const weak of ["", "a", "short", "aaaaaaaaaaaaaaaaaaaaaaaa", "121212121212"])
    expect(strength(weak).score, weak).toBeLessThan(2);
});

test("longer and more varied is better", () => {
  const scores = ["abcdefghij", "abcdefghijklmnopq", "correct horse battery staple"].map(
    (text) => strength(text).score,
  );
  expect(scores).toEqual([2, 3, 4]);
});

test("what is missing is said in characters, not bytes", () => {
  expect(strength("äöüäöüäöü").words).toContain("1 more");
});

test("the next code comes at the half minute", () => {
  expect(secondsToNextCode(new Date("2026-11-09T12:00:00.000Z"))).toBe(30);
  expect(secondsToNextCode(new Date("2026-11-09T12:00:18.900Z"))).toBe(12);
  expect(secondsToNextCode(new Date("2026-11-09T12:00:59.000Z"))).toBe(1);
});
