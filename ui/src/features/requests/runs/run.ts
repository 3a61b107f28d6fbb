/** A run as it is told, request by request, beside what the folder holds. */
import type { Collection, CollectionEntry, RunReport, RunStep } from "$/bridge";
import { isProduction } from "../failures";

/** One line of the list: a folder, or a request with how it went. */
export interface Line {
  entry: CollectionEntry;
  step: RunStep | undefined;
  state: "folder" | "waiting" | "sending" | "passed" | "failed" | "skipped";
}

export interface Choice {
  value: string;
  label: string;
}

/** Whether a path is meant by what was chosen: itself, or all that lies in it. */
function isMeant(path: string, only: string): boolean {
  return only === "" || path === only || path.startsWith(`${only}/`);
}

/** The requests that a run would send, in order. */
export function wanted({ entries }: Pick<Collection, "entries">, only: string): CollectionEntry[] {
  return entries.filter(({ path, method }) => method !== null && isMeant(path, only));
}

/** What can be run: all, or a folder in it. */
export function parts(collection: Collection): Choice[] {
  const folders = collection.entries.filter(({ method }) => method === null);
  const count = wanted(collection, "").length;
  return [
    { value: "", label: count === 1 ? "The one request" : `All ${count} requests` },
    ...folders.map(({ path, name, depth }) => ({
      value: path,
      label: `${"  ".repeat(depth)}${name}`,
    })),
  ];
}

export function lines(
  collection: Collection,
  only: string,
  steps: readonly RunStep[],
  running: boolean,
): Line[] {
  const by = new Map(steps.map((step) => [step.path, step]));
  let isNext = running;
  return collection.entries
    .filter(
      ({ path, method }) => isMeant(path, only) || (method === null && only.startsWith(`${path}/`)),
    )
    .map((entry) => {
      if (entry.method === null) return { entry, step: undefined, state: "folder" as const };
      const step = by.get(entry.path);
      if (step) return { entry, step, state: step.outcome };
      const sending = isNext;
      isNext = false;
      return { entry, step, state: sending ? ("sending" as const) : ("waiting" as const) };
    });
}

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

export function tally(steps: readonly RunStep[]): Tally {
  const count = (outcome: RunStep["outcome"]) =>
    steps.filter((step) => step.outcome === outcome).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
}

/** How it went, in a sentence. */
export function verdict({ passed, failed, skipped }: Tally): string {
  const all = passed + failed + skipped;
  if (failed === 0 && skipped === 0)
    return all === 1 ? "The request is as expected" : `All ${all} are as expected`;
  const parts = [
    ...(failed > 0 ? [`${failed} of ${all} ${failed === 1 ? "is" : "are"} not as expected`] : []),
    ...(skipped > 0 ? [`${skipped} ${skipped === 1 ? "was" : "were"} not sent`] : []),
  ];
  return parts.join(", ");
}

/** The checks of a request, in a few words: `2 of 3 checks`. */
export function checked({ checks }: Pick<RunStep, "checks">): string {
  if (checks.length === 0) return "nothing expected";
  const held = checks.filter(({ passed }) => passed).length;
  const what = checks.length === 1 ? "check" : "checks";
  return held === checks.length ? `${held} ${what}` : `${held} of ${checks.length} ${what}`;
}

/** The variables that were carried on so far, each once. */
export function carried(steps: readonly RunStep[]): string[] {
  return [...new Set(steps.flatMap(({ captured }) => captured))];
}

/** Whether a request was stopped before production, since that was not agreed to. */
export function stoppedAtProduction(steps: readonly RunStep[]): boolean {
  return steps.some(({ failure }) => failure && isProduction(failure));
}

/** A name for the report's file. */
export function fileName(
  { name, started }: Pick<RunReport, "name" | "started">,
  form: string,
): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return `${plain || "run"}-${started.slice(0, 10)}.${form}`;
}
