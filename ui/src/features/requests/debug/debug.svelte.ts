/**
 * The request that is being looked into. It lives in this page alone: nothing of a paste is kept, and a
 * secret that was typed for it is gone as soon as it was used.
 */
import { asFailure, debug, type Diagnosis, type Failure, type LookedInto } from "$/bridge";
import type { By } from "./judges";

interface Looking {
  /** What was pasted. */
  text: string;
  /** Chosen by a person; until then, what the paste suggests. */
  by: By | undefined;
  /** The address that it came from, and the time to judge it at; empty if that was not said. */
  peer: string;
  at: string;
  /** The refused request of the local platform that is looked at in place of a paste. */
  requestId: string | undefined;
  busy: boolean;
  failure: Failure | undefined;
  diagnosis: Diagnosis | undefined;
  /** What the paste was read as. */
  read: Omit<LookedInto, "diagnosis"> | undefined;
}

export const looking = $state<Looking>({
  text: "",
  by: undefined,
  peer: "",
  at: "",
  requestId: undefined,
  busy: false,
  failure: undefined,
  diagnosis: undefined,
  read: undefined,
});

function forget(): void {
  looking.failure = undefined;
  looking.diagnosis = undefined;
  looking.read = undefined;
}

/** Back to the paste, which is as it was. */
export function edit(): void {
  looking.requestId = undefined;
  forget();
}

/** Begins with an empty paste. */
export function anew(): void {
  edit();
  looking.text = "";
  looking.by = undefined;
  looking.peer = "";
  looking.at = "";
}

/** Looks into what was pasted. */
export async function lookInto(by: By, typed: { id: string; secret: string }): Promise<void> {
  await answered(undefined, async () => {
    const { diagnosis, ...read } = await debug.paste({
      text: looking.text,
      judge: judge(by, typed),
      peer: looking.peer.trim() || null,
      at: looking.at.trim() || null,
    });
    return { diagnosis, read };
  });
}

/** Looks into a request that the local platform refused. */
export async function lookIntoRefused(requestId: string): Promise<void> {
  await answered(requestId, async () => ({
    diagnosis: await debug.refused(requestId),
    read: undefined,
  }));
}

async function answered(
  requestId: string | undefined,
  ask: () => Promise<Pick<Looking, "diagnosis" | "read">>,
): Promise<void> {
  forget();
  looking.requestId = requestId;
  looking.busy = true;
  try {
    const answer = await ask();
    if (looking.requestId === requestId) Object.assign(looking, answer);
  } catch (thrown) {
    if (looking.requestId === requestId) looking.failure = asFailure(thrown);
  } finally {
    if (looking.requestId === requestId) looking.busy = false;
  }
}

function judge(by: By, { id, secret }: { id: string; secret: string }) {
  switch (by) {
    case "platform":
      return { by } as const;
    case "alone":
      return { by } as const;
    case "typed":
      return { by, id: id.trim() || null, secret } as const;
    default:
      return { by: "vault", key: by.slice("vault:".length) } as const;
  }
}
