/** What the palette offers: places, keys and acts, with the words that find them. */
import { copyText, keys, platform, session, type ItemView } from "$/bridge";
import { toast } from "$/kit/toasts.svelte";
import { lock } from "./lock";
import { go } from "./route.svelte";
import { shared } from "./state.svelte";

export interface Action {
  id: string;
  group: "Go to" | "Keys" | "Actions";
  label: string;
  detail?: string;
  keywords?: string[];
  shortcut?: string;
  run: () => void | Promise<void>;
}

export function actions(): Action[] {
  const unlocked = shared.session?.vault.state === "unlocked";
  const list: Action[] = [
    { id: "go-vault", group: "Go to", label: "Vault", shortcut: "Ctrl 1", run: () => go("vault") },
    {
      id: "go-requests",
      group: "Go to",
      label: "Requests",
      shortcut: "Ctrl 2",
      run: () => go("requests"),
    },
    {
      id: "go-platform",
      group: "Go to",
      label: "Platform",
      shortcut: "Ctrl 3",
      run: () => go("platform"),
    },
    {
      id: "go-activity",
      group: "Go to",
      label: "Activity",
      shortcut: "Ctrl 4",
      run: () => go("activity"),
    },
    {
      id: "go-settings",
      group: "Go to",
      label: "Settings",
      shortcut: "Ctrl 5",
      run: () => go("settings"),
    },
  ];
  list.push({
    id: "why-refused",
    group: "Actions",
    label: "Find out why a request is refused",
    keywords: ["debug", "signature", "paste", "curl", "401"],
    run: () => go("requests", { part: "refused" }),
  });
  list.push({
    id: "import",
    group: "Actions",
    label: "Import requests",
    keywords: ["curl", "http", "postman", "openapi", "har", "paste"],
    run: () => go("requests", { part: "import" }),
  });
  if (unlocked) {
    list.push({
      id: "lock",
      group: "Actions",
      label: "Lock the vault",
      shortcut: "Ctrl L",
      run: lock,
    });
    for (const item of shared.items ?? []) list.push(...keyActions(item));
  } else {
    list.push({
      id: "unlock",
      group: "Actions",
      label: "Unlock the vault",
      run: () => session.showUnlock(),
    });
  }
  if (shared.platform.state === "running") {
    list.push(
      {
        id: "platform-stop",
        group: "Actions",
        label: "Stop the local platform",
        run: () => platform.stop(),
      },
      {
        id: "platform-url",
        group: "Actions",
        label: "Copy the platform's address",
        run: async () => {
          await copyText(shared.platform.url ?? "");
          toast("Copied the platform's address");
        },
      },
    );
  } else {
    list.push({
      id: "platform-start",
      group: "Actions",
      label: "Start the local platform",
      run: () => platform.start(),
    });
  }
  return list;
}

/** More than a person reads; a vault may hold ten thousand keys. */
const SHOWN = 60;

/** The actions that hold every word of the query; those whose label starts with it come first. */
export function matching(all: readonly Action[], query: string): Action[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const first: Action[] = [];
  const rest: Action[] = [];
  for (const action of all) {
    const label = action.label.toLowerCase();
    const words = [label, action.detail ?? "", ...(action.keywords ?? [])].join("\n").toLowerCase();
    if (!wanted.every((word) => words.includes(word))) continue;
    (wanted[0] !== undefined && label.startsWith(wanted[0]) ? first : rest).push(action);
  }
  return [...first, ...rest].slice(0, SHOWN);
}

function keyActions(item: ItemView): Action[] {
  return [
    {
      id: `key-${item.id}`,
      group: "Keys",
      label: item.name,
      ...(item.provider ? { detail: item.provider } : {}),
      keywords: [item.public_id ?? "", ...item.tags],
      run: () => go("vault", { item: item.id }),
    },
    {
      id: `copy-${item.id}`,
      group: "Actions",
      label: `Copy the secret of ${item.name}`,
      run: async () => {
        const seconds = await keys.copy(item.id, "secret");
        toast(`Copied the secret of ${item.name}`, {
          hint: `It leaves the clipboard in ${seconds} s.`,
        });
      },
    },
    {
      id: `send-${item.id}`,
      group: "Actions",
      label: `Send a request with ${item.name}`,
      run: () => go("requests", { item: item.id }),
    },
  ];
}
