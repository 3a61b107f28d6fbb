import { expect, test } from "vitest";
import {
  clientLimitProblem,
  countOf,
  delayOf,
  delayProblem,
  limitProblem,
  quotaProblem,
  scopeProblem,
  words,
} from "./validate";

test("a limit is a whole number from 1 on", () => {
  for (const good of ["1", "60", " 60 ", "1000000"])
    expect(limitProblem(good), good).toBeUndefined();
  for (const wrong of ["", "0", "-1", "1.5", "sixty", "1000001", "1e3"])
    expect(limitProblem(wrong), wrong).toBeTruthy();
});

test("a quota and a client's limit may be none", () => {
  for (const none of ["", " ", "none"]) {
    expect(quotaProblem(none), none).toBeUndefined();
    expect(clientLimitProblem(none), none).toBeUndefined();
    expect(countOf(none), none).toBeNull();
  }
  expect(countOf(" 1000 ")).toBe(1_000);
  for (const wrong of ["0", "-1", "1.5", "many", "4294967296"])
    expect(quotaProblem(wrong), wrong).toBeTruthy();
  expect(clientLimitProblem("1000001")).toBeTruthy();
});

test("a wait is at most five seconds, typed in seconds or milliseconds", () => {
  expect(delayOf("")).toBeNull();
  expect(delayOf("none")).toBeNull();
  expect(delayOf("2")).toBe(2_000);
  expect(delayOf("2.5 s")).toBe(2_500);
  expect(delayOf("250ms")).toBe(250);
  for (const good of ["", "none", "5", "5 s", "1ms"])
    expect(delayProblem(good), good).toBeUndefined();
  for (const wrong of ["0", "6", "5001 ms", "soon", "-1", "1 min"])
    expect(delayProblem(wrong), wrong).toBeTruthy();
});

test("an unknown scope is named", () => {
  expect(scopeProblem("payins:read payouts:write")).toBeUndefined();
  expect(scopeProblem("")).toBeUndefined();
  expect(scopeProblem("payins:read payin:write")).toContain("payin:write");
});

test("lists are split at commas and white space", () => {
  expect(words(" a, b\n c,,d ")).toEqual(["a", "b", "c", "d"]);
});
