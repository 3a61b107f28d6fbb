import { expect, test } from "vitest";
import { covers, untrusted, validity } from "./certificate";

const now = new Date("2026-06-15T12:00:00Z");
const from = (not_before: string, not_after: string) => validity({ not_before, not_after }, now);

test("how long a certificate lasts is said in days", () => {
  expect(from("2026-01-01T00:00:00Z", "2027-06-15T12:00:00Z")).toEqual({
    tone: "ok",
    text: "valid for 365 days",
  });
  expect(from("2026-01-01T00:00:00Z", "2026-06-16T13:00:00Z")).toEqual({
    tone: "warn",
    text: "valid for 1 day",
  });
  expect(from("2026-01-01T00:00:00Z", "2026-06-12T11:00:00Z").text).toBe("expired 3 days ago");
  expect(from("2026-06-17T11:00:00Z", "2027-01-01T00:00:00Z").text).toBe("valid in 2 days");
});

test("a star stands for one label", () => {
  expect(covers("*.a.example", "x.a.example")).toBe(true);
  expect(covers("*.a.example", "a.example")).toBe(false);
  expect(covers("*.a.example", "y.x.a.example")).toBe(false);
  expect(covers("A.example", "a.EXAMPLE")).toBe(true);
});

test("a failure of verification is told from any other", () => {
  const details = { phase: "tls", problem: "expired", server_name: "a.example", chain: [] };
  expect(untrusted(details)?.problem).toBe("expired");
  expect(untrusted({ ...details, phase: "connect" })).toBeUndefined();
  expect(untrusted(null)).toBeUndefined();
});
