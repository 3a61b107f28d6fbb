import { expect, test } from "vitest";
import type { AuditPage } from "$/bridge";
import {
  asFilter,
  exportName,
  inWords,
  news,
  nothingAsked,
  problems,
  renewed,
  sameFilter,
} from "./question";

test("what is not asked is no parameter", () => {
  expect(asFilter(nothingAsked)).toEqual({});
  const filter = asFilter({ ...nothingAsked, text: " payins ", status: "4xx" });
  expect(filter).toEqual({ text: "payins", status: "4xx" });
  expect(sameFilter(filter, { status: "4xx", text: "payins" })).toBe(true);
  expect(sameFilter(filter, { status: "4xx" })).toBe(false);
  expect(sameFilter({}, filter)).toBe(false);
});

test("a route is asked for as it begins", () => {
  const route = (typed: string) => asFilter({ ...nothingAsked, route: typed }).route;
  expect(route("/api/v2")).toBe("/api/v2*");
  expect(route("POST /api/v2/*")).toBe("POST /api/v2/*");
});

test("times are asked for by how long ago, or between two", () => {
  const asked = { ...nothingAsked, from: "2026-11-28", until: "2026-11-28 12:00" };
  expect(asFilter({ ...asked, time: "3600000" })).toEqual({ within: "3600000" });
  expect(asFilter({ ...asked, time: "between" })).toEqual({
    from: "2026-11-28T00:00:00.000Z",
    until: "2026-11-28T12:00:00.000Z",
  });
});

test("what can't be read is told, and not asked", () => {
  const asked = { ...nothingAsked, source: "203.0", route: "payins", rule: "rate" };
  expect(asFilter(asked)).toEqual({ rule: "rate" });
  expect(problems(asked)).toMatchObject({
    source: expect.stringContaining("address"),
    route: expect.stringContaining("method"),
  });
});

test("a filter is read back in words", () => {
  const filter = { key: "sr_app_1", rule: "any", source: "10.0.0.1", within: "3600000" };
  const words = inWords(filter, (id) => (id === "sr_app_1" ? "payments-dev" : undefined));
  expect(words).toEqual(["key payments-dev", "refused", "from 10.0.0.1", "last hour"]);
});

test("an export is called by its day and format", () => {
  expect(exportName("csv", new Date("2026-11-28T23:59:00Z"))).toBe("audit-2026-11-28.csv");
});

const rows = (from: number, to: number, next: number | null): AuditPage => ({
  rows: Array.from({ length: from - to + 1 }, (_, index) => ({
    sequence: from - index,
    at: "2026-11-28T00:00:00Z",
    request_id: String(from - index),
    act: "request",
    app_id: null,
    secret_id: null,
    source: null,
    route: "GET /api/v1/ping",
    status: 200,
    rule: null,
    duration_us: 1,
  })),
  next,
});

test("rows that were looked up further back stay when new ones come", () => {
  const sequences = (page: AuditPage) => page.rows.map((row) => row.sequence);
  const kept = renewed(rows(10, 1, null), rows(12, 8, 8));
  expect(sequences(kept)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  expect(kept.next).toBeNull();
  const gap = rows(30, 26, 26);
  expect(renewed(rows(10, 1, null), gap)).toBe(gap);
});

test("rows that came meanwhile are counted", () => {
  expect(news(rows(10, 1, null), undefined)).toBeUndefined();
  expect(news(rows(10, 1, null), rows(10, 6, 6))).toBeUndefined();
  expect(news(rows(10, 1, null), rows(11, 6, 6))).toBe("1 new row");
  expect(news(rows(10, 1, null), rows(30, 26, 26))).toBe("5+ new rows");
  expect(news({ rows: [], next: null }, rows(1, 0, null))).toBe("2 new rows");
});
