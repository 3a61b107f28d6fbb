/** A burst as it is typed, and as the core takes it. */
import type { BurstPlan, BurstSample } from "$/bridge";

export interface Typed {
  /** What ends it. */
  ends: "count" | "time";
  count: string;
  seconds: string;
  /** Requests a second; empty means as fast as it goes. */
  rate: string;
  connections: string;
  /** Seconds until it has its full height. */
  ramp: string;
  retry: boolean;
  /** The owner of a host that is not this machine knows of it. */
  remote: boolean;
}

export function usual(): Typed {
  return {
    ends: "count",
    count: "90",
    seconds: "10",
    rate: "30",
    connections: "4",
    ramp: "0",
    retry: false,
    remote: false,
  };
}

/** What may be asked of this machine, and of another one: the core has the same bounds. */
interface Bounds {
  count: number;
  seconds: number;
  rate: number;
  connections: number;
}
const HERE: Bounds = { count: 1_000_000, seconds: 3_600, rate: Infinity, connections: 256 };
const ELSEWHERE: Bounds = { count: 10_000, seconds: 600, rate: 200, connections: 16 };

export type Problems = Partial<
  Record<"count" | "seconds" | "rate" | "connections" | "ramp" | "remote", string>
>;

/** Whether a URL leads to this machine. One that can't be read is left to the core. */
export function isHere(url: string): boolean {
  let host: string;
  try {
    host = new URL(url).hostname;
  } catch {
    return true;
  }
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(host)
  );
}

export function plan(typed: Typed, url: string): { plan: BurstPlan; problems: Problems } {
  const here = isHere(url);
  const bounds = here ? HERE : ELSEWHERE;
  const problems: Problems = {};
  const number = (
    field: keyof Problems,
    text: string,
    { least, most, whole }: { least: number; most: number; whole: boolean },
  ): number => {
    const value = text.trim() === "" ? NaN : Number(text);
    const fits = value >= least && value <= most && (!whole || Number.isInteger(value));
    if (!fits)
      problems[field] =
        most === Infinity
          ? `A number above ${least === 0.001 ? 0 : least}`
          : `${least === 0.001 ? "Above 0" : least.toLocaleString("en")} to ${most.toLocaleString("en")}${here ? "" : " there"}`;
    return fits ? value : 0;
  };
  const counted = typed.ends === "count";
  const made: BurstPlan = {
    count: counted
      ? number("count", typed.count, { least: 1, most: bounds.count, whole: true })
      : null,
    for_ms: counted
      ? null
      : Math.round(
          1_000 *
            number("seconds", typed.seconds, { least: 0.1, most: bounds.seconds, whole: false }),
        ),
    rate:
      typed.rate.trim() === ""
        ? null
        : number("rate", typed.rate, { least: 0.001, most: bounds.rate, whole: false }),
    concurrency: number("connections", typed.connections, {
      least: 1,
      most: bounds.connections,
      whole: true,
    }),
    ramp_ms: Math.round(
      1_000 * number("ramp", typed.ramp || "0", { least: 0, most: bounds.seconds, whole: false }),
    ),
    check_retry_after: typed.retry,
    confirm_remote: !here && typed.remote,
    confirm_production: false,
  };
  if (!here && typed.rate.trim() === "") problems.rate = "Another machine needs a rate";
  if (!here && !typed.remote) problems.remote = "Agree to it first";
  return { plan: made, problems };
}

/** Everything since the beginning. */
export interface Sum {
  sent: number;
  accepted: number;
  limited: number;
  other: number;
  failed: number;
}

export function sum(samples: readonly BurstSample[]): Sum {
  const all = { sent: 0, accepted: 0, limited: 0, other: 0, failed: 0 };
  for (const { accepted, limited, other, failed } of samples) {
    all.accepted += accepted;
    all.limited += limited;
    all.other += other;
    all.failed += failed;
    all.sent += accepted + limited + other + failed;
  }
  return all;
}

/** How far it is, from 0 to 1: by the count, or by the time. */
export function progress({ count, for_ms }: BurstPlan, samples: readonly BurstSample[]): number {
  const at = samples.at(-1)?.at_ms ?? 0;
  const parts = [
    ...(count === null ? [] : [sum(samples).sent / count]),
    ...(for_ms === null ? [] : [at / for_ms]),
  ];
  return Math.min(1, Math.max(0, ...parts));
}

/** What the chart draws: seconds, then rates a second and latencies; `null` where nothing was answered. */
export type Curves = [
  seconds: number[],
  accepted: number[],
  limited: number[],
  other: number[],
  p50: (number | null)[],
  p99: (number | null)[],
];

/** A sample shorter than this says nothing of a rate: it is counted with the one before. */
const SHORTEST_MS = 180;

export function curves(samples: readonly BurstSample[]): Curves {
  const made: Curves = [[], [], [], [], [], []];
  let from = 0;
  let begins = 0;
  let kept = { accepted: 0, limited: 0, other: 0 };
  for (const sample of samples) {
    const joins = sample.at_ms - from < SHORTEST_MS && made[0].length > 0;
    if (joins) for (const line of made) line.pop();
    else {
      begins = from;
      kept = { accepted: 0, limited: 0, other: 0 };
    }
    kept.accepted += sample.accepted;
    kept.limited += sample.limited;
    kept.other += sample.other + sample.failed;
    const seconds = Math.max(sample.at_ms - begins, 1) / 1_000;
    const answered = sample.accepted + sample.limited + sample.other > 0;
    made[0].push(sample.at_ms / 1_000);
    made[1].push(kept.accepted / seconds);
    made[2].push(kept.limited / seconds);
    made[3].push(kept.other / seconds);
    made[4].push(answered ? sample.p50_ms : null);
    made[5].push(answered ? sample.p99_ms : null);
    from = sample.at_ms;
  }
  return made;
}
