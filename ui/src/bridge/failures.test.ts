import { expect, test } from "vitest";
import { asFailure } from "./failures";
import type { ErrorCode } from "./generated/contract";

const hint = (code: ErrorCode, hint: string) =>
  asFailure({ code, message: "it failed", hint, details: null }).hint;

test("what the core says is shown as sentences", () => {
  const failure = asFailure({ code: "network", message: "nobody answers", hint: "check the port" });
  expect(failure.message).toBe("Nobody answers");
  expect(failure.hint).toBe("Check the port.");
  expect(hint("network", "Is the port right?")).toBe("Is the port right?");
});

test("a command to type is said as what can be done in the window", () => {
  const typed: [ErrorCode, string][] = [
    ["wrong_factors", "Check both clocks. A machine with a dead clock takes --at TIME."],
    ["in_use", "other commands use it by themselves; `strongroom lock` lets it end"],
    ["device_secret", "Use its key file. If it is lost: strongroom vault recover"],
    ["locked", "open it with `strongroom unlock`"],
  ];
  for (const [code, said] of typed) {
    const shown = hint(code, said);
    expect(shown, said).toBeTruthy();
    expect(shown, said).not.toMatch(/strongroom|--/);
  }
  expect(hint("conflict", "choose another name with --name")).toBeNull();
});

test("what is no failure of the core still has a sentence", () => {
  expect(asFailure(new Error("The page broke")).message).toBe("The page broke");
  expect(asFailure("odd").message).toBe("odd");
});
