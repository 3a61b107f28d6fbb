/** Short messages at the lower edge: what was done, and how to undo it. */
export interface Toast {
  id: number;
  text: string;
  tone: "ok" | "bad" | "plain";
  hint?: string | undefined;
  action?: { label: string; run: () => void | Promise<void> } | undefined;
}

/** How long each stays: time to read it, and, where it has a button, to decide and reach that. */
function shownFor({ hint, action, tone }: Toast): number {
  if (action) return 7_000;
  return hint || tone === "bad" ? 5_000 : 3_000;
}

let next = 1;
const timers = new Map<number, ReturnType<typeof setTimeout>>();
export const toasts = $state<{ list: Toast[] }>({ list: [] });

export function toast(text: string, options: Partial<Omit<Toast, "id" | "text">> = {}): number {
  const one: Toast = { id: next++, text, tone: "plain", ...options };
  toasts.list.push(one);
  letGo(one);
  return one.id;
}

/** Lets it stay: it is under the pointer, or has the focus. */
export function hold({ id }: Toast): void {
  clearTimeout(timers.get(id));
}

/** From now on it goes by itself. */
export function letGo(one: Toast): void {
  hold(one);
  timers.set(
    one.id,
    setTimeout(() => dismiss(one.id), shownFor(one)),
  );
}

export function dismiss(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  toasts.list = toasts.list.filter((toast) => toast.id !== id);
}
