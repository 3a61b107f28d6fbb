import { expect, test } from "vitest";
import type { KeyView } from "$/bridge";
import { brief, counting, further, isDead, isLive, mayDo, stateWords } from "./key";

const now = new Date("2026-11-28T21:00:00Z");
const secret = (id: number, retire_at: string | null, is_live = true) => ({
  id,
  is_live,
  created: "2026-11-28T20:00:00Z",
  retire_at,
  last_used: null,
});
const key = (differs: Partial<KeyView>): KeyView => ({
  app_id: "sr_app_test_1",
  name: "payments-dev",
  client: "client",
  state: "active",
  scopes: [],
  limit_per_minute: 60,
  daily_quota: null,
  used_today: null,
  delay_ms: null,
  waiting: 0,
  client_limit_per_minute: null,
  allow: [],
  may_sign: true,
  created: "2026-11-28T20:00:00Z",
  not_before: null,
  expires: null,
  revoked: null,
  last_used: null,
  secrets: [secret(1, null)],
  note: "",
  ...differs,
});

test("a key that is rotated says how long its older secret goes on", () => {
  const rotating = key({
    state: "rotating",
    secrets: [secret(2, null), secret(1, "2026-11-29T03:00:00Z")],
  });
  expect(stateWords(rotating, now)).toBe("rotating, 6 h left");
  expect(counting(rotating).map(({ id }) => id)).toEqual([2, 1]);
  expect(stateWords(key({ state: "not_yet" }), now)).toBe("not yet");
  expect(stateWords(key({}), now)).toBe("active");
});

test("a secret that has ended does not count", () => {
  const rotated = key({ secrets: [secret(2, null), secret(1, "2026-11-28T20:30:00Z", false)] });
  expect(counting(rotated).map(({ id }) => id)).toEqual([2]);
});

test("what a key is held to beside the minute is told", () => {
  expect(further(key({}))).toEqual([]);
  const held = key({ daily_quota: 1_000, client_limit_per_minute: 90, delay_ms: 2_000 });
  expect(further(held)).toEqual(["1,000 a day", "client 90", "waits 2 s"]);
});

test("lists are shortened, and what is read and written is one word", () => {
  expect([[], ["a"], ["a", "b", "c"]].map(brief)).toEqual(["", "a", "a +2"]);
  expect(mayDo([])).toBe("");
  expect(mayDo(["payins:read"])).toBe("payins:read");
  expect(mayDo(["payins:read", "payins:write", "payouts:write"])).toBe("payins, payouts:write");
});

test("live and test keys, and those that are over, are told apart", () => {
  expect(isLive(key({ app_id: "sr_app_live_1" }))).toBe(true);
  expect(isLive(key({}))).toBe(false);
  expect([key({}), key({ state: "expired" }), key({ state: "revoked" })].map(isDead)).toEqual([
    false,
    true,
    true,
  ]);
});
