/** The schemes that requests are signed with, by id, as people call them. */
export const schemes = [
  { id: "header-pair", name: "Header pair (app-id, secret-key)" },
  { id: "rfc9421-hmac-sha256", name: "RFC 9421 · hmac-sha256" },
  { id: "bearer", name: "Bearer token" },
] as const;

export function schemeName(id: string | null): string {
  return schemes.find((scheme) => scheme.id === id)?.name ?? id ?? "not set: chosen when sending";
}
