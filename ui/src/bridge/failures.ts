/**
 * The core's failures in the words of a window. It writes them for a terminal: in lower case, and with
 * the command to run next where there is one. A window has a button for that instead.
 */
import type { ErrorCode, Failure } from "./generated/contract";

/** Whatever was thrown, as a failure with a sentence. */
export function asFailure(thrown: unknown): Failure {
  if (typeof thrown === "object" && thrown !== null && "message" in thrown && "code" in thrown) {
    const failure = thrown as Failure;
    return { ...failure, message: begun(failure.message), hint: hintFor(failure) };
  }
  return {
    code: "failed",
    message: thrown instanceof Error ? thrown.message : String(thrown),
    hint: null,
    details: null,
  };
}

/** What to do here, by what went wrong, where the core's hint is a command to type. */
const instead: Partial<Record<ErrorCode, string>> = {
  locked: "Unlock it, and try again.",
  wrong_factors: "Check the passphrase, and the clocks of this computer and of your phone.",
  device_secret:
    "Sign in as the person who made this vault, or bring its key file. If it is lost, use the recovery code.",
  horizon_lapsed: "Check this computer's clock. If it is right, use the recovery code.",
  platform_unavailable: "Start the local platform, and try again.",
  in_use: "Lock it there, and try again.",
  version: "Lock it in the program that opened it, or wait a minute, and try again.",
};

/** A command in backticks, `strongroom` with a word after it, or an option. */
const command = /`[^`]*`|\bstrongroom [a-z]|(^|\s)--[a-z]/;

function hintFor({ code, hint }: Failure): string | null {
  if (!hint) return null;
  return command.test(hint) ? (instead[code] ?? null) : ended(begun(hint));
}

const begun = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const ended = (text: string) => (/[.!?…)]$/.test(text) ? text : `${text}.`);
