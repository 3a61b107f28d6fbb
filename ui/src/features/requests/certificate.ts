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
