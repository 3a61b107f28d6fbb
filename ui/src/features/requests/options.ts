/** After how long a request is given up, as it is typed: in seconds, or nothing for the default. */

const MOST = 3_600_000;

export function seconds(milliseconds: number | null): string {
  return milliseconds === null ? "" : String(milliseconds / 1000);
}

/** In milliseconds; `null` for the default, nothing if it is no time. */
export function timeout(typed: string): number | null | undefined {
  const text = typed.trim();
  if (text === "") return null;
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  const milliseconds = Math.round(Number(text) * 1000);
  return milliseconds >= 1 && milliseconds <= MOST ? milliseconds : undefined;
}
