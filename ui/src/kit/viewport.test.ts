import { describe, expect, test } from "vitest";
import { afterKey, extent, firstRow, lastFirst, TALLEST, topOf } from "./viewport";

const few = { rows: 100, rowHeight: 20, height: 400 };
const many = { rows: 3_000_000, rowHeight: 20, height: 400 };

test("few rows scroll pixel by pixel", () => {
  expect(extent(few)).toBe(2_000);
  expect(firstRow(50, few)).toBe(2.5);
  expect(topOf(2.5, few)).toBe(50);
});

test("an element is never taller than what an engine draws", () => {
  expect(extent(many)).toBe(TALLEST);
});

describe.each([few, many])("$rows rows", (view) => {
  test("the ends of the scroll bar are the ends of the list", () => {
    expect(firstRow(0, view)).toBe(0);
    expect(firstRow(extent(view) - view.height, view)).toBeCloseTo(lastFirst(view));
    expect(topOf(view.rows, view)).toBeCloseTo(extent(view) - view.height);
    expect(topOf(-5, view)).toBe(0);
  });
  test("a place is the same there and back", () => {
    for (const row of [0, 1, 17, view.rows / 2])
      expect(firstRow(topOf(row, view), view)).toBeCloseTo(row, 3);
  });
  test("keys stay within the list", () => {
    expect(afterKey("ArrowUp", 0, view)).toBe(0);
    expect(afterKey("ArrowDown", 3, view)).toBe(4);
    expect(afterKey("PageDown", 0, view)).toBe(19);
    expect(afterKey("End", 0, view)).toBe(lastFirst(view));
    expect(afterKey("PageDown", lastFirst(view), view)).toBe(lastFirst(view));
    expect(afterKey("a", 0, view)).toBeUndefined();
  });
});

test("a list that fits does not scroll", () => {
  const short = { rows: 3, rowHeight: 20, height: 400 };
  expect(lastFirst(short)).toBe(0);
  expect(firstRow(0, short)).toBe(0);
  expect(afterKey("End", 0, short)).toBe(0);
});
