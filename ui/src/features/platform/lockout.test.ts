import { describe, expect, it, vi } from "vitest";
import { guarded, lockedOut } from "./lockout";

const refused = {
  code: "conflict",
  message: "the list locks out 127.0.0.1",
  hint: null,
  details: { locks_out: ["127.0.0.1", 7] },
};

describe("a list that locks out", () => {
  it("names the sources, and nothing else does", () => {
    expect(lockedOut(refused)).toEqual({
      message: "The list locks out 127.0.0.1",
      sources: ["127.0.0.1"],
    });
    expect(lockedOut({ ...refused, details: null })).toBeUndefined();
    expect(lockedOut(new Error("no"))).toBeUndefined();
  });

  it("is saved without the guard once a person says so, or with whom it would lock out", async () => {
    const save = vi.fn(async (_: string[], guard: boolean) => {
      if (guard) throw refused;
    });
    const ask = vi.fn();
    await guarded(["10.0.0.0/8"], save, ask);
    expect(save.mock.calls).toEqual([[["10.0.0.0/8"], true]]);
    const lockOut = ask.mock.calls[0]?.[0];
    await lockOut.saveAllTheSame();
    expect(save.mock.lastCall).toEqual([["10.0.0.0/8"], false]);
    await lockOut.keepThem();
    expect(save.mock.lastCall).toEqual([["10.0.0.0/8", "127.0.0.1"], false]);
  });

  it("is not asked about if it is wrong", async () => {
    const wrong = { ...refused, details: null };
    const ask = vi.fn();
    await expect(guarded([], () => Promise.reject(wrong), ask)).rejects.toBe(wrong);
    expect(ask).not.toHaveBeenCalled();
  });
});
