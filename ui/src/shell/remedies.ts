/** Fixes of a refusal that are ours to make: the ones that a button can do. */
import { platform, type Explanation } from "$/bridge";
import { span } from "$/kit/format";

export interface Remedy {
  label: string;
  run: () => Promise<unknown>;
}

/** The button for an explanation's remedy, if the core named one. */
export function remedyFor(explanation: Explanation): Remedy | undefined {
  const remedy = explanation.remedy;
  if (!remedy) return undefined;
  switch (remedy.act) {
    case "allow_source":
      return {
        label: `Allow ${remedy.address}`,
        run: () => platform.allowSource(remedy.app_id, remedy.address),
      };
    case "grant_scope":
      return {
        label: `Give ${remedy.scope}`,
        run: () => platform.grantScope(remedy.app_id, remedy.scope),
      };
    case "raise_limit":
      return {
        label: `Raise to ${remedy.per_minute} a minute`,
        run: () => platform.setLimit(remedy.app_id, remedy.per_minute),
      };
    case "raise_quota":
      return {
        label: `Raise to ${remedy.per_day} a day`,
        run: () => platform.setQuota(remedy.app_id, remedy.per_day),
      };
    case "raise_client_limit":
      return {
        label: `Raise the client to ${remedy.per_minute} a minute`,
        run: () => platform.setClientLimit(remedy.client, remedy.per_minute),
      };
    case "advance_clock":
      return {
        label: `Move the platform's clock ${span(remedy.by_ms)} ahead`,
        run: () => platform.advanceClock(remedy.by_ms),
      };
  }
}
