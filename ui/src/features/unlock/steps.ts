/** Seconds until the authenticator shows its next code. */
export function secondsToNextCode(now: Date): number {
  return 30 - (Math.floor(now.getTime() / 1_000) % 30);
}
