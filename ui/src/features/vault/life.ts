/** What happened to a key, and what will. */
import type { ItemView } from "$/bridge";
import { day } from "$/kit/format";

/** How many versions of its secret are told beside its beginning. */
const VERSIONS = 3;

export interface LifeEvent {
  at: Date;
  when: string;
  what: string;
  now?: boolean;
}

/** The events of a key in the order of time, today among them. */
export function life(item: ItemView, now: Date): LifeEvent[] {
  const event = (at: string, what: string): LifeEvent => {
    const date = new Date(at);
    return { at: date, when: day(date, now), what };
  };
  const current = item.versions.find(({ state }) => state === "current");
  const today: LifeEvent = {
    at: now,
    when: "today",
    what: current ? `secret ${current.version} in use` : "no secret in use",
    now: true,
  };
  const renewed = item.versions
    .filter(({ version }) => version > 1)
    .slice(0, VERSIONS)
    .map(({ version, created }) => event(created, `secret ${version} stored`));
  const ended = item.expires !== null && new Date(item.expires) <= now;
  const end = item.expires === null ? [] : [event(item.expires, ended ? "ended" : "ends")];
  const all = [event(item.created, "held in the vault"), ...renewed, today, ...end];
  return all.sort((one, other) => one.at.getTime() - other.at.getTime());
}
