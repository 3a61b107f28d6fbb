// Runs in the page, by WebDriver: arguments are the kind of thing and its name.
const [kind, wanted] = arguments;

const shown = (element) => element.checkVisibility({ visibilityProperty: true });

/** The text of an element without what is hidden from screen readers. */
const words = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE || node.getAttribute("aria-hidden") === "true") return "";
  return [...node.childNodes].map(words).join(" ");
};

const nameOf = (element) => {
  const ids = element.getAttribute("aria-labelledby")?.split(" ") ?? [];
  const named = ids.map((id) => document.getElementById(id)).filter(Boolean);
  const labels = [...named, ...(element.labels ?? [])].map(words).join(" ");
  const name = element.getAttribute("aria-label") ?? (labels || words(element));
  return name.replace(/\s+/g, " ").trim();
};

const PRESSABLE = "button, summary, a[href], [role=option], [role=tab], [role=radio], input[type=checkbox], label:has(> input[type=radio])";
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]";

/** The element of that name that a person could use: in the dialog that is open, if one is. */
const find = (selector) => {
  const dialogs = [...document.querySelectorAll("[role=dialog], [role=alertdialog]")].filter(shown);
  const scope = dialogs.at(-1) ?? document;
  const called = (element) => {
    const name = nameOf(element);
    // A tab says how many things it has, which is no part of what a person calls it.
    return element.role === "tab" ? name.replace(/ \d+$/, "") : name;
  };
  const usable = (element) => shown(element) && !element.disabled && called(element) === wanted;
  return (
    [...scope.querySelectorAll(selector)].find(usable) ??
    // Toasts lie beside a dialog.
    [...document.querySelectorAll(`[role=status] :is(${selector})`)].find(usable)
  );
};

switch (kind) {
  case "pressable":
    return find(PRESSABLE);
  case "field":
    return find(FIELDS);
  case "text":
    return document.body.innerText;
  case "focus": {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    // A frame around the field may show its focus in the field's place.
    let visible = false;
    for (let at = element; at && !visible; at = at.parentElement) {
      if (at !== element && !at.matches(":focus-within")) break;
      const style = getComputedStyle(at);
      visible = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      if (at.matches("form, main, aside, header, nav, body")) break;
    }
    const beside = [...(element.parentElement?.children ?? [])].some(
      (other) => other !== element && getComputedStyle(other).outlineStyle !== "none",
    );
    return { name: nameOf(element), visible: visible || beside };
  }
  case "everything": {
    const fields = [...document.querySelectorAll("input, textarea, select")].map((field) => field.value);
    const storage = [localStorage, sessionStorage].map((store) => JSON.stringify({ ...store }));
    const globals = Object.entries(Object.getOwnPropertyDescriptors(window)).map(([name, { value }]) =>
      ["string", "number"].includes(typeof value) ? `${name}=${value}` : name,
    );
    return [document.documentElement.outerHTML, location.href, document.title, document.cookie, history.state, ...fields, ...storage, ...globals].join("\n");
  }
  case "outline":
    return [...document.querySelectorAll(`h1, h2, [role=alert], ${PRESSABLE}, ${FIELDS}`)]
      .filter(shown)
      .slice(0, 60)
      .map((element) => `${element.tagName.toLowerCase()}${element.disabled ? " (disabled)" : ""}: ${nameOf(element).slice(0, 80)}`);
}
return null;
