import { expect, test } from "vitest";
import {
  addressProblem,
  asPublicKey,
  asTime,
  clientLimitProblem,
  countOf,
  delayOf,
  delayProblem,
  futureProblem,
  limitProblem,
  quotaProblem,
  routeProblem,
  scopeProblem,
  timeOf,
  timeProblem,
  typable,
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

test("a time is a day, a time of day with or without its zone, or how long from now", () => {
  const now = new Date("2026-11-28T21:00:00.500Z");
  for (const [typed, meant] of [
    ["2027-01-31T12:00+10:00", "2027-01-31T02:00:00.000Z"],
    ["2027-01-31t12:00:05z", "2027-01-31T12:00:05.000Z"],
    ["2027-01-31", "2027-01-31T00:00:00.000Z"],
    [" 2027-01-31 12:00 ", "2027-01-31T12:00:00.000Z"],
    ["2027-01-31 12:00:05 UTC", "2027-01-31T12:00:05.000Z"],
    ["30d", "2026-12-28T21:01:00.000Z"],
    ["90 min", "2026-11-28T22:31:00.000Z"],
  ] as const)
    expect(timeOf(typed, now)?.toISOString(), typed).toBe(meant);
  for (const wrong of ["tomorrow", "2027-13-31", "2027-01-31T12:00:00", "30", "d", "-1d"]) {
    expect(timeOf(wrong, now), wrong).toBeUndefined();
    expect(timeProblem(wrong), wrong).toBeTruthy();
  }
  for (const none of ["", " ", "never"]) {
    expect(timeProblem(none), none).toBeUndefined();
    expect(asTime(none), none).toBeNull();
  }
  expect(futureProblem("2020-01-31")).toContain("over");
  expect(futureProblem("1d")).toBeUndefined();
});

test("a time that is shown can be typed again", () => {
  for (const time of ["2027-01-31T12:00:00.000Z", "2027-01-31T12:00:05.000Z"])
    expect(asTime(typable(time))).toBe(time);
  expect(typable("2027-01-31T12:00:00Z")).toBe("2027-01-31 12:00");
  expect(typable(null)).toBe("");
});

test("a public key in PEM has its lines again", () => {
  const pem = "-----BEGIN PUBLIC KEY-----\nMCowBQ==\n-----END PUBLIC KEY-----\n";
  expect(asPublicKey(pem.replaceAll("\n", ""))).toBe(pem);
  expect(asPublicKey(pem.replaceAll("\n", " "))).toBe(pem);
  expect(asPublicKey(" GFw0 ")).toBe("GFw0");
});

test("an address is whole, and a route begins at its beginning", () => {
  for (const good of ["", "203.0.113.7", "::1", "2001:db8::1", "::ffff:10.0.0.1"])
    expect(addressProblem(good), good).toBeUndefined();
  for (const wrong of ["203.0.113", "203.0.113.256", "10.0.0.0/8", "localhost", "1:2"])
    expect(addressProblem(wrong), wrong).toBeTruthy();
  for (const good of ["", "/api/v2", "POST /api", "get  /"])
    expect(routeProblem(good), good).toBeUndefined();
  for (const wrong of ["payins", "POST", "POST payins"])
    expect(routeProblem(wrong), wrong).toBeTruthy();
});
