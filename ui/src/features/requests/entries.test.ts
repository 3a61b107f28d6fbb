import { expect, test } from "vitest";
import { edit, toggle } from "./entries";

test("typing behind the last row makes one", () => {
  const rows = [{ name: "A", value: "1", enabled: true }];
  edit(rows, 1, "value", "2");
  edit(rows, 0, "name", "B");
  toggle(rows, 0);
  toggle(rows, 7);
  expect(rows).toEqual([
    { name: "B", value: "1", enabled: false },
    { name: "", value: "2", enabled: true },
  ]);
});
