import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** The tokens of both themes, read from the one file that has them. */
const css = readFileSync(resolve(import.meta.dirname, "tokens.css"), "utf8");

function tokens(theme: "dark" | "light"): Record<string, string> {
  const block = new RegExp(`\\[data-theme="${theme}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? "";
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
}

/** WCAG 2.2: relative luminance, and the contrast of two colours. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

const surfaces = ["bg", "panel", "raised", "sunken", "hover"];
/** Every pair that carries text. */
const text: [string, string][] = [
  ...["text", "muted", "faint", "accent", "bad"].flatMap((ink) =>
    surfaces.map((ground): [string, string] => [ink, ground]),
  ),
  ["accent", "accent-soft"],
  ["text", "accent-soft"],
  ["faint", "accent-soft"],
  ["muted", "accent-soft"],
  ["accent-ink", "accent"],
  ["accent-ink", "accent-hover"],
  ["bad-ink", "bad"],
  ...["ok", "bad", "warn", "info"].flatMap((tone): [string, string][] => [
    [tone, `${tone}-soft`],
    ["text", `${tone}-soft`],
    ["muted", `${tone}-soft`],
    [tone, "panel"],
    [tone, "sunken"],
  ]),
];

describe.each(["dark", "light"] as const)("%s", (theme) => {
  const colours = tokens(theme);
  test.each(text)("%s on %s reads well (AA, 4.5 to 1)", (ink, ground) => {
    const [one, other] = [colours[ink], colours[ground]];
    expect(one && other, `${ink} or ${ground} is no colour of the theme`).toBeTruthy();
    expect(contrast(one ?? "", other ?? "")).toBeGreaterThanOrEqual(4.5);
  });
  test.each(["bg", "panel", "raised", "sunken"])(
    "the focus ring stands out on %s (3 to 1)",
    (ground) => {
      expect(contrast(colours["focus"] ?? "", colours[ground] ?? "")).toBeGreaterThanOrEqual(3);
    },
  );
});

test("both themes define the same colours", () => {
  expect(Object.keys(tokens("dark")).sort()).toEqual(Object.keys(tokens("light")).sort());
});
