/** Two texts side by side: from the lines that the core found to differ to the rows that are drawn. */
import type { DiffLine } from "$/bridge";

/** A part of a line; what differs from the line beside it is marked. */
export interface Piece {
  text: string;
  marked: boolean;
}

export interface Cell {
  /** The line's number on its side, from 1. */
  number: number;
  pieces: Piece[];
}

export type Row =
  | { kind: "same" | "changed"; left: Cell | undefined; right: Cell | undefined }
  /** Lines that are the same on both sides, and not shown until somebody asks. */
  | { kind: "folded"; rows: Row[]; from: number };

/** As many same lines stay around a change. */
const AROUND = 3;
/** Fewer same lines are not worth folding. */
const WORTH = 4;

export function rows(lines: readonly DiffLine[]): Row[] {
  const made: Row[] = [];
  let [left, right] = [0, 0];
  let gone: Cell[] = [];
  let come: Cell[] = [];
  const flush = () => {
    for (let at = 0; at < Math.max(gone.length, come.length); at++) {
      const [one, other] = [gone[at], come[at]];
      if (one && other) mark(one, other);
      made.push({ kind: "changed", left: one, right: other });
    }
    [gone, come] = [[], []];
  };
  for (const { side, text } of lines) {
    const pieces = [{ text, marked: false }];
    if (side === "left") gone.push({ number: ++left, pieces });
    else if (side === "right") come.push({ number: ++right, pieces });
    else {
      flush();
      made.push({
        kind: "same",
        left: { number: ++left, pieces },
        right: { number: ++right, pieces },
      });
    }
  }
  flush();
  return made;
}

const textOf = (cell: Cell) => cell.pieces.map(({ text }) => text).join("");

/** Marks what stands between the common beginning and the common end of two lines. */
function mark(one: Cell, other: Cell): void {
  const [left, right] = [[...textOf(one)], [...textOf(other)]];
  const most = Math.min(left.length, right.length);
  let begin = 0;
  while (begin < most && left[begin] === right[begin]) begin++;
  let end = 0;
  while (end < most - begin && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  for (const [cell, letters] of [
    [one, left],
    [other, right],
  ] as const) {
    const parts: [string[], boolean][] = [
      [letters.slice(0, begin), false],
      [letters.slice(begin, letters.length - end), true],
      [letters.slice(letters.length - end), false],
    ];
    cell.pieces = parts
      .filter(([part]) => part.length > 0)
      .map(([part, marked]) => ({ text: part.join(""), marked }));
  }
}

/** The same with long stretches of same lines folded away. */
export function folded(all: readonly Row[]): Row[] {
  const made: Row[] = [];
  for (let at = 0; at < all.length;) {
    const row = all[at]!;
    if (row.kind !== "same") {
      made.push(row);
      at++;
      continue;
    }
    let end = at;
    while (all[end]?.kind === "same") end++;
    const first = at === 0 ? at : at + AROUND;
    const last = end === all.length ? end : end - AROUND;
    if (last - first < WORTH) made.push(...all.slice(at, end));
    else {
      made.push(...all.slice(at, first));
      made.push({ kind: "folded", rows: all.slice(first, last), from: first });
      made.push(...all.slice(last, end));
    }
    at = end;
  }
  return made;
}

/** How many lines are on one side alone. */
export function counts(lines: readonly DiffLine[]): { left: number; right: number } {
  return {
    left: lines.filter(({ side }) => side === "left").length,
    right: lines.filter(({ side }) => side === "right").length,
  };
}
