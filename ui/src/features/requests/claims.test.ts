import { expect, test } from "vitest";
import { timesOf } from "./claims";

const now = new Date("2026-11-09T14:00:00Z");
const at = now.getTime() / 1000;

test("a token says when it ends", () => {
  const value = JSON.stringify({ iat: at - 120, exp: at + 3480, iss: "a" });
  expect(timesOf({ name: "token_claims", value }, now)).toBe(
    "made 2 min ago, ends in 58 min (2026-11-09 14:58:00 UTC)",
  );
});

test("what is no claims has no times", () => {
  for (const value of ["", "text", "null", "{}", '{"exp":"soon"}', '{"exp":1e300}'])
    expect(timesOf({ name: "jwt_claims", value }, now)).toBe(undefined);
  expect(timesOf({ name: "signature", value: '{"exp":1}' }, now)).toBe(undefined);
});
