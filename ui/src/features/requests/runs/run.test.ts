import { expect, test } from "vitest";
import type { Collection, CollectionEntry, RunStep } from "$/bridge";
import {
  carried,
  checked,
  fileName,
  lines,
  parts,
  stoppedAtProduction,
  tally,
  verdict,
  wanted,
} from "./run";

const entry = (path: string, method: string | null, depth = 0): CollectionEntry => ({
  path,
  name: path,
  method,
  url: method && "https://localhost/",
  depth,
});
const collection: Collection = {
  folder: "/f",
  name: "Payments",
  entries: [
    entry("ping.request.toml", "GET"),
    entry("payins", null),
    entry("payins/create.request.toml", "POST", 1),
    entry("payins/find.request.toml", "GET", 1),
    entry("payins-old", null),
    entry("payins-old/x.request.toml", "GET", 1),
  ],
  environments: [],
  problems: [],
  version: "1",
};
const step = (path: string, over: Partial<RunStep> = {}): RunStep => ({
  path,
  name: path,
  method: "GET",
  url: "https://localhost/",
  outcome: "passed",
  status: 200,
  total_ms: 1,
  request_id: null,
  checks: [],
  captured: [],
  failure: null,
  ...over,
});

test("a folder means what lies in it, and not what is only called alike", () => {
  expect(wanted(collection, "").length).toBe(4);
  expect(wanted(collection, "payins").map(({ path }) => path)).toEqual([
    "payins/create.request.toml",
    "payins/find.request.toml",
  ]);
  expect(parts(collection).map(({ value }) => value)).toEqual(["", "payins", "payins-old"]);
  expect(parts(collection)[0]?.label).toBe("All 4 requests");
});

test("while it runs, the first without an answer is the one that is sent", () => {
  const states = lines(collection, "", [step("ping.request.toml")], true).map(({ state }) => state);
  expect(states).toEqual(["passed", "folder", "sending", "waiting", "folder", "waiting"]);
  const done = lines(collection, "payins", [step("payins/create.request.toml")], false);
  expect(done.map(({ state }) => state)).toEqual(["folder", "passed", "waiting"]);
});

test("how it went is one sentence", () => {
  expect(verdict({ passed: 3, failed: 0, skipped: 0 })).toBe("All 3 are as expected");
  expect(verdict({ passed: 1, failed: 0, skipped: 0 })).toBe("The request is as expected");
  expect(verdict({ passed: 1, failed: 1, skipped: 2 })).toBe(
    "1 of 4 is not as expected, 2 were not sent",
  );
  expect(tally([step("a"), step("b", { outcome: "failed" })])).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
  });
});

test("checks are counted, and that there are none is said", () => {
  const check = (passed: boolean) => ({ what: "status", expected: "200", observed: "200", passed });
  expect(checked(step("a"))).toBe("nothing expected");
  expect(checked(step("a", { checks: [check(true)] }))).toBe("1 check");
  expect(checked(step("a", { checks: [check(true), check(false)] }))).toBe("1 of 2 checks");
});

test("what is carried on is named once", () => {
  const steps = [step("a", { captured: ["id", "token"] }), step("b", { captured: ["id"] })];
  expect(carried(steps)).toEqual(["id", "token"]);
});

test("a stop before production is told apart from other failures", () => {
  const failure = (details: unknown) => ({
    code: "refused" as const,
    message: "",
    hint: null,
    details,
  });
  expect(stoppedAtProduction([step("a", { failure: failure({ rule: "production" }) })])).toBe(true);
  expect(stoppedAtProduction([step("a", { failure: failure({ rule: "host" }) })])).toBe(false);
  expect(stoppedAtProduction([step("a", { failure: failure(null) })])).toBe(false);
});

test("a report's file is called after the folder and the day", () => {
  const started = "2026-11-24T01:02:03Z";
  expect(fileName({ name: "Pay-ins / v2", started }, "html")).toBe("pay-ins-v2-2026-11-24.html");
  expect(fileName({ name: "支払い", started }, "json")).toBe("run-2026-11-24.json");
});
