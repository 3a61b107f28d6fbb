import { expect, test } from "vitest";
import { pieces } from "./pieces";

test("a row is cut at its marks, and is whole when it is put together", () => {
  const marks = [
    { row: 0, from: 0, to: 2 },
    { row: 0, from: 4, to: 6 },
  ];
  const cut = pieces("abcdefgh", marks);
  expect(cut.map(({ text, marked }) => [text, marked?.from])).toEqual([
    ["ab", 0],
    ["cd", undefined],
    ["ef", 4],
    ["gh", undefined],
  ]);
  expect(pieces("abc", [{ row: 0, from: 2, to: 9 }]).map(({ text }) => text)).toEqual(["ab", "c"]);
  expect(pieces("", [])).toEqual([{ text: "", marked: undefined }]);
});
