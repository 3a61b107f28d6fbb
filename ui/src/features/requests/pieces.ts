import type { BodyMatch } from "$/bridge";

export interface Piece {
  text: string;
  marked: BodyMatch | undefined;
}

/** A row cut where marks begin and end. The marks are in order and don't overlap. */
export function pieces(text: string, marks: readonly BodyMatch[]): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  for (const mark of marks) {
    if (mark.from > at) out.push({ text: text.slice(at, mark.from), marked: undefined });
    out.push({ text: text.slice(mark.from, mark.to), marked: mark });
    at = mark.to;
  }
  if (at < text.length || out.length === 0) out.push({ text: text.slice(at), marked: undefined });
  return out;
}
