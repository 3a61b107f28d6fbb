import { expect, test } from "vitest";
import { visible } from "./invisible";

const names = (text: string) => visible(text).map(({ text, name }) => name ?? text);

test("what can't be seen is named", () => {
  expect(names('{"a": 1}\r\n')).toEqual(['{"a": 1}', "carriage return", "line feed"]);
  expect(names("\ufeffa\u00a0b\u202e")).toEqual([
    "byte order mark",
    "a",
    "no-break space",
    "b",
    "U+202E",
  ]);
  expect(names("a  \nb ")).toEqual([
    "a",
    "2 spaces at the end",
    "line feed",
    "b",
    "a space at the end",
  ]);
});

test("what can be seen stays one piece", () => {
  expect(visible("a b ü 你")).toEqual([{ text: "a b ü 你" }]);
  expect(visible("")).toEqual([]);
});

test("lines still end where they end", () => {
  const shown = visible("a\nb")
    .map(({ text }) => text)
    .join("");
  expect(shown).toBe("a↵\nb");
});
