/** The variables of an environment as rows of a table, and back. */

export interface Row {
  name: string;
  value: string;
}

export function rowsOf(variables: Readonly<Record<string, string | undefined>>): Row[] {
  return Object.entries(variables).map(([name, value]) => ({ name, value: value ?? "" }));
}

/** The rows that have a name. */
export function variables(rows: readonly Row[]): Record<string, string> {
  const named = rows.filter(({ name }) => name.trim() !== "");
  return Object.fromEntries(named.map(({ name, value }) => [name.trim(), value]));
}

/** A name that two rows have; nothing if none has. */
export function twice(rows: readonly Row[]): string | undefined {
  const names = rows.map(({ name }) => name.trim()).filter(Boolean);
  return names.find((name, at) => names.indexOf(name) !== at);
}
