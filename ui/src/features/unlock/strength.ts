/** What can be said of a passphrase without a word list: its length and its variety. */
export interface Strength {
  /** 0 to 4. */
  score: number;
  words: string;
}

export const MIN_LENGTH = 10;

const more = (count: number) => (count === 1 ? "1 more character" : `${count} more characters`);

export function strength(passphrase: string): Strength {
  const length = [...passphrase].length;
  const distinct = new Set(passphrase.toLowerCase()).size;
  if (length === 0) return { score: 0, words: "" };
  if (length < MIN_LENGTH) return { score: 1, words: `At least ${more(MIN_LENGTH - length)}.` };
  if (distinct < 6) return { score: 1, words: "Too few different characters." };
  if (length < 16) return { score: 2, words: "Fair: four random words are better." };
  if (length < 22 || distinct < 10) return { score: 3, words: "Good." };
  return { score: 4, words: "Strong." };
}
