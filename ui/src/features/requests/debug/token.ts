/** What a token says, for people. */
import type { ItemView, JwtMember, JwtReport } from "$/bridge";
import type { Verdict } from "./verdict";

export function said({ decision, checks }: JwtReport): Verdict {
  switch (decision) {
    case "accepted":
      return { tone: "ok", word: "genuine", title: "The token is genuine and in its time." };
    case "refused": {
      const failed = checks.filter(({ outcome }) => outcome === "failed");
      const rules = failed.map(({ rule }) => rule.replaceAll("_", " ")).join(", ");
      return { tone: "bad", word: rules, title: "The token is not to be accepted." };
    }
    case "unknown":
      return {
        tone: "warn",
        word: "not verified",
        title: "Whether the token is genuine was not checked.",
      };
  }
}

export const shown = (value: unknown) =>
  typeof value === "string" ? value : JSON.stringify(value);

/** As the JSON that stands in the token, laid out. */
export function asText(members: readonly Pick<JwtMember, "name" | "value">[]): string {
  return JSON.stringify(
    Object.fromEntries(members.map(({ name, value }) => [name, value])),
    null,
    2,
  );
}

/** The item that a token names as its maker (`kid`, `iss`, `client_id`, `sub`); none if there is none. */
export function maker(token: string, items: readonly Pick<ItemView, "id" | "public_id">[]): string {
  const [head, claims] = token
    .trim()
    .replace(/^bearer\s+/i, "")
    .split(".")
    .map(object);
  for (const name of [head?.["kid"], claims?.["iss"], claims?.["client_id"], claims?.["sub"]]) {
    const found = typeof name === "string" && items.find(({ public_id }) => public_id === name);
    if (found) return found.id;
  }
  return "";
}

function object(part: string): Record<string, unknown> | undefined {
  try {
    const read: unknown = JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/")));
    return typeof read === "object" && read !== null
      ? (read as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
