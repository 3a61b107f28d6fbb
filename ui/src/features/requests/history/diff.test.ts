import { expect, test } from "vitest";
import type { DiffLine } from "$/bridge";
import { counts, folded, rows, type Cell, type Row } from "./diff";

const both = (text: string): DiffLine => ({ side: "both", text });
const left = (text: string): DiffLine => ({ side: "left", text });
const right = (text: string): DiffLine => ({ side: "right", text });

const shown = (cell: Cell | undefined) =>
  cell?.pieces.map(({ text, marked }) => (marked ? `[${text}]` : text)).join("");
const texts = (row: Row) =>
  row.kind === "folded" ? `${row.rows.length} folded` : [shown(row.left), shown(row.right)];

test("a line that changed stands beside what it became, with the change marked", () => {
  const made = rows([both("{"), left('  "amount": 100,'), right('  "amount": 250,'), both("}")]);
  expect(made.map(texts)).toEqual([
    ["{", "{"],
    ['  "amount": [10]0,', '  "amount": [25]0,'],
    ["}", "}"],
  ]);
});

test("numbers count on each side alone", () => {
  const made = rows([left("a"), left("b"), right("c"), both("d")]);
  expect(made.map((row) => row.kind !== "folded" && [row.left?.number, row.right?.number])).toEqual(
    [
      [1, 1],
      [2, undefined],
      [3, 2],
    ],
  );
});

test("characters beyond the basic plane are not torn apart", () => {
  const [row] = rows([left("a😀c"), right("a😁c")]);
  expect(row && texts(row)).toEqual(["a[😀]c", "a[😁]c"]);
});

test("a line that only grew is marked where it grew", () => {
  const [row] = rows([left("aa"), right("aaa")]);
  expect(row && texts(row)).toEqual(["aa", "aa[a]"]);
});

test("long stretches without a change are folded, and nothing is lost", () => {
  const lines = [
    ...Array.from({ length: 20 }, (_, at) => both(`before ${at}`)),
    left("x"),
    ...Array.from({ length: 5 }, (_, at) => both(`between ${at}`)),
    right("y"),
    ...Array.from({ length: 20 }, (_, at) => both(`after ${at}`)),
  ];
  const all = rows(lines);
  const made = folded(all);
  expect(made.filter(({ kind }) => kind === "folded").map(texts)).toEqual([
    "17 folded",
    "17 folded",
  ]);
  const unfolded = made.flatMap((row) => (row.kind === "folded" ? row.rows : [row]));
  expect(unfolded).toEqual(all);
  expect(counts(lines)).toEqual({ left: 1, right: 1 });
});

test("what is the same as a whole is one fold", () => {
  const made = folded(rows(Array.from({ length: 9 }, () => both("a"))));
  expect(made.map(texts)).toEqual(["9 folded"]);
});
