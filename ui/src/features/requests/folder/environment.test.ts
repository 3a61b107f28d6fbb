import { expect, test } from "vitest";
import { rowsOf, twice, variables } from "./environment";

test("variables come back as they were, and rows without a name stay behind", () => {
  const set = { host: "h.example", token: "sr://payments/secret" };
  expect(variables([...rowsOf(set), { name: " ", value: "x" }])).toEqual(set);
});

test("a name that is there twice is named", () => {
  expect(twice(rowsOf({ a: "1" }))).toBe(undefined);
  expect(
    twice([
      { name: "a", value: "1" },
      { name: "", value: "" },
      { name: "", value: "" },
      { name: " a", value: "2" },
    ]),
  ).toBe("a");
});
