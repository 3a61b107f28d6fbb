/** An issued key in words. */

import type { KeyView } from "$/bridge";
import { count, relative } from "$/kit/format";
import { waitText } from "./validate";

export const tones = {
  not_yet: "plain",
  active: "ok",
  rotating: "warn",
  expired: "plain",
  revoked: "bad",
} as const;

/** Whether it can no longer be used. */
export const isDead = (key: KeyView): boolean => key.state === "revoked" || key.state === "expired";

/** Whether it is one for real money, by its id. */
export const isLive = (key: KeyView): boolean => key.app_id.startsWith("sr_app_live_");

/** Its secrets that count now, the newest first. */
export const counting = (key: KeyView) => key.secrets.filter((secret) => secret.is_live);

/** Its state: `active`, `rotating, 6 h left`. */
export function stateWords(key: KeyView, now: Date): string {
  const retires = counting(key).find((secret) => secret.retire_at !== null)?.retire_at;
  if (key.state === "rotating" && retires)
    return `rotating, ${relative(new Date(retires), now).replace(/^in /, "")} left`;
  return key.state === "not_yet" ? "not yet" : key.state;
}

/** A list as far as there is room for it: `127.0.0.0/8 +1`. */
export const brief = (list: readonly string[]): string =>
  list.length > 1 ? `${list[0]} +${list.length - 1}` : (list[0] ?? "");

/** What it may do, shortly: `payins, payouts:write`; what it may read and write by one word. */
export function mayDo(scopes: readonly string[]): string {
  const whole = (noun: string) =>
    scopes.includes(`${noun}:read`) && scopes.includes(`${noun}:write`);
  const told = scopes.map((scope) => {
    const noun = scope.split(":")[0] ?? scope;
    return whole(noun) ? noun : scope;
  });
  return [...new Set(told)].join(", ");
}

/** What it is held to beside its limit for the minute: `1,000 a day`, `waits 2 s`. */
export const further = (key: KeyView): string[] =>
  [
    key.daily_quota !== null && `${count(key.daily_quota)} a day`,
    key.client_limit_per_minute !== null && `client ${count(key.client_limit_per_minute)}`,
    key.delay_ms !== null && `waits ${waitText(key.delay_ms)}`,
  ].filter((told) => told !== false);
