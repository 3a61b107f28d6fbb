/** The dialog that takes requests of other programs in, and the text that it starts with. */
export const importing = $state<{ open: boolean; text: string }>({ open: false, text: "" });

export function importText(text = ""): void {
  importing.text = text;
  importing.open = true;
}
