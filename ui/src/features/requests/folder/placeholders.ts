/** The placeholders of a draft, and what each is filled in with. */
import type { Draft, EnvironmentView } from "$/bridge";

export interface Filled {
  /** What stands between the braces. */
  name: string;
  kind: "value" | "secret" | "made" | "unknown";
  /** What is filled in, if it is no secret. */
  value?: string;
  /** What is wrong with it, in a sentence. */
  problem?: string;
}

const PLACEHOLDER = /(\\)?\{\{\s*([^{}]+?)\s*\}\}/g;

/** The names of the placeholders of a text, but for escaped ones. */
export function namesIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, escaped, name]) =>
    escaped || !name ? [] : [name],
  );
}

/** Those of everything that is sent, each once, in the order of the request. */
export function namesOf({ url, headers, body }: Draft): string[] {
  const entries = (rows: readonly { name: string; value: string; enabled: boolean }[]) =>
    rows.filter(({ enabled }) => enabled).flatMap(({ name, value }) => [name, value]);
  const texts = [url, ...entries(headers)];
  if (body.kind === "json" || body.kind === "raw") texts.push(body.text);
  if (body.kind === "form") texts.push(...entries(body.fields));
  if (body.kind === "multipart") texts.push(...entries(body.parts));
  return [...new Set(texts.flatMap(namesIn))];
}

/** What each is filled in with, as far as the window knows; secrets stay in the core. */
export function filled(names: readonly string[], values: EnvironmentView | undefined): Filled[] {
  return names.map((name) => {
    if (name.startsWith("sr://")) return { name, kind: "secret" };
    if (name.startsWith("$")) return { name, kind: "made" };
    const set = values?.variables[name];
    if (set === undefined) return { name, kind: "unknown", problem: unknown(name, values) };
    if (name.startsWith("secret:") || set.startsWith("sr://") || set.includes("{{sr://"))
      return { name, kind: "secret" };
    const around = circle(name, values?.variables ?? {});
    if (around)
      return {
        name,
        kind: "unknown",
        problem: `${around.join(" needs ")}: that never ends. Give one of them a value.`,
      };
    return { name, kind: "value", value: set };
  });
}

function unknown(name: string, values: EnvironmentView | undefined): string {
  return values
    ? `${name} has no value in ${values.name}. Give it one there, or choose another environment.`
    : `${name} has no value: no environment is chosen.`;
}

/** The names that are gone through until one comes again; nothing if none does. */
function circle(
  from: string,
  variables: Record<string, string | undefined>,
  path: readonly string[] = [],
): string[] | undefined {
  if (path.includes(from)) return [...path.slice(path.indexOf(from)), from];
  for (const name of namesIn(variables[from] ?? "")) {
    const found = circle(name, variables, [...path, from]);
    if (found) return found;
  }
  return undefined;
}
