/** Text whose invisible characters can be seen: a signature covers them too. */
export interface VisiblePiece {
  text: string;
  /** What the character is called, if it can't be seen. */
  name?: string;
}

const NAMES: Record<string, [shown: string, name: string]> = {
  "\n": ["↵\n", "line feed"],
  "\r": ["␍", "carriage return"],
  "\t": ["→\t", "tab"],
  "\u0000": ["␀", "NUL"],
  "\u00a0": ["⍽", "no-break space"],
  "\u00ad": ["-", "soft hyphen"],
  "\u200b": ["▯", "zero width space"],
  "\u200c": ["▯", "zero width non-joiner"],
  "\u200d": ["▯", "zero width joiner"],
  "\u2060": ["▯", "word joiner"],
  "\ufeff": ["▯", "byte order mark"],
};

/** Everything that is drawn as nothing, and spaces at the end of a line. */
const INVISIBLE =
  /[\u0000-\u0009\u000a-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]| +(?=\r?\n|$)/g;

export function visible(text: string): VisiblePiece[] {
  const out: VisiblePiece[] = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(INVISIBLE)) {
    if (index > at) out.push({ text: text.slice(at, index) });
    at = index + found.length;
    if (found.startsWith(" ")) {
      const name = found.length === 1 ? "a space at the end" : `${found.length} spaces at the end`;
      out.push({ text: "·".repeat(found.length), name });
      continue;
    }
    const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    const [shown, name] = NAMES[found] ?? ["▯", `U+${code}`];
    out.push({ text: shown, name });
  }
  if (at < text.length) out.push({ text: text.slice(at) });
  return out;
}
