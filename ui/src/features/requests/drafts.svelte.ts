/**
 * The requests being composed. They outlive the screen, a refusal and a lock: the core keeps a copy,
 * and nothing typed is lost by an error.
 */
import { drafts, type Draft, type Exchange, type Failure } from "$/bridge";

export interface Compose {
  id: number;
  draft: Draft;
  sending: boolean;
  answer: Exchange | undefined;
  failure: Failure | undefined;
}

let next = 1;

function blank(): Compose {
  return {
    id: next++,
    draft: { method: "GET", url: "", headers: [], body: "", key: null, scheme: null },
    sending: false,
    answer: undefined,
    failure: undefined,
  };
}

export const compose = $state<{ list: Compose[]; at: number }>({ list: [blank()], at: 0 });

/** Takes up the requests that an earlier page of this window was composing. */
export async function takeUp(): Promise<void> {
  const kept = await drafts.read();
  if (kept.length > 0) compose.list = kept.map((draft) => ({ ...blank(), draft }));
}

const composed = () => $state.snapshot(compose.list).map((one) => one.draft);

/** Hands what is being composed to the core, a moment after the last key. */
export function keep(): () => void {
  const now = composed();
  const timer = setTimeout(() => void drafts.write(now), 250);
  return () => clearTimeout(timer);
}

/** The same at once: this page is about to end. */
export async function keepNow(): Promise<void> {
  await drafts.write(composed());
}

export function current(): Compose {
  const found = compose.list[compose.at];
  if (found) return found;
  const first = blank();
  compose.list = [first];
  compose.at = 0;
  return first;
}

export function open(draft: Partial<Draft> = {}): void {
  const made = blank();
  Object.assign(made.draft, draft);
  compose.list.unshift(made);
  compose.at = 0;
}

export function close(id: number): void {
  compose.list = compose.list.filter((one) => one.id !== id);
  if (compose.list.length === 0) compose.list = [blank()];
  compose.at = Math.min(compose.at, compose.list.length - 1);
}

/** What a request is called in the list: its path, or that it is new. */
export function title(draft: Draft): string {
  try {
    const url = new URL(draft.url);
    return url.pathname + url.search;
  } catch {
    return draft.url || "New request";
  }
}

/** Starting points against the local platform, so that the first answer is one click away. */
export function examples(origin: string): { name: string; draft: Partial<Draft> }[] {
  const json: [string, string][] = [["Content-Type", "application/json"]];
  return [
    { name: "Ping", draft: { method: "GET", url: `${origin}/api/v1/ping` } },
    {
      name: "Create a payin",
      draft: {
        method: "POST",
        url: `${origin}/api/v2/payins`,
        headers: json,
        body: '{\n  "amount": 100,\n  "currency": "AUD",\n  "external_id": "order-1"\n}',
      },
    },
    {
      name: "An access token",
      draft: { method: "GET", url: `${origin}/api/v1/payment_gateways/access_token` },
    },
  ];
}
