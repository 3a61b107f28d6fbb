import { expect, test } from "vitest";
import { limitProblem, scopeProblem, words } from "./validate";

test("a limit is a whole number from 1 on", () => {
  for (const good of ["1", "60", " 60 ", "100000"])
    expect(limitProblem(good), good).toBeUndefined();
  for (const wrong of ["", "0", "-1", "1.5", "sixty", "100001", "1e3"])
    expect(limitProblem(wrong), wrong).toBeTruthy();
});

test("an unknown scope is named", () => {
  expect(scopeProblem("payins:read payouts:write")).toBeUndefined();
  expect(scopeProblem("")).toBeUndefined();
  expect(scopeProblem("payins:read payin:write")).toContain("payin:write");
});

test("lists are split at commas and white space", () => {
  expect(words(" a, b\n c,,d ")).toEqual(["a", "b", "c", "d"]);
});
