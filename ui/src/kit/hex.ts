/** A row of bytes as people read them: offset, hexadecimal, and what could be text. */
export const PER_ROW = 16;

/** `000001f0`: where a row begins. */
export function offset(row: number): string {
  return (row * PER_ROW).toString(16).padStart(8, "0");
}

/** Two digits a byte, in two groups of eight; the last row is padded. */
export function digits(bytes: Uint8Array): string {
  const pairs = Array.from({ length: PER_ROW }, (_, at) =>
    at < bytes.length ? (bytes[at] ?? 0).toString(16).padStart(2, "0") : "  ",
  );
  return `${pairs.slice(0, 8).join(" ")}  ${pairs.slice(8).join(" ")}`;
}

/** Printable ASCII as it is, a point for the rest. */
export function letters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·",
  ).join("");
}

export function decoded(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
