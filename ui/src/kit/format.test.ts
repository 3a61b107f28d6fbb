import { describe, expect, test } from "vitest";
import {
  titled,
  bytes,
  count,
  countdown,
  day,
  exact,
  initials,
  millis,
  pretty,
  relative,
  shortened,
  span,
  statusTone,
} from "./format";

const now = new Date("2026-11-09T12:00:00Z");
const later = (seconds: number) => new Date(now.getTime() + seconds * 1_000);

describe("relative", () => {
  test.each([
    [0, "now"],
    [-4, "now"],
    [-12, "12 s ago"],
    [-90, "2 min ago"],
    [-7_200, "2 h ago"],
    [-86_400, "1 day ago"],
    [-86_400 * 40, "40 days ago"],
    [30, "in 30 s"],
    [86_400 * 3, "in 3 days"],
  ])("%i s from now reads %s", (seconds, words) => {
    expect(relative(later(seconds), now)).toBe(words);
  });
});

test("names are written as people do, unless somebody already did", () => {
  expect(["hello-clever", "stripe", "AWS", "My Bank", "a_b2"].map(titled)).toEqual([
    "Hello Clever",
    "Stripe",
    "AWS",
    "My Bank",
    "A B2",
  ]);
});

test("times are exact to the second and in UTC", () => {
  expect(exact(now)).toBe("2026-11-09 12:00:00 UTC");
});

test("a day leaves out this year only", () => {
  expect(day(now, now)).toBe("9 Nov");
  expect(day(new Date("2028-11-22"), now)).toBe("22 Nov 2028");
});

test("a day is told in UTC, whatever the zone of the computer", () => {
  expect(day(new Date("2026-12-31T23:59:59Z"), now)).toBe("31 Dec");
  expect(day(new Date("2027-01-01T00:00:00Z"), now)).toBe("1 Jan 2027");
});

test("numbers of things have their thousands apart", () => {
  expect([0, 999, 1_000, 10_000, 1_234_567].map(count)).toEqual([
    "0",
    "999",
    "1,000",
    "10,000",
    "1,234,567",
  ]);
});

test("durations and sizes use the unit that fits", () => {
  expect([0.42, 12.4, 1_204].map(millis)).toEqual(["0.4 ms", "12 ms", "1.20 s"]);
  expect([312, 1_434, 3_145_728].map(bytes)).toEqual(["312 B", "1.4 KiB", "3.0 MiB"]);
});

test("identifiers keep both ends", () => {
  expect(shortened("short")).toBe("short");
  expect(shortened("app-7c1e40b2d95ac7f2a990af")).toBe("app-7c1e…a990af");
});

test("providers get two letters", () => {
  expect(["Hello Clever", "hello-clever", "stripe", ""].map(initials)).toEqual([
    "HC",
    "HC",
    "ST",
    "?",
  ]);
});

test("the countdown never goes below zero", () => {
  expect([581, 60, 9, 0, -3].map(countdown)).toEqual(["9:41", "1:00", "0:09", "0:00", "0:00"]);
});

test("JSON is indented, anything else is left alone", () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty("not json {")).toBe("not json {");
});

test("a status has a tone", () => {
  expect([100, 200, 302, 401, 403, 404, 429, 500].map(statusTone)).toEqual([
    "info",
    "ok",
    "ok",
    "bad",
    "warn",
    "bad",
    "warn",
    "bad",
  ]);
});

test("a span is told in its two largest units", () => {
  for (const [ms, told] of [
    [0, "0 s"],
    [301_000, "5 min 1 s"],
    [5_400_000, "1 h 30 min"],
    [7_200_000, "2 h"],
    [90_061_000, "1 d 1 h"],
  ] as const) {
    expect(span(ms)).toBe(told);
  }
});
