/** Names and values that headers of requests usually have, to be completed while typing. */
export const NAMES = [
  "Accept",
  "Accept-Encoding",
  "Accept-Language",
  "access-token",
  "app-id",
  "Authorization",
  "Cache-Control",
  "Content-Digest",
  "Content-Encoding",
  "Content-Language",
  "Content-Type",
  "Cookie",
  "Date",
  "Digest",
  "Expect",
  "Forwarded",
  "From",
  "Host",
  "Idempotency-Key",
  "If-Match",
  "If-Modified-Since",
  "If-None-Match",
  "Origin",
  "Prefer",
  "Range",
  "Referer",
  "secret-key",
  "Signature",
  "Signature-Input",
  "traceparent",
  "User-Agent",
  "X-Api-Key",
  "X-Forwarded-For",
  "X-Request-Id",
] as const;

const MEDIA = [
  "application/json",
  "application/x-www-form-urlencoded",
  "application/xml",
  "multipart/form-data",
  "text/plain",
];
const VALUES: Record<string, readonly string[]> = {
  accept: ["application/json", "application/problem+json", "*/*"],
  "accept-encoding": ["identity", "gzip"],
  authorization: ["Bearer ", "Basic "],
  "cache-control": ["no-cache", "no-store"],
  "content-type": MEDIA,
  expect: ["100-continue"],
  prefer: ["return=minimal", "return=representation", "respond-async"],
};

export function valuesOf(name: string): readonly string[] {
  return VALUES[name.trim().toLowerCase()] ?? [];
}
