import { expect, test } from "vitest";
import type { Expectations } from "$/bridge";
import { captures, capturesOf, expectations, linesOf, problem, statuses } from "./lines";

const all: Expectations = {
  status: [],
  time_ms: null,
  schema: null,
  headers: [
    { at: "content-type", check: { is: "contains", value: "json" } },
    { at: "x-count", check: { is: "equals", value: "3" } },
  ],
  json: [
    { at: "$.status", check: { is: "equals", value: "pending" } },
    { at: "$.id", check: { is: "present" } },
    { at: "$.count", check: { is: "equals", value: 3 } },
    { at: "$.text", check: { is: "equals", value: "3" } },
    { at: "$.error", check: { is: "equals", value: null } },
    { at: "$.list", check: { is: "equals", value: [1, "a"] } },
    { at: "$.amount", check: { is: "at_least", value: 10.5 } },
    { at: "$.name", check: { is: "matches", value: "^[a-z]+$" } },
  ],
};

test("what is expected is the same after it was shown", () => {
  const { headers, json } = all;
  expect(expectations(linesOf(all))).toEqual({ headers, json });
});

test("a line that says nothing is left out, and says what it lacks", () => {
  const line = { of: "json", at: "$.a", is: "at_least", value: "" } as const;
  expect(problem(line)).toBe("A number is needed");
  expect(problem({ ...line, value: "1" })).toBe(undefined);
  expect(problem({ ...line, at: "a", value: "1" })).toContain("JSONPath");
  expect(expectations([line, { ...line, at: "" }])).toEqual({ headers: [], json: [] });
});

test("statuses are numbers or classes", () => {
  expect(statuses("201, 2XX 404")).toEqual(["201", "2xx", "404"]);
  expect(statuses("")).toEqual([]);
  expect(statuses("ok")).toBe(undefined);
  expect(statuses("600")).toBe(undefined);
});

test("a capture names a variable and where it comes from", () => {
  const kept = [
    { name: "id", from: { kind: "json", at: "$.id" } },
    { name: "all", from: { kind: "body" } },
  ] as const;
  expect(captures(capturesOf(kept))).toEqual(kept);
  expect(captures([{ name: "id", from: "header", at: " " }])).toEqual([]);
  expect(captures([{ name: "no name", from: "status", at: "" }])).toEqual([]);
});
