/** Where words stand in a text that is all here. */
export interface Place {
  from: number;
  to: number;
}

/** As many places are named; a text is searched to its end all the same. */
const NAMED = 5_000;

export function places(
  text: string,
  words: string,
  matchCase: boolean,
): { total: number; places: Place[] } {
  const found: Place[] = [];
  if (words === "") return { total: 0, places: found };
  let total = 0;
  // Only ASCII letters have another case here: with others, a text can change its length.
  const lower = (any: string) => any.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const [where, what] = matchCase ? [text, words] : [lower(text), lower(words)];
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + what.length)) {
    total += 1;
    if (found.length < NAMED) found.push({ from: at, to: at + what.length });
  }
  return { total, places: found };
}
