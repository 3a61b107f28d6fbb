/** Whether a text that is pasted into the URL is a whole request. */
export function isRequest(text: string): boolean {
  const start = text.trimStart();
  return /^[$>]?\s*curl(\.exe)?\s/.test(start) || /^[A-Z]+ \S+ HTTP\/1\.[01]\s*$/m.test(start);
}

/** A name for a key that no key has, such as `api.example.com` or `api.example.com-2`. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const plain = wanted.replaceAll("/", "-") || "imported";
  const has = (name: string) => taken.some((other) => other.toLowerCase() === name.toLowerCase());
  if (!has(plain)) return plain;
  for (let number = 2; ; number += 1) if (!has(`${plain}-${number}`)) return `${plain}-${number}`;
}

/** The host of a URL with placeholders; empty if it has none yet. */
export function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return "";
  }
}
