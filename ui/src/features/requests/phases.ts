import type { Timings } from "$/bridge";

export interface Phase {
  name: string;
  what: string;
  tone: "plain" | "info" | "accent" | "ok" | "faint";
  /** When it began, in milliseconds from the start. */
  from: number;
  ms: number;
}

/** A request's phases one after the other. */
export function phases(timings: Timings): Phase[] {
  let from = 0;
  const phase = (name: string, what: string, tone: Phase["tone"], ms: number): Phase => {
    const one = { name, what, tone, from, ms };
    from += ms;
    return one;
  };
  return [
    phase("DNS", "looking up the name", "plain", timings.dns_ms),
    phase("TCP", "the connection", "info", timings.connect_ms),
    phase("TLS", "the handshake", "accent", timings.tls_ms),
    phase("First byte", "waiting for the server", "ok", timings.first_byte_ms),
    phase("Download", "the rest of the answer", "faint", timings.download_ms),
  ];
}
