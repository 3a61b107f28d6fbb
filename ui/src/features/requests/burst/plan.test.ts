import { expect, test } from "vitest";
import type { BurstSample } from "$/bridge";
import { curves, isHere, plan, progress, sum, usual } from "./plan";

const HERE = "https://localhost:8443/api/v1/ping";
const THERE = "https://api.cleverhub.co/api/v1/ping";

const sample = (at_ms: number, over: Partial<BurstSample> = {}): BurstSample => ({
  at_ms,
  accepted: 0,
  limited: 0,
  other: 0,
  failed: 0,
  p50_ms: 1,
  p90_ms: 2,
  p99_ms: 3,
  ...over,
});

test("what is usual can be sent to this machine as it is", () => {
  const { plan: made, problems } = plan(usual(), HERE);
  expect(problems).toEqual({});
  expect(made).toMatchObject({ count: 90, for_ms: null, rate: 30, concurrency: 4, ramp_ms: 0 });
});

test("another machine needs leave and a rate, and less of everything", () => {
  const { problems } = plan({ ...usual(), rate: "", count: "10001", connections: "17" }, THERE);
  expect(Object.keys(problems).sort()).toEqual(["connections", "count", "rate", "remote"]);
  const { plan: made, problems: none } = plan({ ...usual(), remote: true }, THERE);
  expect(none).toEqual({});
  expect(made.confirm_remote).toBe(true);
});

test("leave for another machine is not kept for this one", () => {
  expect(plan({ ...usual(), remote: true }, HERE).plan.confirm_remote).toBe(false);
});

test.each([
  ["count", { count: "" }],
  ["count", { count: "1.5" }],
  ["count", { count: "0" }],
  ["count", { count: "many" }],
  ["seconds", { ends: "time" as const, seconds: "-1" }],
  ["rate", { rate: "0" }],
  ["rate", { rate: "Infinity" + "x" }],
  ["connections", { connections: "257" }],
  ["ramp", { ramp: "-1" }],
])("%s is refused for %o", (field, over) => {
  expect(Object.keys(plan({ ...usual(), ...over }, HERE).problems)).toEqual([field]);
});

test("a time in seconds is sent in milliseconds, and no count", () => {
  const { plan: made } = plan({ ...usual(), ends: "time", seconds: "2.5", ramp: "0.5" }, HERE);
  expect(made).toMatchObject({ count: null, for_ms: 2_500, ramp_ms: 500 });
});

test("only loopback is this machine", () => {
  for (const url of [HERE, "http://127.9.9.9/", "https://[::1]:1/", "https://api.localhost/"])
    expect(isHere(url), url).toBe(true);
  for (const url of [
    THERE,
    "https://localhost.example/",
    "https://127.0.0.1.example/",
    "https://1270.0.0.1.a/",
  ])
    expect(isHere(url), url).toBe(false);
});

test("how far it is goes by what ends it first", () => {
  const counted = plan(usual(), HERE).plan;
  const samples = [sample(200, { accepted: 30 }), sample(400, { limited: 15 })];
  expect(progress(counted, samples)).toBe(0.5);
  expect(progress({ ...counted, for_ms: 500 }, samples)).toBe(0.8);
  expect(progress(counted, [])).toBe(0);
  expect(sum(samples)).toEqual({ sent: 45, accepted: 30, limited: 15, other: 0, failed: 0 });
});

test("rates are a second, and a stub at the end does not make a peak", () => {
  const [seconds, accepted, limited, other, p50] = curves([
    sample(200, { accepted: 10 }),
    sample(400, { accepted: 6, limited: 4 }),
    sample(401, { limited: 1, failed: 1 }),
  ]);
  expect(seconds).toEqual([0.2, 0.401]);
  expect(accepted[0]).toBeCloseTo(50);
  expect(accepted[1]).toBeCloseTo(6 / 0.201);
  expect(limited[1]).toBeCloseTo(5 / 0.201);
  expect(other[1]).toBeCloseTo(1 / 0.201);
  expect(p50).toEqual([1, 1]);
});

test("a stretch without answers has no latency", () => {
  const [, , , , p50, p99] = curves([sample(200, { accepted: 1 }), sample(400, { failed: 2 })]);
  expect(p50).toEqual([1, null]);
  expect(p99).toEqual([3, null]);
});
