/** Questions to the audit log. */

import type { AuditPage } from "$/bridge";
import { addressProblem, asTime, routeProblem, timeProblem } from "./validate";

export interface Question {
  text: string;
  key: string;
  /** As it begins: a path, or method and path. */
  route: string;
  status: string;
  /** One rule, or `any` for whatever was refused. */
  rule: string;
  source: string;
  /** Milliseconds back from now, `between` for the two times, or nothing. */
  time: string;
  from: string;
  until: string;
}

export const nothingAsked: Question = {
  text: "",
  key: "",
  route: "",
  status: "",
  rule: "",
  source: "",
  time: "",
  from: "",
  until: "",
};

/** The rules, in the order in which a request meets them. */
export const rules = [
  "flood",
  "body",
  "scenario",
  "identify",
  "authenticate",
  "state",
  "freshness",
  "replay",
  "source",
  "rate",
  "permission",
  "audit",
] as const;

/** How far back. */
export const spans = [
  { value: "900000", label: "Last 15 minutes" },
  { value: "3600000", label: "Last hour" },
  { value: "86400000", label: "Last 24 hours" },
  { value: "604800000", label: "Last 7 days" },
] as const;

/** What is wrong with what was typed, by where it stands. */
export function problems(asked: Question): { [name in keyof Question]?: string | undefined } {
  const between = asked.time === "between";
  return {
    route: routeProblem(asked.route),
    source: addressProblem(asked.source),
    from: between ? timeProblem(asked.from) : undefined,
    until: between ? timeProblem(asked.until) : undefined,
  };
}

/** The parameters of a question: what is not asked, or can't be read yet, is left out. */
export function asFilter(asked: Question): Record<string, string> {
  const wrong = problems(asked);
  const { time, from, until, route, ...others } = asked;
  const typed = route.trim().replace(/\*$/, "");
  const given = {
    ...others,
    route: typed && `${typed}*`,
    within: time === "between" ? "" : time,
    from: time === "between" ? (asTime(from) ?? "") : "",
    until: time === "between" ? (asTime(until) ?? "") : "",
  };
  const entries = Object.entries(given).map(([name, value]) => [name, value.trim()] as const);
  return Object.fromEntries(
    entries.filter(([name, value]) => value !== "" && !wrong[name as keyof Question]),
  );
}

export function sameFilter(one: Record<string, string>, other: Record<string, string>): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
  );
}

/**
 * The newest rows, with the older ones that were shown already behind them. If so many came meanwhile
 * that a gap would be between, the newest alone.
 */
export function renewed(shown: AuditPage, newest: AuditPage): AuditPage {
  const last = newest.rows.at(-1)?.sequence;
  if (last === undefined || !shown.rows.some((row) => row.sequence === last)) return newest;
  const older = shown.rows.filter((row) => row.sequence < last);
  return older.length === 0 ? newest : { rows: [...newest.rows, ...older], next: shown.next };
}

/** How many rows came since: `3 new rows`; nothing if none did. */
export function news(shown: AuditPage, newest: AuditPage | undefined): string | undefined {
  const last = shown.rows[0]?.sequence ?? -1;
  const count = newest?.rows.filter((row) => row.sequence > last).length ?? 0;
  if (count === 0) return undefined;
  const more = count === newest?.rows.length && newest.next !== null ? "+" : "";
  return `${count}${more} new ${count === 1 && !more ? "row" : "rows"}`;
}

/** What a file of the rows is called: `audit-2026-11-28.csv`. */
export function exportName(format: "jsonl" | "csv", now: Date): string {
  return `audit-${now.toISOString().slice(0, 10)}.${format}`;
}

/** A filter in words, for who reads it back: `key payments-dev`, `refused by rate`. */
export function inWords(
  filter: Record<string, string>,
  nameOf: (appId: string) => string | undefined,
): string[] {
  const told: Record<string, (value: string) => string> = {
    key: (value) => `key ${nameOf(value) ?? value}`,
    route: (value) => `route ${value}`,
    status: (value) => `status ${value}`,
    rule: (value) => (value === "any" ? "refused" : `refused by ${value}`),
    source: (value) => `from ${value}`,
    text: (value) => `with “${value}”`,
    within: (value) =>
      spans.find((span) => span.value === value)?.label.toLowerCase() ?? `last ${value} ms`,
    from: (value) => `since ${value}`,
    until: (value) => `before ${value}`,
  };
  return Object.entries(filter).map(([name, value]) => told[name]?.(value) ?? `${name} ${value}`);
}
