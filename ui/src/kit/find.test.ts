import { expect, test } from "vitest";
import { places } from "./find";

test("words are found in any case, or in theirs alone", () => {
  expect(places("Eur eur EUR", "eur", false).places).toEqual([
    { from: 0, to: 3 },
    { from: 4, to: 7 },
    { from: 8, to: 11 },
  ]);
  expect(places("Eur eur EUR", "eur", true).total).toBe(1);
  expect(places("aaaa", "aa", false).total).toBe(2);
  expect(places("aaaa", "", false).total).toBe(0);
});

test("letters whose other case is longer move nothing", () => {
  expect(places("İİ amount", "AMOUNT", false).places).toEqual([{ from: 3, to: 9 }]);
});

test("all are counted, and enough are named", () => {
  const found = places("x".repeat(6_000), "x", true);
  expect([found.total, found.places.length]).toEqual([6_000, 5_000]);
});
