import { expect, test } from "vitest";
import { validity } from "./validity";

const now = new Date("2026-06-15T12:00:00Z");
const from = (not_before: string, not_after: string) => validity({ not_before, not_after }, now);

test("how long a certificate lasts is said in days", () => {
  expect(from("2026-01-01T00:00:00Z", "2027-06-15T12:00:00Z")).toEqual({
    tone: "ok",
    text: "valid for 365 days",
  });
  expect(from("2026-01-01T00:00:00Z", "4096-01-01T00:00:00Z").text).toBe("valid for 2069 years");
  expect(from("2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z").text).toBe("expired 2 years ago");
  expect(from("2026-01-01T00:00:00Z", "2026-06-16T13:00:00Z")).toEqual({
    tone: "warn",
    text: "valid for 1 day",
  });
  expect(from("2026-01-01T00:00:00Z", "2026-06-12T11:00:00Z").text).toBe("expired 3 days ago");
  expect(from("2026-06-17T11:00:00Z", "2027-01-01T00:00:00Z").text).toBe("valid in 2 days");
});
