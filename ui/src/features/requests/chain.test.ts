import { expect, test } from "vitest";
import type { Redirect } from "$/bridge";
import { hops, isChain } from "./chain";

const hop = (over: Partial<Redirect>): Redirect => ({
  status: 302,
  from: "https://localhost:8443/a",
  to: "https://localhost:8443/b",
  followed: true,
  credential_dropped: false,
  note: null,
  ...over,
});

test("an answer without redirects has no chain", () => {
  expect(hops({})).toEqual([]);
  expect(isChain([])).toBe(false);
});

test("one that is shown and not followed is no chain, unless it was to be followed", () => {
  const shown = hops({ redirects: [hop({ followed: false })] });
  expect(shown[0]?.remarks).toEqual(["Shown, and not followed."]);
  expect(isChain(shown)).toBe(false);
  const refused = hops({
    redirects: [hop({ followed: false, note: "it leads from HTTPS to plain HTTP" })],
  });
  expect(refused[0]?.remarks).toEqual(["Not followed: it leads from HTTPS to plain HTTP."]);
  expect(isChain(refused)).toBe(true);
});

test("what stayed behind is said where it stayed", () => {
  const [same, other, plain] = hops({
    redirects: [
      hop({}),
      hop({ to: "https://elsewhere.example/b", credential_dropped: true }),
      hop({ status: 303, to: "https://localhost:9443/b" }),
    ],
  });
  expect(same).toMatchObject({ crosses: false, remarks: [] });
  expect(other).toMatchObject({
    crosses: true,
    remarks: ["The credential stayed behind, since it leads to another origin."],
  });
  expect(plain?.crosses).toBe(true);
  expect(plain?.remarks).toEqual([
    "It leads to another origin. No credential went along.",
    "It went on as a GET, without the body.",
  ]);
});

test("what is no URL is shown as it is", () => {
  expect(hops({ redirects: [hop({ to: "::", followed: false })] })[0]).toMatchObject({
    to: "::",
    crosses: true,
  });
});
