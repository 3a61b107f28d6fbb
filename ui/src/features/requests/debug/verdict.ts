/** A diagnosis in a word and a sentence. */
import type { Diagnosis } from "$/bridge";

export interface Verdict {
  tone: "ok" | "warn" | "bad";
  word: string;
  title: string;
}

export function verdict({ decision, rule, cause }: Diagnosis): Verdict {
  switch (decision) {
    case "refused":
      return { tone: "bad", word: rule ?? "refused", title: cause };
    case "accepted":
      return { tone: "ok", word: "accepted", title: cause };
    case "unknown":
      return { tone: "warn", word: "can't be told", title: cause };
  }
}
