import type { Entry } from "$/bridge";

/** Edits a row of a table in place; one behind the last is a new one. */
export function edit(rows: Entry[], index: number, part: "name" | "value", text: string): void {
  const row = rows[index];
  if (row) row[part] = text;
  else rows.push({ name: "", value: "", enabled: true, [part]: text });
}

export function toggle(rows: Entry[], index: number): void {
  const row = rows[index];
  if (row) row.enabled = !row.enabled;
}
