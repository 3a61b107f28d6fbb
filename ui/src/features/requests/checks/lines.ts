/** What an answer must be, as lines of a table that is typed into, and back. */
import type { Capture, Draft, Expectations, Expected, ValueCheck } from "$/bridge";

export type Is = ValueCheck["is"];

export interface Line {
  of: "json" | "header";
  /** A JSONPath, or a header's name. */
  at: string;
  is: Is;
  value: string;
}

export interface CaptureLine {
  name: string;
  from: Capture["from"]["kind"];
  at: string;
}

export const words: readonly { value: Is; label: string }[] = [
  { value: "equals", label: "is" },
  { value: "contains", label: "contains" },
  { value: "matches", label: "matches" },
  { value: "at_least", label: "is at least" },
  { value: "at_most", label: "is at most" },
  { value: "present", label: "is there" },
  { value: "absent", label: "is not there" },
];

export const takesValue = (is: Is) => is !== "present" && is !== "absent";

export function linesOf({ headers, json }: Expectations): Line[] {
  const line = (of: Line["of"], { at, check }: Expected): Line => ({
    of,
    at,
    is: check.is,
    value: "value" in check ? written(check.value, of) : "",
  });
  return [
    ...json.map((each) => line("json", each)),
    ...headers.map((each) => line("header", each)),
  ];
}

/** How many things a draft expects of its answer. */
export function expected({ expect, capture }: Pick<Draft, "expect" | "capture">): number {
  const { status, time_ms, headers, json, schema } = expect;
  const whole = [status.length > 0, time_ms !== null, schema !== null].filter(Boolean).length;
  return whole + headers.length + json.length + capture.length;
}

/** What is wrong with a line, in a few words; nothing if it says something. */
export function problem({ of, at, is, value }: Line): string | undefined {
  if (of === "json" && !at.startsWith("$")) return "A JSONPath begins with $";
  if (!takesValue(is)) return undefined;
  const number = value.trim() !== "" && Number.isFinite(Number(value));
  if ((is === "at_least" || is === "at_most") && !number) return "A number is needed";
  if ((is === "contains" || is === "matches") && value === "") return "A text is needed";
  return undefined;
}

/** The lines that say something. */
export function expectations(lines: readonly Line[]): Pick<Expectations, "headers" | "json"> {
  const sound = lines.filter((line) => line.at.trim() !== "" && problem(line) === undefined);
  const expected = (wanted: Line["of"]): Expected[] =>
    sound
      .filter(({ of }) => of === wanted)
      .map((line) => ({ at: line.at.trim(), check: check(line) }));
  return { headers: expected("header"), json: expected("json") };
}

function check({ of, is, value }: Line): ValueCheck {
  switch (is) {
    case "present":
    case "absent":
      return { is };
    case "at_least":
    case "at_most":
      return { is, value: Number(value) };
    case "equals":
      return { is, value: of === "json" ? meant(value) : value };
    default:
      return { is, value };
  }
}

/** A typed value: JSON where it is some, such as 3, true, null or "3"; else the text itself. */
function meant(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function written(value: unknown, of: Line["of"]): string {
  if (typeof value !== "string") return JSON.stringify(value);
  // A text that would be read as something else is quoted.
  return of === "json" && meant(value) !== value ? JSON.stringify(value) : value;
}

/** The statuses of a typed list, such as `201, 2xx`; nothing if one of them is none. */
export function statuses(typed: string): string[] | undefined {
  const all = typed.split(/[\s,]+/).filter(Boolean);
  return all.every((one) => /^([1-5]xx|[1-5]\d\d)$/i.test(one))
    ? all.map((one) => one.toLowerCase())
    : undefined;
}

export function capturesOf(captures: readonly Capture[]): CaptureLine[] {
  return captures.map(({ name, from }) => ({
    name,
    from: from.kind,
    at: "at" in from ? from.at : "",
  }));
}

/** The captures that name a variable, and a place where one is needed. */
export function captures(lines: readonly CaptureLine[]): Capture[] {
  return lines
    .filter(({ name, from, at }) => {
      const placed = from === "body" || from === "status" || at.trim() !== "";
      return /^[\w.-]+$/.test(name) && placed;
    })
    .map(({ name, from, at }) => ({
      name,
      from: from === "body" || from === "status" ? { kind: from } : { kind: from, at: at.trim() },
    }));
}
