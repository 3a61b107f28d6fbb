/** How values are written for people. Pure, so that tests can hold it. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, or how soon: `now`, `12 s ago`, `in 3 days`. */
export function relative(then: Date, now: Date): string {
  const delta = then.getTime() - now.getTime();
  const size = Math.abs(delta);
  if (size < 5_000) return "now";
  const [count, unit] =
    size < MINUTE
      ? [Math.round(size / 1_000), "s"]
      : size < HOUR
        ? [Math.round(size / MINUTE), "min"]
        : size < DAY
          ? [Math.round(size / HOUR), "h"]
          : [Math.round(size / DAY), Math.round(size / DAY) === 1 ? "day" : "days"];
  return delta < 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}

/** The exact time, for a title: `2026-11-09 14:02:11 UTC`. */
export function exact(then: Date): string {
  return `${then.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/**
 * A day: `9 Nov 2026`; without the year if it is this one. By hand: the engine's own formatter takes
 * the time of two frames to load, at the door as everywhere.
 */
export function day(then: Date, now: Date): string {
  const year = then.getUTCFullYear();
  const words = `${then.getUTCDate()} ${MONTHS[then.getUTCMonth()]}`;
  return year === now.getUTCFullYear() ? words : `${words} ${year}`;
}

/** A number of things: `1,204`. */
export function count(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The time of day to the millisecond: `14:02:11.042`. */
export function clock(then: Date): string {
  return then.toISOString().slice(11, 23);
}

/** A duration in milliseconds: `0.4 ms`, `12 ms`, `1.20 s`. */
export function millis(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** A span that a person waits for or moves a clock by: `42 s`, `1 h 30 min`, `3 d`. */
export function span(ms: number): string {
  let seconds = Math.ceil(ms / 1_000);
  const parts: string[] = [];
  for (const [unit, length] of [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ] as const) {
    if (seconds >= length && parts.length < 2)
      parts.push(`${Math.floor(seconds / length)} ${unit}`);
    seconds %= length;
  }
  return parts.join(" ") || "0 s";
}

/** A size: `312 B`, `1.4 KiB`, `3.0 MiB`. */
export function bytes(count: number): string {
  if (count < 1_024) return `${count} B`;
  if (count < 1_048_576) return `${(count / 1_024).toFixed(1)} KiB`;
  return `${(count / 1_048_576).toFixed(1)} MiB`;
}

/** An identifier shortened in the middle, so that both ends can be compared. */
export function shortened(text: string, keep = 8): string {
  return text.length <= 2 * keep + 1 ? text : `${text.slice(0, keep)}…${text.slice(-keep + 2)}`;
}

/** Two letters for a provider: `Hello Clever` is `HC`, `stripe` is `ST`. */
export function initials(name: string): string {
  const words = name.split(/[\s_\-.]+/).filter(Boolean);
  const letters =
    words.length > 1
      ? words.slice(0, 2).map((word) => word[0])
      : [...(words[0] ?? "?")].slice(0, 2);
  return letters.join("").toUpperCase();
}

/** A name as people write it: `hello-clever` is `Hello Clever`; one with capitals or spaces stays as it is. */
export function titled(name: string): string {
  if (!/^[a-z0-9]+([-_][a-z0-9]+)*$/.test(name)) return name;
  return name
    .split(/[-_]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}

/** A lock's countdown: `9:41`. */
export function countdown(seconds: number): string {
  const rest = Math.max(0, Math.floor(seconds));
  return `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
}

/** The body as it is best read: JSON indented, anything else as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The tone of a status code. */
export function statusTone(status: number): "ok" | "warn" | "bad" | "info" {
  if (status < 200) return "info";
  if (status < 400) return "ok";
  return status === 403 || status === 429 ? "warn" : "bad";
}
