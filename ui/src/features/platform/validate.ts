/** What can be told of a typed value before the platform is asked. */

export const scopes = [
  "payins:read",
  "payins:write",
  "payouts:read",
  "payouts:write",
  "refunds:read",
  "refunds:write",
] as const;

export const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

const whole = (text: string) => /^\d+$/.test(text.trim()) && Number(text) >= 1;

export function limitProblem(text: string): string | undefined {
  if (!whole(text)) return "A limit is a whole number of requests, at least 1.";
  if (Number(text) > 1_000_000) return "A limit is at most 1,000,000 a minute.";
  return undefined;
}

/** Whether a text stands for no limit at all. */
export const isNone = (text: string): boolean => /^\s*(none)?\s*$/.test(text);

/** As it is sent: nothing for no limit. */
export const countOf = (text: string): number | null => (isNone(text) ? null : Number(text));

export const clientLimitProblem = (text: string): string | undefined =>
  isNone(text) ? undefined : limitProblem(text);

export function quotaProblem(text: string): string | undefined {
  if (isNone(text)) return undefined;
  if (!whole(text)) return "A quota is a whole number of requests, at least 1; empty for none.";
  if (Number(text) > 4_294_967_295) return "A quota is at most 4,294,967,295 a day.";
  return undefined;
}

/** `2 s`, `0.5 s` and `500 ms` in milliseconds; nothing for no delay; NaN if it can't be read. */
export function delayOf(text: string): number | null {
  if (isNone(text)) return null;
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s)?\s*$/.exec(text) ?? [];
  return Math.round(Number(number) * (unit === "ms" ? 1 : 1_000));
}

export function delayProblem(text: string): string | undefined {
  const millis = delayOf(text);
  if (millis === null) return undefined;
  if (Number.isNaN(millis)) return "A wait is a time such as 2 s or 500 ms; empty for none.";
  if (millis < 1 || millis > 5_000) return "A request waits for at most 5 s.";
  return undefined;
}

export function scopeProblem(text: string): string | undefined {
  const unknown = words(text).find((word) => !scopes.some((scope) => scope === word));
  return unknown === undefined
    ? undefined
    : `There is no scope “${unknown}”. Known: ${scopes.join(", ")}.`;
}

/** `2 s`, `0.25 s`. */
export const waitText = (millis: number): string => `${millis / 1_000} s`;

/** For how long an older secret can go on beside a new one. */
export const overlaps = [
  { id: "0", label: "Not at all" },
  { id: String(3_600_000), label: "1 hour" },
  { id: String(24 * 3_600_000), label: "24 hours" },
  { id: String(7 * 24 * 3_600_000), label: "7 days" },
] as const;
export type Overlap = (typeof overlaps)[number]["id"];

const rfc3339 = /^\d{4}-\d\d-\d\dt\d\d:\d\d(:\d\d(\.\d+)?)?(z|[+-]\d\d:\d\d)$/i;
const dayAndTime = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d(?::\d\d)?))?(?: ?UTC)?$/i;
const length = /^(\d{1,5})\s*(min|h|d|w)$/i;
const MINUTE = 60_000;
const lengths = { min: MINUTE, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;

/**
 * A typed time: RFC 3339, a day or a day with a time of day in UTC, or how long from now, to the minute:
 * `30d`. Nothing if it is none of these.
 */
export function timeOf(text: string, now: Date): Date | undefined {
  const typed = text.trim();
  const [, count, unit] = length.exec(typed) ?? [];
  if (count && unit) {
    const one = lengths[unit.toLowerCase() as keyof typeof lengths];
    return new Date(Math.ceil(now.getTime() / MINUTE) * MINUTE + Number(count) * one);
  }
  const [, date, time] = dayAndTime.exec(typed) ?? [];
  const exact = date ? `${date}T${time ?? "00:00"}Z` : rfc3339.test(typed) ? typed : "";
  const then = new Date(exact);
  return Number.isNaN(then.getTime()) ? undefined : then;
}

/** What is wrong with a typed time; nothing if there is none. */
export function timeProblem(text: string): string | undefined {
  if (isNever(text) || timeOf(text, new Date())) return undefined;
  return "A time such as 2027-01-31 12:00 (UTC), or how long from now: 12h, 30d.";
}

/** The same of a time that has to come. */
export function futureProblem(text: string): string | undefined {
  const now = new Date();
  const then = timeOf(text, now);
  return then && then <= now ? "That time is over." : timeProblem(text);
}

/** Whether a text stands for no time at all. */
export const isNever = (text: string): boolean => /^\s*(never)?\s*$/i.test(text);

/** A typed time as the platform writes it; `null` if there is none. */
export const asTime = (text: string): string | null =>
  timeOf(text, new Date())?.toISOString() ?? null;

/** A time as it can be typed, to the minute at least: `2027-01-31 12:00`. */
export function typable(time: string | null): string {
  if (time === null) return "";
  const text = new Date(time).toISOString();
  return text.slice(0, text.endsWith(":00.000Z") ? 16 : 19).replace("T", " ");
}

/** A key as it is sent: a field of one line takes the line ends of PEM away. */
export const asPublicKey = (text: string): string =>
  text
    .trim()
    .replace(
      /^(-----BEGIN [A-Z ]+-----)\s*(.*?)\s*(-----END [A-Z ]+-----)$/,
      (_, begin: string, body: string, end: string) =>
        [begin, body.replaceAll(" ", ""), end, ""].join("\n"),
    );

/** What is wrong with a typed address; nothing if there is none. */
export function addressProblem(text: string): string | undefined {
  const typed = text.trim();
  const parts = /^\d{1,3}(\.\d{1,3}){3}$/.test(typed) ? typed.split(".") : undefined;
  const isFour = parts?.every((part) => Number(part) < 256);
  const isSix = /^[0-9a-f:.]+$/i.test(typed) && typed.split(":").length > 2;
  return typed === "" || isFour || isSix
    ? undefined
    : "A whole address, such as 203.0.113.7 or 2001:db8::1.";
}

/** What is wrong with a typed route; nothing if there is none. */
export const routeProblem = (text: string): string | undefined =>
  /^\s*($|([a-z]+ +)?\/)/i.test(text)
    ? undefined
    : "A route begins with / or with a method: POST /api/v2/payins.";
