import { expect, test } from "vitest";
import { indented, problem } from "./json";

test("every value has its line, and stays as it was typed", () => {
  expect(
    indented('{"a":[1,2.50,{"b":"x, \\"y\\": {"}],"n":12345678901234567890.10,"e":{ },"l":[]}'),
  ).toBe(
    '{\n  "a": [\n    1,\n    2.50,\n    {\n      "b": "x, \\"y\\": {"\n    }\n  ],\n  "n": 12345678901234567890.10,\n  "e": {},\n  "l": []\n}',
  );
  expect(indented(" 7\n")).toBe("7");
  expect(indented("<html>")).toBeUndefined();
});

test.each([{ a: [1, -2.5e3, null, true, { b: "ü\n\\" }], "": {} }, [], "text", [[[]], [{}]]])(
  "indented as the engine would: %j",
  (value) => {
    expect(indented(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    expect(problem(JSON.stringify(value, null, 2))).toBeUndefined();
  },
);

test.each([
  ['{\n  "a": 1,\n}', 3, 1, "“}” can't stand here"],
  ['{"a" 1}', 1, 6, "“1” can't stand here"],
  ['{"a": tru}', 1, 7, "“t” can't stand here"],
  ['{"a": 1', 1, 8, "the text ends too early"],
  ["[1, 2] 3", 1, 8, "“3” can't stand here"],
  ["{'a': 1}", 1, 2, "“'” can't stand here"],
  ["[01]", 1, 3, "“1” can't stand here"],
  ["[1}", 1, 3, "“}” can't stand here"],
  ["", 1, 1, "the text ends too early"],
])("%j says where it fails", (text, line, column, found) => {
  expect(problem(text)).toEqual({ line, column, text: found });
});
