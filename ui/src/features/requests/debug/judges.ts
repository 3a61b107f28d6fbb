/** What a pasted request can be judged by, and which of it fits a paste. */
import type { ItemView, KeyView } from "$/bridge";

/** `vault:` stands before the id of an item. */
export type By = "platform" | "typed" | "alone" | `vault:${string}`;

/** How a request should be signed. */
export interface Told {
  /** Empty: what the request or the key tells. */
  scheme: string;
  settings: Record<string, string>;
}

export interface AtHand {
  /** The keys of the vault; `undefined` while it is locked. */
  items: readonly ItemView[] | undefined;
  /** The keys that the running platform issued; `undefined` if none runs. */
  issued: readonly KeyView[] | undefined;
}

export function judges({ items, issued }: AtHand): { value: By; label: string }[] {
  return [
    ...(issued ? [{ value: "platform" as const, label: "the local platform's own rules" }] : []),
    ...(items ?? []).map((item) => ({
      value: `vault:${item.id}` as const,
      label: `${item.name}, held in the vault`,
    })),
    { value: "typed", label: "a secret typed for this alone" },
    { value: "alone", label: "nothing but the request" },
  ];
}

/** The judge that knows most of the key that the text names. */
export function suggested(text: string, { items, issued }: AtHand): By {
  if (issued?.some((key) => names(text, key.app_id))) return "platform";
  const held = items?.find((item) => item.public_id && names(text, item.public_id));
  if (held) return `vault:${held.id}`;
  if (issued) return "platform";
  return "typed";
}

/** Whether a public id stands in the text, and not as a part of another one. */
function names(text: string, id: string): boolean {
  const word = /[A-Za-z0-9_-]/;
  for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, at + 1)) {
    const [before, after] = [text.charAt(at - 1), text.charAt(at + id.length)];
    if (!word.test(before) && !word.test(after)) return true;
  }
  return false;
}
