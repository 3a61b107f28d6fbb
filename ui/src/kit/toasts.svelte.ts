/** Short messages at the lower edge: what was done, and how to undo it. */
export interface Toast {
  id: number;
  text: string;
  tone: "ok" | "bad" | "plain";
  hint?: string | undefined;
  action?: { label: string; run: () => void | Promise<void> } | undefined;
}

const SHOWN_MS = 4_000;
/** Time enough to read, decide and reach the button. */
const SHOWN_WITH_ACTION_MS = 8_000;

let next = 1;
export const toasts = $state<{ list: Toast[] }>({ list: [] });

export function toast(text: string, options: Partial<Omit<Toast, "id" | "text">> = {}): number {
  const id = next++;
  toasts.list.push({ id, text, tone: "plain", ...options });
  setTimeout(() => dismiss(id), options.action ? SHOWN_WITH_ACTION_MS : SHOWN_MS);
  return id;
}

export function dismiss(id: number): void {
  toasts.list = toasts.list.filter((toast) => toast.id !== id);
}
