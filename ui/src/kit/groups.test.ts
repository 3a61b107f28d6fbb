import { expect, test } from "vitest";
import { headedAt, HEADING, heightOf, placeOf, rowAt, type Shape } from "./groups";

const shape: Shape = {
  rows: 7,
  rowHeight: 40,
  groups: [
    { start: 0, label: "a" },
    { start: 3, label: "b" },
    { start: 6, label: "c" },
  ],
};

test("a row lies under all headings before it, and its own", () => {
  expect(placeOf(0, shape)).toEqual({ heading: 0, row: HEADING });
  expect(placeOf(2, shape)).toEqual({ heading: 80 + HEADING, row: 80 + HEADING });
  expect(placeOf(3, shape)).toEqual({ heading: 120 + HEADING, row: 120 + 2 * HEADING });
  expect(placeOf(6, shape).row + 40).toBe(heightOf(shape));
});

test("without groups the rows lie one upon the other", () => {
  const plain = { rows: 5, rowHeight: 40, groups: [] };
  expect(placeOf(3, plain)).toEqual({ heading: 120, row: 120 });
  expect(heightOf(plain)).toBe(200);
});

test("every pixel of the list belongs to the row that covers it, or to the one under its heading", () => {
  for (let top = 0; top < heightOf(shape); top++) {
    const row = rowAt(top, shape);
    expect(placeOf(row, shape).heading).toBeLessThanOrEqual(top);
    expect(placeOf(row, shape).row + shape.rowHeight).toBeGreaterThan(top);
  }
});

test("beyond the ends it is the first and the last row", () => {
  expect(rowAt(-5, shape)).toBe(0);
  expect(rowAt(10_000, shape)).toBe(6);
  expect(rowAt(0, { ...shape, rows: 0, groups: [] })).toBe(0);
});

test("headings are told by the rows that they stand above", () => {
  expect(headedAt(0, 7, shape.groups)).toEqual([0, 3]);
  expect(headedAt(1, 3, shape.groups)).toEqual([1, 1]);
  expect(headedAt(3, 6, shape.groups)).toEqual([1, 2]);
  expect(headedAt(4, 7, shape.groups)).toEqual([2, 3]);
});
