import type { ActivityRow } from "$/bridge";

/** Rows under the day (UTC) that they happened on, in their given order. */
export function byDay(rows: readonly ActivityRow[]): { day: string; rows: ActivityRow[] }[] {
  const groups: { day: string; rows: ActivityRow[] }[] = [];
  for (const row of rows) {
    const day = row.at.slice(0, 10);
    const last = groups.at(-1);
    if (last?.day === day) last.rows.push(row);
    else groups.push({ day, rows: [row] });
  }
  return groups;
}
