/** How something stands that holds from one time to another, such as a certificate. */
const DAY = 86_400_000;
/** In days. */
const YEAR = 365.25;

export interface Span {
  not_before: string;
  not_after: string;
}

export function validity(span: Span, now: Date): { tone: "ok" | "warn" | "bad"; text: string } {
  const days = (until: string) => Math.floor((Date.parse(until) - now.getTime()) / DAY);
  const many = (count: number) =>
    count >= 2 * YEAR
      ? `${Math.floor(count / YEAR)} years`
      : count === 1
        ? "1 day"
        : `${count} days`;
  const left = days(span.not_after);
  if (Date.parse(span.not_after) < now.getTime())
    return { tone: "bad", text: `expired ${many(-left - 1)} ago` };
  if (Date.parse(span.not_before) > now.getTime())
    return { tone: "bad", text: `valid in ${many(days(span.not_before) + 1)}` };
  return { tone: left < 14 ? "warn" : "ok", text: `valid for ${many(left)}` };
}
