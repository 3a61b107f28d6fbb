import { expect, test } from "vitest";
import { covers, untrusted } from "./certificate";

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
