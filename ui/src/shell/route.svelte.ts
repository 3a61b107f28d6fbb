/** Where the window is. Screens keep what they show in here, so that a palette action can lead to it. */
export const sections = ["vault", "requests", "platform", "activity", "settings"] as const;
export type Section = (typeof sections)[number];

export const route = $state<{
  section: Section;
  item: string | undefined;
  requestId: string | undefined;
}>({
  section: "vault",
  item: undefined,
  requestId: undefined,
});

export function go(section: Section, target: { item?: string; requestId?: string } = {}): void {
  route.section = section;
  route.item = target.item ?? (section === "vault" ? route.item : undefined);
  route.requestId = target.requestId;
}
