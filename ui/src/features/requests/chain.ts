/** The redirects that led to an answer, a step each, with what did not come along. */
import type { Exchange } from "$/bridge";

export interface Hop {
  status: number;
  from: string;
  to: string;
  followed: boolean;
  /** Whether it leads to another origin. */
  crosses: boolean;
  /** What is different there, in sentences. */
  remarks: string[];
}

export function hops({ redirects }: Pick<Exchange, "redirects">): Hop[] {
  return (redirects ?? []).map(({ status, from, to, followed, credential_dropped, note }) => {
    const crosses = originOf(from) !== originOf(to);
    const remarks: string[] = [];
    if (credential_dropped)
      remarks.push("The credential stayed behind, since it leads to another origin.");
    else if (crosses && followed)
      remarks.push("It leads to another origin. No credential went along.");
    if (followed && status === 303) remarks.push("It went on as a GET, without the body.");
    if (note) remarks.push(`Not followed: ${note}.`);
    else if (!followed) remarks.push("Shown, and not followed.");
    return { status, from, to, followed, crosses, remarks };
  });
}

/** Whether there is more to tell than where one answer leads. */
export function isChain(all: readonly Hop[]): boolean {
  return (
    all.length > 1 ||
    all.some(({ followed, remarks }) => followed || remarks[0]?.startsWith("Not followed"))
  );
}

function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return url;
  }
}
