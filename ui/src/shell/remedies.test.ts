import { expect, test, vi } from "vitest";
import type { Explanation, Remedy } from "$/bridge";

const platform = vi.hoisted(() => ({
  allowSource: vi.fn(),
  grantScope: vi.fn(),
  setLimit: vi.fn(),
  setQuota: vi.fn(),
  setClientLimit: vi.fn(),
  advanceClock: vi.fn(),
}));
vi.mock("$/bridge", () => ({ platform }));
import { remedyFor } from "./remedies";

const refused = (remedy: Remedy | null): Explanation => ({
  request_id: "req_1",
  decision: "refused",
  rule: "source",
  cause: "",
  checks: [],
  fix: null,
  remedy,
});

test("a refusal that is not ours to mend has no button", () => {
  expect(remedyFor(refused(null))).toBeUndefined();
});

test("each button says and does what the core named", async () => {
  const cases: [Remedy, string, ReturnType<typeof vi.fn>, unknown[]][] = [
    [
      { act: "allow_source", app_id: "app", address: "::1" },
      "Allow ::1",
      platform.allowSource,
      ["app", "::1"],
    ],
    [
      { act: "grant_scope", app_id: "app", scope: "payins:read" },
      "Give payins:read",
      platform.grantScope,
      ["app", "payins:read"],
    ],
    [
      { act: "raise_limit", app_id: "app", per_minute: 120 },
      "Raise to 120 a minute",
      platform.setLimit,
      ["app", 120],
    ],
    [
      { act: "raise_quota", app_id: "app", per_day: 2_000 },
      "Raise to 2000 a day",
      platform.setQuota,
      ["app", 2_000],
    ],
    [
      { act: "raise_client_limit", client: "9a51", per_minute: 200 },
      "Raise the client to 200 a minute",
      platform.setClientLimit,
      ["9a51", 200],
    ],
    [
      { act: "advance_clock", by_ms: 5_400_000 },
      "Move the platform's clock 1 h 30 min ahead",
      platform.advanceClock,
      [5_400_000],
    ],
  ];
  for (const [remedy, label, call, given] of cases) {
    const button = remedyFor(refused(remedy));
    expect(button?.label).toBe(label);
    expect(call).not.toHaveBeenCalled();
    await button?.run();
    expect(call).toHaveBeenCalledExactlyOnceWith(...given);
  }
});
