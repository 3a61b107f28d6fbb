/** The folder that is run, and how its run goes. It outlives the screen. */
import {
  asFailure,
  on,
  requests,
  runs,
  type Collection,
  type Failure,
  type RunReport,
  type RunStep,
} from "$/bridge";

export const run = $state<{
  collection: Collection | undefined;
  environment: string;
  /** A folder in it, or everything. */
  only: string;
  bail: boolean;
  steps: readonly RunStep[];
  running: boolean;
  stopped: boolean;
  report: RunReport | undefined;
  failure: Failure | undefined;
  /** The request that is to be in view. */
  shown: string | undefined;
}>({
  collection: undefined,
  environment: "",
  only: "",
  bail: false,
  steps: [],
  running: false,
  stopped: false,
  report: undefined,
  failure: undefined,
  shown: undefined,
});

export const environment = () =>
  run.collection?.environments.find(({ path }) => path === run.environment);

/** Asks for a folder, and shows what it holds. */
export async function choose(): Promise<void> {
  try {
    const folder = (await runs.chooseFolder()).at(-1);
    if (folder !== undefined) await show(folder);
  } catch (thrown) {
    run.failure = asFailure(thrown);
  }
}

/** Shows the folder again that an earlier page of this window had, or what is in the present one now. */
export async function refresh(): Promise<void> {
  if (run.running) return;
  try {
    const folder = run.collection?.folder ?? (await runs.folders()).at(-1);
    if (folder !== undefined) await show(folder);
  } catch (thrown) {
    run.failure = asFailure(thrown);
  }
}

async function show(folder: string): Promise<void> {
  const collection = await runs.folder(folder);
  const isAnother = collection.folder !== run.collection?.folder;
  // Listed by the path that was chosen: the core knows it by that.
  run.collection = { ...collection, folder };
  run.failure = undefined;
  if (isAnother) forget();
  if (!collection.environments.some(({ path }) => path === run.environment))
    run.environment = collection.environments.find(({ production }) => !production)?.path ?? "";
  if (!collection.entries.some(({ path }) => path === run.only)) run.only = "";
}

function forget(): void {
  Object.assign(run, { steps: [], report: undefined, stopped: false, shown: undefined });
}

export async function start(confirmProduction: boolean): Promise<void> {
  if (!run.collection || run.running) return;
  await refresh();
  if (run.failure) return;
  forget();
  run.running = true;
  const ended = await on("run-step", (step) => (run.steps = [...run.steps, step]));
  try {
    const report = await runs.start({
      folder: run.collection.folder,
      environment: run.environment || null,
      only: run.only === "" ? [] : [run.only],
      bail: run.bail,
      confirm_production: confirmProduction,
    });
    run.report = report;
    run.steps = report.steps;
  } catch (thrown) {
    const failure = asFailure(thrown);
    if (!run.stopped) run.failure = failure;
  } finally {
    ended();
    run.running = false;
  }
}

export async function stop(): Promise<void> {
  run.stopped = true;
  await requests.cancel();
}
