import { expect, test } from "vitest";
import type { Draft, EnvironmentView } from "$/bridge";
import { filled, namesIn, namesOf } from "./placeholders";

const environment = (variables: Record<string, string>): EnvironmentView => ({
  path: "environments/sandbox.toml",
  name: "sandbox",
  production: false,
  variables,
  version: null,
});

test("names are found, but for escaped ones", () => {
  expect(namesIn("{{base}}/a/{{ id }}?x={{sr://a/secret}}")).toEqual([
    "base",
    "id",
    "sr://a/secret",
  ]);
  expect(namesIn("\\{{text}} {}")).toEqual([]);
});

test("what is not sent has no names", () => {
  const draft = {
    url: "{{base}}",
    headers: [
      { name: "A", value: "{{on}}", enabled: true },
      { name: "B", value: "{{off}}", enabled: false },
    ],
    body: { kind: "none", text: "{{kept}}", fields: [], parts: [], file: null },
  } as unknown as Draft;
  expect(namesOf(draft)).toEqual(["base", "on"]);
  draft.body.kind = "json";
  expect(namesOf(draft)).toEqual(["base", "on", "kept"]);
});

test("a value is shown, and a secret is not", () => {
  const values = environment({ base: "https://h", token: "sr://a/secret", "secret:x": "y" });
  expect(filled(["base", "token", "secret:x", "sr://b/secret"], values)).toEqual([
    { name: "base", kind: "value", value: "https://h" },
    { name: "token", kind: "secret" },
    { name: "secret:x", kind: "secret" },
    { name: "sr://b/secret", kind: "secret" },
  ]);
});

test("a name without a value, or one that needs itself, says so", () => {
  const [none] = filled(["x"], undefined);
  expect(none?.problem).toContain("no environment");
  const [missing, around] = filled(["x", "a"], environment({ a: "{{b}}", b: "{{a}}" }));
  expect(missing?.problem).toContain("sandbox");
  expect(around?.problem).toContain("a needs b needs a");
});
