/** What of the history is looked for, as the list's fields have it. */
import type { HistoryFilter } from "$/bridge";

export interface Wanted {
  text: string;
  /** The first digit of the status, `0` for no answer, or nothing. */
  status: string;
  key: string;
  host: string;
}

export const everything: Readonly<Wanted> = { text: "", status: "", key: "", host: "" };

export const statuses = [
  { value: "", label: "Status" },
  { value: "2", label: "2xx accepted" },
  { value: "3", label: "3xx elsewhere" },
  { value: "4", label: "4xx refused" },
  { value: "5", label: "5xx broken" },
  { value: "0", label: "No answer" },
];

export function isEverything({ text, status, key, host }: Wanted): boolean {
  return [text.trim(), status, key, host].every((one) => one === "");
}

/** As the core asks for it; a field that is absent leaves out nothing. */
export function filterOf({ text, status, key, host }: Wanted): Partial<HistoryFilter> {
  return {
    ...(text.trim() === "" ? {} : { text: text.trim() }),
    ...(status === "" ? {} : { status_class: Number(status) }),
    ...(key === "" ? {} : { key }),
    ...(host === "" ? {} : { host }),
  };
}

/** The choices of a field: what was seen, in order, and what is chosen even if it was not. */
export function choices(
  any: string,
  seen: Iterable<string>,
  chosen: string,
): { value: string; label: string }[] {
  const all = new Set(seen);
  if (chosen !== "") all.add(chosen);
  const named = [...all].sort((one, other) => one.localeCompare(other, "en"));
  return [{ value: "", label: any }, ...named.map((value) => ({ value, label: value }))];
}
