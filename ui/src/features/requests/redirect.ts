import type { Exchange } from "$/bridge";

/** Where an answer leads. It is shown and not followed: a credential stays with the host it is for. */
export interface Redirect {
  status: number;
  /** As the answer says it. */
  location: string;
  /** Absolute. */
  url: string;
  /** How a client would go on (RFC 9110, section 15.4). */
  method: string;
  /** What is different there, in sentences. */
  remarks: string[];
}

export function redirect(
  answer: Pick<Exchange, "status" | "headers" | "sent">,
): Redirect | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined;
  const location = answer.headers.find(([name]) => name.toLowerCase() === "location")?.[1];
  if (location === undefined) return undefined;
  let from: URL;
  let to: URL;
  try {
    from = new URL(answer.sent.url);
    to = new URL(location, from);
  } catch {
    return undefined;
  }
  const sent = answer.sent.method;
  const becomesGet =
    (answer.status === 303 && sent !== "HEAD") || (answer.status <= 302 && sent === "POST");
  const method = becomesGet ? "GET" : sent;
  const remarks: string[] = [];
  if (to.host !== from.host)
    remarks.push(`${to.host} is another host: the key is not sent there unless you choose one.`);
  if (from.protocol === "https:" && to.protocol === "http:")
    remarks.push("It leaves HTTPS: what is sent there can be read on the way.");
  if (method !== sent) remarks.push(`${sent} becomes ${method}, and the body is left out.`);
  if (method === sent && to.href === from.href) remarks.push("It leads to itself.");
  return { status: answer.status, location, url: to.href, method, remarks };
}
