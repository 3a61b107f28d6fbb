import { expect, test } from "vitest";
import type { ActivityRow } from "$/bridge";
import { byDay } from "./days";

const row = (at: string): ActivityRow => ({
  at,
  kind: "sent",
  text: "",
  item: null,
  request_id: null,
});

test("rows are grouped by day and keep their order", () => {
  const rows = ["2026-11-09T12:00:00Z", "2026-11-09T01:00:00Z", "2026-11-08T23:59:59Z"].map(row);
  expect(byDay(rows).map((group) => [group.day, group.rows.length])).toEqual([
    ["2026-11-09", 2],
    ["2026-11-08", 1],
  ]);
  expect(byDay([])).toEqual([]);
});
