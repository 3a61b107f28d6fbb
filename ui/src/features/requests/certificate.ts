/** What a person wants to know of a certificate at once. */
const DAY = 86_400_000;

export function validity(
  certificate: { not_before: string; not_after: string },
  now: Date,
): { tone: "ok" | "warn" | "bad"; text: string } {
  const days = (until: string) => Math.floor((Date.parse(until) - now.getTime()) / DAY);
  const many = (count: number) => (count === 1 ? "1 day" : `${count} days`);
  const left = days(certificate.not_after);
  if (Date.parse(certificate.not_after) < now.getTime())
    return { tone: "bad", text: `expired ${many(-left - 1)} ago` };
  if (Date.parse(certificate.not_before) > now.getTime())
    return { tone: "bad", text: `valid in ${many(days(certificate.not_before) + 1)}` };
  return { tone: left < 14 ? "warn" : "ok", text: `valid for ${many(left)}` };
}

/** Whether a certificate's name stands for a host; a star stands for one label (RFC 9525, section 6.3). */
export function covers(name: string, host: string): boolean {
  const [pattern, wanted] = [name.toLowerCase(), host.toLowerCase()];
  if (pattern === wanted) return true;
  return pattern.startsWith("*.") && wanted.slice(wanted.indexOf(".")) === pattern.slice(1);
}

/** Why the peer could not be verified, as the core names it in a failure's details. */
export interface Untrusted {
  problem: string;
  server_name: string;
  chain: {
    subject: string;
    issuer: string;
    names: string[];
    not_before: string;
    not_after: string;
    sha256: string;
  }[];
}

export function untrusted(details: unknown): Untrusted | undefined {
  if (typeof details !== "object" || details === null) return undefined;
  const { phase, problem, server_name, chain } = details as Record<string, unknown>;
  if (phase !== "tls" || typeof problem !== "string" || typeof server_name !== "string")
    return undefined;
  return {
    problem,
    server_name,
    chain: Array.isArray(chain) ? (chain as Untrusted["chain"]) : [],
  };
}
