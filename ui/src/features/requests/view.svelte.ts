/**
 * What the section shows: requests being composed, what was sent, the run of a folder, or why
 * a request is refused.
 */
export type View = "compose" | "history" | "runs" | "refused";

export const views: readonly { id: View; label: string }[] = [
  { id: "compose", label: "Compose" },
  { id: "history", label: "History" },
  { id: "runs", label: "Runs" },
  { id: "refused", label: "Refused" },
];

export const view = $state<{ shown: View }>({ shown: "compose" });
