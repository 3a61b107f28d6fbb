/** What the palette offers: places, keys and acts, with the words that find them. */
import { copyText, keys, platform, session, type ItemView } from "$/bridge";
import { toast } from "$/kit/toasts.svelte";
import { linesOf } from "./lines";
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

/** What can be done whatever keys there are. */
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
    id: "token",
    group: "Actions",
    label: "Read a token (JWT)",
    keywords: ["jwt", "decode", "verify", "claims", "bearer"],
    run: () => go("requests", { part: "token" }),
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
const SHOWN = 30;

/** What the palette finds: actions, and of each key itself and what can be done with it. */
export function matching(
  all: readonly Action[],
  items: readonly ItemView[],
  query: string,
): Action[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const start = wanted[0];
  // Those whose label starts with the query come first.
  const first: Action[] = [];
  const rest: Action[] = [];
  const take = (label: string, words: string, action: () => Action) => {
    const place = start !== undefined && label.startsWith(start) ? first : rest;
    if (place.length < SHOWN && wanted.every((word) => words.includes(word))) place.push(action());
  };
  for (const action of all) {
    const label = action.label.toLowerCase();
    const words = [label, action.detail ?? "", ...(action.keywords ?? [])].join("\n").toLowerCase();
    take(label, words, () => action);
  }
  const lines = linesOf(items);
  for (const [index, item] of items.entries()) {
    if (first.length === SHOWN || (start === undefined && rest.length === SHOWN)) break;
    const line = lines[index] ?? "";
    const name = item.name.toLowerCase();
    take(name, line, () => key(item));
    // Where nothing is looked for, the keys themselves are enough to read.
    if (start === undefined) continue;
    // A certificate is looked at; nothing is signed with it.
    for (const act of item.kind === "certificate" ? [] : acts) {
      const label = `${act.words} ${name}`;
      take(label, label, () => act.of(item));
    }
  }
  return [...first, ...rest].slice(0, SHOWN);
}

function key(item: ItemView): Action {
  return {
    id: `key-${item.id}`,
    group: "Keys",
    label: item.name,
    ...(item.provider ? { detail: item.provider } : {}),
    run: () => go("vault", { item: item.id }),
  };
}

/** What can be done with any key: the words before its name, in lower case, and the action. */
const acts = [
  {
    words: "copy the secret of",
    of: (item: ItemView): Action => ({
      id: `copy-${item.id}`,
      group: "Actions",
      label: `Copy the secret of ${item.name}`,
      run: async () => {
        const seconds = await keys.copy(item.id, "secret");
        toast(`Copied the secret of ${item.name}`, {
          hint: `It leaves the clipboard in ${seconds} s.`,
        });
      },
    }),
  },
  {
    words: "send a request with",
    of: (item: ItemView): Action => ({
      id: `send-${item.id}`,
      group: "Actions",
      label: `Send a request with ${item.name}`,
      run: () => go("requests", { item: item.id }),
    }),
  },
];
