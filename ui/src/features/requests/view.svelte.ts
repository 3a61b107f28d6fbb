/** What the section shows: requests being composed, what was sent, or the run of a folder. */
export type View = "compose" | "history" | "runs";

export const views: readonly { id: View; label: string }[] = [
  { id: "compose", label: "Compose" },
  { id: "history", label: "History" },
  { id: "runs", label: "Runs" },
];

export const view = $state<{ shown: View }>({ shown: "compose" });
