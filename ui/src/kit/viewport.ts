/**
 * Which rows of a list of any length are in view. An engine draws no element of more than some thirty
 * million pixels, so beyond a height the scroll bar stands for the rows in proportion.
 */

/** The tallest element that is drawn, in pixels. */
export const TALLEST = 8_000_000;

export interface Viewport {
  rows: number;
  rowHeight: number;
  /** The height of what is seen, in pixels. */
  height: number;
}

/** The height of the element that is scrolled. */
export function extent(view: Viewport): number {
  return Math.min(view.rows * view.rowHeight, TALLEST);
}

/** Whether one pixel of the scroll bar is more than one of the rows. */
export function isScaled(view: Viewport): boolean {
  return view.rows * view.rowHeight > TALLEST;
}

/** The highest row that can come first, so that the last one is still at the lower edge. */
export function lastFirst(view: Viewport): number {
  return Math.max(0, view.rows - view.height / view.rowHeight);
}

/** The row at the upper edge, with its fraction, where the element is scrolled to `top`. */
export function firstRow(top: number, view: Viewport): number {
  if (!isScaled(view)) return Math.min(top / view.rowHeight, lastFirst(view));
  return (top / (extent(view) - view.height)) * lastFirst(view);
}

/** Where the element is scrolled to for `row` to come first. */
export function topOf(row: number, view: Viewport): number {
  const first = Math.min(Math.max(row, 0), lastFirst(view));
  if (!isScaled(view)) return first * view.rowHeight;
  return (first / lastFirst(view)) * (extent(view) - view.height);
}

/** The row that comes first after a key; `undefined` for a key that scrolls nothing. */
export function afterKey(key: string, first: number, view: Viewport): number | undefined {
  const page = Math.max(1, Math.floor(view.height / view.rowHeight) - 1);
  const to = {
    ArrowDown: first + 1,
    ArrowUp: first - 1,
    PageDown: first + page,
    PageUp: first - page,
    Home: 0,
    End: lastFirst(view),
  }[key];
  return to === undefined ? undefined : Math.min(Math.max(to, 0), lastFirst(view));
}
