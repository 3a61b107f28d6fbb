/** Where the rows of a list lie when some of them follow a heading. */

/** Rows that follow each other and have something in common. */
export interface Group {
  /** The index of its first row. */
  start: number;
  label: string;
}

export interface Shape {
  rows: number;
  rowHeight: number;
  /** By their first rows, none of them empty. */
  groups: readonly Group[];
}

/** The height of a heading, in pixels. */
export const HEADING = 28;

/** How many groups begin at this row or before it. */
function begun(row: number, groups: readonly Group[]): number {
  let low = 0;
  let high = groups.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((groups[middle]?.start ?? 0) <= row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The upper edges of a row and of its heading, where it has one, else of itself; in pixels. */
export function placeOf(index: number, shape: Shape): { heading: number; row: number } {
  const groups = begun(index, shape.groups);
  const row = index * shape.rowHeight + groups * HEADING;
  const heads = groups > 0 && shape.groups[groups - 1]?.start === index;
  return { heading: heads ? row - HEADING : row, row };
}

/** The height of all rows and headings, in pixels. */
export function heightOf({ rows, rowHeight, groups }: Shape): number {
  return rows * rowHeight + groups.length * HEADING;
}

/** The row at this height, or the first under the heading that is there; the last for anything below. */
export function rowAt(top: number, shape: Shape): number {
  let low = 0;
  let high = Math.max(0, shape.rows - 1);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (placeOf(middle, shape).heading <= top) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Which groups begin at rows from `first` to before `last`: from which one, to before which one. */
export function headedAt(first: number, last: number, groups: readonly Group[]): [number, number] {
  return [begun(first - 1, groups), begun(last - 1, groups)];
}
