/** What can be told of a typed value before the platform is asked. */

export const scopes = [
  "payins:read",
  "payins:write",
  "payouts:read",
  "payouts:write",
  "refunds:write",
] as const;

export const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

export function limitProblem(text: string): string | undefined {
  const limit = Number(text);
  if (!/^\d+$/.test(text.trim()) || limit < 1)
    return "A limit is a whole number of requests, at least 1.";
  if (limit > 100_000) return "A limit is at most 100,000 a minute.";
  return undefined;
}

export function scopeProblem(text: string): string | undefined {
  const unknown = words(text).find((word) => !scopes.some((scope) => scope === word));
  return unknown === undefined
    ? undefined
    : `There is no scope “${unknown}”. Known: ${scopes.join(", ")}.`;
}
