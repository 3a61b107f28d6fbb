/** Bursts by the tab that they were asked for in: one goes on at a time, and it outlives the screen. */
import {
  asFailure,
  burst,
  on,
  requests,
  type BurstPlan,
  type BurstReport,
  type BurstSample,
  type Draft,
  type Failure,
} from "$/bridge";
import { usual, type Typed } from "./plan";

export interface Burst {
  typed: Typed;
  /** What is being done, or was. */
  plan: BurstPlan | undefined;
  samples: readonly BurstSample[];
  report: BurstReport | undefined;
  failure: Failure | undefined;
  stopped: boolean;
}

const bursts = $state<{ of: Record<number, Burst>; running: number | undefined }>({
  of: {},
  running: undefined,
});

export const running = () => bursts.running;

/** The burst of a tab. */
export function burstOf(tab: number): Burst {
  bursts.of[tab] ??= {
    typed: usual(),
    plan: undefined,
    samples: [],
    report: undefined,
    failure: undefined,
    stopped: false,
  };
  // As the state has it, not as it was put there.
  return bursts.of[tab]!;
}

export async function start(tab: number, draft: Draft, plan: BurstPlan): Promise<void> {
  if (bursts.running !== undefined) return;
  const one = burstOf(tab);
  bursts.running = tab;
  Object.assign(one, { plan, samples: [], report: undefined, failure: undefined, stopped: false });
  const ended = await on("burst-sample", (sample) => (one.samples = [...one.samples, sample]));
  try {
    one.report = await burst.start(draft, plan);
    one.samples = one.report.samples;
  } catch (thrown) {
    one.failure = asFailure(thrown);
  } finally {
    ended();
    bursts.running = undefined;
  }
}

/** Stops what is going on; what was measured until then is the result. */
export async function stop(): Promise<void> {
  if (bursts.running === undefined) return;
  burstOf(bursts.running).stopped = true;
  await requests.cancel();
}
