import type { Settings } from "$/bridge";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
let chosen: Settings["theme"] = "system";

/** Shows the theme that was chosen, and follows the system if that was. */
export function applyTheme(theme: Settings["theme"]): void {
  chosen = theme;
  const shown = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  document.documentElement.dataset["theme"] = shown;
}

dark.addEventListener("change", () => applyTheme(chosen));
