import { expect, test } from "vitest";
import { asText, maker, shown } from "./token";

const part = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const items = [
  { id: "a", public_id: null },
  { id: "b", public_id: "app_1" },
];

test("the key that a token names is the one that verifies it", () => {
  const claims = part({ iss: "app_1" });
  expect(maker(`Bearer ${part({ kid: "app_1" })}.e30.x`, items)).toBe("b");
  expect(maker(`${part({ alg: "HS256" })}.${claims}.x`, items)).toBe("b");
  expect(maker(`${part({ kid: "app_2" })}.${part({ iss: 1 })}.x`, items)).toBe("");
  expect(maker("not a token", items)).toBe("");
  expect(maker("", items)).toBe("");
});

test("values stand as they are, and copied as the JSON that they are", () => {
  expect(shown("a")).toBe("a");
  expect(shown(["a", 1])).toBe('["a",1]');
  expect(asText([{ name: "n", value: 1 }])).toBe('{\n  "n": 1\n}');
});
