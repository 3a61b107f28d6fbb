/** What the claims of a token say of its time, for the step that shows them. */
import { exact, relative } from "$/kit/format";

const TIMES = [
  ["iat", "made"],
  ["nbf", "valid from"],
  ["exp", "ends"],
] as const;

/** As `made 2 min ago, ends in 58 min (2026-11-09 15:02:11 UTC)`; nothing for what is no claims. */
export function timesOf(step: { name: string; value: string }, now: Date): string | undefined {
  if (!step.name.endsWith("_claims")) return undefined;
  let claims: Record<string, unknown>;
  try {
    const read: unknown = JSON.parse(step.value);
    if (typeof read !== "object" || read === null) return undefined;
    claims = read as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const said = TIMES.flatMap(([name, word]) => {
    const seconds = claims[name];
    if (typeof seconds !== "number" || Math.abs(seconds) > 8.64e12) return [];
    const then = new Date(seconds * 1000);
    return [`${word} ${relative(then, now)}${name === "exp" ? ` (${exact(then)})` : ""}`];
  });
  return said.length > 0 ? said.join(", ") : undefined;
}
