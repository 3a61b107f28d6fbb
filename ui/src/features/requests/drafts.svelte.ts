/**
 * The requests being composed. They outlive the screen, a refusal and a lock: the core keeps a copy,
 * and nothing typed is lost by an error or by closing a tab too early.
 */
import {
  drafts,
  type CheckResult,
  type Draft,
  type DraftBody,
  type DraftOptions,
  type Exchange,
  type Expectations,
  type Failure,
} from "$/bridge";

export interface Compose {
  id: number;
  draft: Draft;
  sending: boolean;
  answer: Exchange | undefined;
  /** Whether the answer is as expected; empty if nothing was. */
  checks: CheckResult[];
  failure: Failure | undefined;
}

/** As many closed tabs can be opened again. */
const CLOSED = 20;

let next = 1;

export function noBody(): DraftBody {
  return { kind: "none", text: "", fields: [], parts: [], file: null };
}

export function noOptions(): DraftOptions {
  return {
    timeout_ms: null,
    allow_plain_http: false,
    no_proxy: false,
    client_cert: null,
    ca: [],
    off_the_record: false,
  };
}

export function nothingExpected(): Expectations {
  return { status: [], time_ms: null, headers: [], json: [], schema: null };
}

function blank(): Compose {
  return {
    id: next++,
    draft: {
      method: "GET",
      url: "",
      headers: [],
      body: noBody(),
      key: null,
      scheme: null,
      settings: {},
      follow_redirects: false,
      options: noOptions(),
      expect: nothingExpected(),
      capture: [],
    },
    sending: false,
    answer: undefined,
    checks: [],
    failure: undefined,
  };
}

export const compose = $state<{
  list: Compose[];
  at: number;
  closed: { one: Compose; at: number }[];
}>({ list: [blank()], at: 0, closed: [] });

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

export function isUntouched({ draft, answer }: Compose): boolean {
  return draft.url === "" && draft.body.text === "" && draft.headers.length === 0 && !answer;
}

/** Opens a request behind the one that is shown, and shows it; an empty one makes room. */
export function open(draft: Partial<Draft> = {}): void {
  const made = blank();
  Object.assign(made.draft, draft);
  const replaces = isUntouched(current()) && Object.keys(draft).length > 0;
  compose.list.splice(replaces ? compose.at : compose.at + 1, replaces ? 1 : 0, made);
  if (!replaces) compose.at += 1;
}

export function duplicate(): void {
  const made = { ...blank(), draft: $state.snapshot(current().draft) };
  compose.list.splice(compose.at + 1, 0, made);
  compose.at += 1;
}

export function close(id: number): void {
  const at = compose.list.findIndex((one) => one.id === id);
  const [one] = at < 0 ? [] : compose.list.splice(at, 1);
  if (!one) return;
  if (!isUntouched(one)) compose.closed = [...compose.closed, { one, at }].slice(-CLOSED);
  if (compose.list.length === 0) compose.list = [blank()];
  if (compose.at > at || compose.at >= compose.list.length)
    compose.at = Math.max(0, compose.at - 1);
}

/** Opens the tab that was closed last where it was; `false` if there is none. */
export function reopen(): boolean {
  const last = compose.closed.at(-1);
  if (!last) return false;
  compose.closed = compose.closed.slice(0, -1);
  const at = Math.min(last.at, compose.list.length);
  compose.list.splice(at, 0, last.one);
  compose.at = at;
  return true;
}

/** Shows the next tab, or the one before; behind the last comes the first. */
export function turn(by: 1 | -1): void {
  compose.at = (compose.at + by + compose.list.length) % compose.list.length;
}

/** What a request is called: its path, or that it is new. */
export function title(draft: Draft): string {
  if (draft.home?.name) return draft.home.name;
  if (draft.url.includes("{{")) return draft.url;
  try {
    const url = new URL(draft.url);
    return url.pathname + url.search;
  } catch {
    return draft.url || "New request";
  }
}

/** Starting points against the local platform, so that the first answer is one click away. */
export function examples(origin: string): { name: string; draft: Partial<Draft> }[] {
  return [
    { name: "Ping", draft: { method: "GET", url: `${origin}/api/v1/ping` } },
    {
      name: "Create a payin",
      draft: {
        method: "POST",
        url: `${origin}/api/v2/payins`,
        body: {
          ...noBody(),
          kind: "json",
          text: '{\n  "amount": 100,\n  "currency": "AUD",\n  "external_id": "order-1"\n}',
        },
      },
    },
    {
      name: "An access token",
      draft: { method: "GET", url: `${origin}/api/v1/payment_gateways/access_token` },
    },
  ];
}
