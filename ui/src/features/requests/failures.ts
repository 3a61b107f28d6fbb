/** What a failure of sending means for the page. */
import type { Failure } from "$/bridge";

/** Whether it was stopped before production, and goes on if a person agrees. */
export function isProduction({ details }: Failure): boolean {
  return (
    typeof details === "object" &&
    details !== null &&
    "rule" in details &&
    details.rule === "production"
  );
}
