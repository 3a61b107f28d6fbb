/** What can be told of a typed value before the platform is asked. */

export const scopes = [
  "payins:read",
  "payins:write",
  "payouts:read",
  "payouts:write",
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
