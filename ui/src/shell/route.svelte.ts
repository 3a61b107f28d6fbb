/** Where the window is. Screens keep what they show in here, so that a palette action can lead to it. */
export const sections = ["vault", "requests", "platform", "activity", "settings"] as const;
export type Section = (typeof sections)[number];
export type Part = "refused" | "token" | "import";

export const route = $state<{
  section: Section;
  item: string | undefined;
  requestId: string | undefined;
  /** What of the section is wanted, if not what it showed last. */
  part: Part | undefined;
}>({
  section: "vault",
  item: undefined,
  requestId: undefined,
  part: undefined,
});

/** What the vault showed last: who comes back finds it again. */
let lastInVault: string | undefined;

export function go(
  section: Section,
  target: { item?: string; requestId?: string; part?: Part } = {},
): void {
  if (route.section === "vault") lastInVault = route.item;
  route.section = section;
  route.item = target.item ?? (section === "vault" ? lastInVault : undefined);
  route.requestId = target.requestId;
  route.part = target.part;
}
