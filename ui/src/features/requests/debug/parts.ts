/** How the parts of a canonical form are set out: what is the same takes no room. */
import type { Part, Piece } from "$/bridge";

export interface Cell {
  text: string;
  differs: boolean;
  /** The name of a character that can't be seen; `text` is that name then. */
  invisible: boolean;
  /** Whether a line ends behind it. */
  ends: boolean;
}

const ENDS = new Set(["LF", "CRLF"]);

export function cells(pieces: readonly Piece[]): Cell[] {
  return pieces.map((piece) => ({ ...piece, ends: piece.invisible && ENDS.has(piece.text) }));
}

/** Those that differ or may differ first, each group in the order of the form. */
export function set(parts: readonly Part[]): { open: Part[]; same: Part[] } {
  return {
    open: parts.filter((part) => part.same !== true),
    same: parts.filter((part) => part.same === true),
  };
}

/** What a screen reader says of a side: marks are heard. */
export function spoken(pieces: readonly Piece[]): string {
  return pieces
    .map(({ text, differs, invisible }) => {
      const said = invisible ? `(${text})` : text;
      return differs ? ` differs: ${said} ` : said;
    })
    .join("")
    .trim();
}
