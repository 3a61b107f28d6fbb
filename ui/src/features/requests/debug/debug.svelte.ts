/**
 * The request that is being looked into. It lives in this page alone: nothing of a paste is kept, and a
 * secret that was typed for it is gone as soon as it was used.
 */
import {
  asFailure,
  debug,
  type Diagnosis,
  type Failure,
  type HistoryRow,
  type LookedInto,
} from "$/bridge";
import type { By, Told } from "./judges";

interface Looking {
  /** A request, or a token that is looked at by itself. */
  at: "request" | "token";
  /** What was pasted. */
  text: string;
  /** Chosen by a person; until then, what the paste suggests. */
  by: By | undefined;
  /** How it should be signed, and what that scheme is told; what the request or the key tells if empty. */
  scheme: string;
  settings: Record<string, string>;
  /** The address that it came from, and the time to judge it at; empty if that was not said. */
  peer: string;
  time: string;
  /** The refused request of the local platform that is looked at in place of a paste. */
  requestId: string | undefined;
  /** The request of the history that is looked at in place of a paste. */
  past: HistoryRow | undefined;
  busy: boolean;
  failure: Failure | undefined;
  diagnosis: Diagnosis | undefined;
  /** What the paste was read as. */
  read: Omit<LookedInto, "diagnosis"> | undefined;
}

export const looking = $state<Looking>({
  at: "request",
  text: "",
  by: undefined,
  scheme: "",
  settings: {},
  peer: "",
  time: "",
  requestId: undefined,
  past: undefined,
  busy: false,
  failure: undefined,
  diagnosis: undefined,
  read: undefined,
});

/** Counts what was asked, so that an answer that comes too late is dropped. */
let asked = 0;

function forget(): void {
  asked += 1;
  looking.at = "request";
  looking.requestId = undefined;
  looking.past = undefined;
  looking.busy = false;
  looking.failure = undefined;
  looking.diagnosis = undefined;
  looking.read = undefined;
}

/** Back to the paste, which is as it was. */
export function edit(): void {
  forget();
}

/** Shows a place for a token. */
export function lookAtTokens(): void {
  forget();
  looking.at = "token";
}

/** Begins with an empty paste. */
export function anew(): void {
  forget();
  looking.text = "";
  looking.by = undefined;
  looking.scheme = "";
  looking.settings = {};
  looking.peer = "";
  looking.time = "";
}

/** Looks into what was pasted. */
export async function lookInto(by: By, typed: { id: string; secret: string }): Promise<void> {
  forget();
  const { text, scheme, settings, peer, time } = looking;
  await answered(async () => {
    const { diagnosis, ...read } = await debug.paste({
      text,
      judge: judge(by, { ...typed, scheme, settings: $state.snapshot(settings) }),
      peer: peer.trim() || null,
      at: time.trim() || null,
    });
    return { diagnosis, read };
  });
}

/** Looks into a request that the local platform refused. */
export async function lookIntoRefused(requestId: string): Promise<void> {
  forget();
  looking.requestId = requestId;
  await answered(async () => ({ diagnosis: await debug.refused(requestId), read: undefined }));
}

/** Looks into a request of the history, by the key that it was sent with. */
export async function lookIntoPast(row: HistoryRow): Promise<void> {
  forget();
  looking.past = row;
  await answered(async () => ({ diagnosis: await debug.past(row.id, null), read: undefined }));
}

async function answered(ask: () => Promise<Pick<Looking, "diagnosis" | "read">>): Promise<void> {
  const mine = asked;
  looking.busy = true;
  try {
    const answer = await ask();
    if (asked === mine) Object.assign(looking, answer);
  } catch (thrown) {
    if (asked === mine) looking.failure = asFailure(thrown);
  } finally {
    if (asked === mine) looking.busy = false;
  }
}

function judge(by: By, { id, secret, scheme, settings }: { id: string; secret: string } & Told) {
  const told = scheme || null;
  switch (by) {
    case "platform":
      return { by } as const;
    case "alone":
      return { by } as const;
    case "typed":
      return { by, id: id.trim() || null, secret, scheme: told, settings } as const;
    default:
      return { by: "vault", key: by.slice("vault:".length), scheme: told } as const;
  }
}
