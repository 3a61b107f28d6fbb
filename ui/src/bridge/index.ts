/**
 * The one door to the core: every command and event of the window, typed. Nothing else in the UI
 * imports `@tauri-apps`. A failure arrives as a `Failure` (sentence and next step), never as a code
 * alone.
 */
import { invoke } from "@tauri-apps/api/core";
import { listen, type UnlistenFn } from "@tauri-apps/api/event";
import type {
  AllowAllView,
  Answered,
  AuditExported,
  AuditPage,
  BodyMatches,
  BodyRows,
  BurstPlan,
  BurstReport,
  BurstSample,
  CertificateLook,
  ClientView,
  Collection,
  Comparison,
  Diagnosis,
  Draft,
  EditIssued,
  Environment,
  ExactRequest,
  Exchange,
  Explanation,
  Failure,
  FindInBody,
  HeldCertificate,
  HistoryEntry,
  HistoryFilter,
  HistoryPage,
  HistoryRemoved,
  HistoryRestored,
  EnvironmentView,
  ExportedRequest,
  ForeignOpened,
  ForeignRead,
  ForeignText,
  ItemView,
  JwtReport,
  KeyView,
  LimitSuggestion,
  LookedInto,
  MoveEntry,
  OpenForeign,
  PastedCase,
  PastedToken,
  PathArgs,
  Placed,
  RemovedEntry,
  SavedRequest,
  Reopened,
  ReportForm,
  RowsOfBody,
  RunPlan,
  RunReport,
  RunStep,
  SaveEnvironment,
  SchemeView,
  SourceCheck,
  TypedCertificate,
  VaultStatus,
} from "./generated/contract";

export { asFailure } from "./failures";
export type * from "./generated/contract";

export interface Session {
  vault: VaultStatus;
  /** Seconds until the vault locks by itself; `null` while locked or if it never does. */
  locks_in: number | null;
  /** Whether this is the throw-away home of "Look around". */
  demo: boolean;
}

export interface PlatformStatus {
  state: "stopped" | "starting" | "running" | "failed";
  url: string | null;
  failure: Failure | null;
}

export interface NewKey {
  name: string;
  provider: string | null;
  environment: Environment | null;
  public_id: string | null;
  base_url: string | null;
  hosts: string[];
  scheme: string | null;
  /** What the scheme is told beside the secret. */
  settings?: Record<string, string>;
  tags: string[];
  /** Empty for a certificate without its private key. */
  secret: string;
  /** In PEM, with those that signed it behind it; the secret is its private key then. */
  certificate?: string;
}

export interface EditKey {
  name: string;
  provider: string | null;
  environment: Environment | null;
  public_id: string | null;
  base_url: string | null;
  hosts: string[];
  scheme: string | null;
  /** What the scheme is told beside the secret; absent: as it is, as far as the scheme knows it. */
  settings?: Record<string, string>;
  tags: string[];
}

export interface IssueKey {
  name: string;
  scopes: string[];
  limit_per_minute: number;
  allow: string[];
  may_sign: boolean;
  /** The vault item that holds it; the secret goes there directly and never comes here. */
  store: string;
  daily_quota: number | null;
  environment: "test" | "live";
  not_before: string | null;
  expires: string | null;
  note: string;
}

/** A QR code: the dark modules as an SVG path, one unit a module. */
export interface QrCode {
  modules: number;
  path: string;
}

export interface EnrolmentShown {
  otpauth_uri: string;
  qr: QrCode;
}

/** What is kept of an enrolment: the code that is shown once, and how long codes work. */
export interface EnrolmentDone {
  recovery_code: string;
  last_code_day: string;
}

export interface ActivityRow {
  at: string;
  kind:
    | "created"
    | "unlocked"
    | "locked"
    | "revealed"
    | "copied"
    | "used"
    | "sent"
    | "refused"
    | "changed"
    | "platform";
  text: string;
  item: string | null;
  request_id: string | null;
}

export interface Settings {
  theme: "system" | "light" | "dark";
  lock_after_minutes: number;
  clipboard_seconds: number;
  history_days: number;
  /** On the way to other machines, as `http://HOST:PORT`. */
  proxy?: string | null;
  /** The item whose id and secret the proxy is given. */
  proxy_key?: string | null;
}

export type CidrCheck = { ok: true; normalized: string[] } | { ok: false; problem: string };

export const session = {
  read: () => invoke<Session>("session_read"),
  lock: () => invoke<void>("session_lock"),
  showUnlock: () => invoke<void>("session_show_unlock"),
  /** Opens the main window as a locked shell: the platform and the debugger work without the vault. */
  showMain: () => invoke<void>("session_show_main"),
  lookAround: () => invoke<void>("session_look_around"),
  /** Tries again to become the vault's owner. */
  takeOver: () => invoke<void>("session_take_over"),
  /** Tells the core that a person is here, so that the idle time starts again. */
  touch: () => invoke<void>("session_touch"),
};

export const enrolment = {
  begin: (passphrase: string) => invoke<EnrolmentShown>("enrolment_begin", { passphrase }),
  finish: (code: string) => invoke<EnrolmentDone>("enrolment_finish", { code }),
  beginRecovery: (recoveryCode: string, passphrase: string, acceptOlder: boolean) =>
    invoke<EnrolmentShown>("recovery_begin", { recoveryCode, passphrase, acceptOlder }),
  finishRecovery: (code: string) => invoke<EnrolmentDone>("recovery_finish", { code }),
  saveRecoveryCode: () => invoke<string | null>("enrolment_save_recovery_code"),
  /** Gives up what was begun: its seed is forgotten, and the vault's file is free. */
  abandon: () => invoke<void>("enrolment_abandon"),
  done: () => invoke<void>("enrolment_done"),
};

export const unlock = {
  open: (passphrase: string, code: string, acceptOlder: boolean) =>
    invoke<string[]>("unlock_open", { passphrase, code, acceptOlder }),
};

export const keys = {
  list: () => invoke<ItemView[]>("key_list"),
  add: (key: NewKey) => invoke<ItemView>("key_add", { key }),
  edit: (id: string, key: EditKey) => invoke<ItemView>("key_edit", { id, key }),
  remove: (id: string) => invoke<void>("key_remove", { id }),
  restore: (id: string) => invoke<void>("key_restore", { id }),
  /** Copies in the core; the text never crosses the bridge. Answers after how many seconds it goes. */
  copy: (id: string, field: string) => invoke<number>("key_copy", { id, field }),
  reveal: (id: string, field: string) => invoke<string>("key_reveal", { id, field }),
  /** How requests can be signed. Needs no vault. */
  schemes: () => invoke<SchemeView[]>("schemes"),
};

/** Certificates for servers that ask who is calling, and of authorities to trust. */
export const certificates = {
  /** Opens the system's dialog; answers with the file in PEM, or nothing if nobody wanted to. */
  chooseFile: () => invoke<string | null>("certificate_choose_file"),
  /** What would be kept, and what keeps it from being kept. Needs no vault. */
  look: (typed: TypedCertificate) => invoke<CertificateLook>("certificate_look", { typed }),
  show: (id: string) => invoke<HeldCertificate>("certificate_show", { id }),
};

export const requests = {
  /** Refused for production, unless that was agreed to. */
  send: (draft: Draft, confirmProduction: boolean) =>
    invoke<Answered>("request_send", { draft, confirmProduction }),
  cancel: () => invoke<void>("request_cancel"),
  preview: (draft: Draft) => invoke<ExactRequest>("request_preview", { draft }),
  /** Opens the system's dialog; a page can send no file that was not chosen there. */
  chooseFile: () => invoke<string | null>("request_choose_file"),
};

/** The bodies of answers, which stay in the core. */
export const answers = {
  rows: (wanted: RowsOfBody) => invoke<BodyRows>("answer_rows", { wanted }),
  find: (wanted: FindInBody) => invoke<BodyMatches>("answer_find", { wanted }),
  /** Base64, at most 64 KiB. */
  bytes: (id: number, from: number, count: number) =>
    invoke<string>("answer_bytes", { id, from, count }),
  /** Opens the system's dialog; answers with the path, or nothing if nobody wanted to. */
  save: (id: number, name: string) => invoke<string | null>("answer_save", { id, name }),
};

export const drafts = {
  read: () => invoke<Draft[]>("drafts_read"),
  write: (drafts: Draft[]) => invoke<void>("drafts_write", { drafts }),
};

/** What was sent with the vault open. */
export const history = {
  list: (filter: Partial<HistoryFilter>) => invoke<HistoryPage>("history_list", { filter }),
  show: (id: number) => invoke<HistoryEntry>("history_show", { id }),
  sendAgain: (id: number, confirmProduction: boolean) =>
    invoke<Exchange>("history_send_again", { id, confirmProduction }),
  reopen: (id: number) => invoke<Reopened>("history_reopen", { id }),
  compare: (left: number, right: number) => invoke<Comparison>("history_compare", { left, right }),
  remove: (ids: number[]) => invoke<HistoryRemoved>("history_remove", { ids }),
  restore: (ids: number[]) => invoke<HistoryRestored>("history_restore", { ids }),
  clear: () => invoke<HistoryRemoved>("history_clear"),
};

/** One request many times over; `burst-sample` tells how it goes, `requests.cancel` stops it. */
export const burst = {
  start: (draft: Draft, plan: BurstPlan) => invoke<BurstReport>("burst_start", { draft, plan }),
};

/** The requests of a folder in order; `run-step` tells how it goes, `requests.cancel` stops it. */
export const runs = {
  /** Opens the system's dialog; a page can run no folder that was not chosen there. */
  chooseFolder: () => invoke<string[]>("run_choose_folder"),
  /** What was chosen since the window's process began, the last chosen last. */
  folders: () => invoke<string[]>("run_folders"),
  folder: (folder: string) => invoke<Collection>("run_folder", { folder }),
  start: (plan: RunPlan) => invoke<RunReport>("run_start", { plan }),
  /** Opens the system's dialog; answers with the path, or nothing if nobody wanted to. */
  save: (report: RunReport, form: ReportForm, name: string) =>
    invoke<string | null>("run_save", { report, form, name }),
};

/** Why a request is refused. Nothing of a paste is kept. */
export const debug = {
  paste: (case_: PastedCase) => invoke<LookedInto>("debug_paste", { case: case_ }),
  refused: (requestId: string) => invoke<Diagnosis>("debug_refused", { requestId }),
  /** A request of the history, by the key that it was sent with or by another one. */
  past: (id: number, key: string | null) => invoke<Diagnosis>("debug_past", { id, key }),
  /** What a token says; with a key, whether that made it. */
  token: (pasted: PastedToken) => invoke<JwtReport>("debug_token", { pasted }),
  /** A text for a ticket, as Markdown. */
  ticket: (diagnosis: Diagnosis) => invoke<string>("debug_ticket", { diagnosis }),
  /** Opens the system's dialog; answers with the path, or nothing if nobody wanted to. */
  save: (diagnosis: Diagnosis, name: string) =>
    invoke<string | null>("debug_save", { diagnosis, name }),
};

/** Requests of other programs. */
export const foreign = {
  /** Opens the system's dialog; answers with what the file holds, or nothing if nobody wanted to. */
  chooseText: () => invoke<ForeignText | null>("foreign_choose_text"),
  /** What is understood of a text; none of its secrets comes back. */
  read: (text: ForeignText) => invoke<ForeignRead>("foreign_read", { text }),
  /** Its requests as drafts; the secrets that are named become keys of the vault. */
  open: (wanted: OpenForeign) => invoke<ForeignOpened>("foreign_open", { wanted }),
  /** A draft as a program, or as a file of another one. */
  write: (draft: Draft, format: string) =>
    invoke<ExportedRequest>("foreign_write", { draft, format }),
};

/** Saved requests; `runs.chooseFolder` asks for a folder, and `runs.folder` lists it. */
export const folders = {
  open: (place: PathArgs) => invoke<Draft>("folder_open", { place }),
  /** Over the file at `place`; with a name, as a new one in the folder at `place`. */
  save: (draft: Draft, folder: string, path: string, name: string | null) =>
    invoke<Draft>("folder_save", { draft, place: { folder, path }, name }),
  duplicate: (place: PathArgs) => invoke<SavedRequest>("folder_duplicate", { place }),
  move: (wanted: MoveEntry) => invoke<Placed>("folder_move", { wanted }),
  remove: (place: PathArgs) => invoke<RemovedEntry>("folder_remove", { place }),
  restore: (removed: RemovedEntry) => invoke<void>("folder_restore", { removed }),
  environment: (place: PathArgs) => invoke<EnvironmentView>("folder_environment", { place }),
  /** Over its file, or as a new one where its path is empty. */
  saveEnvironment: (wanted: SaveEnvironment) =>
    invoke<Placed>("folder_save_environment", { wanted }),
};

export const platform = {
  status: () => invoke<PlatformStatus>("platform_status"),
  start: () => invoke<void>("platform_start"),
  stop: () => invoke<void>("platform_stop"),
  keys: () => invoke<KeyView[]>("platform_keys"),
  issue: (key: IssueKey) => invoke<KeyView>("platform_issue", { key }),
  revoke: (appId: string) => invoke<KeyView>("platform_revoke", { appId }),
  setLimit: (appId: string, perMinute: number) =>
    invoke<KeyView>("platform_set_limit", { appId, perMinute }),
  setQuota: (appId: string, perDay: number | null) =>
    invoke<KeyView>("platform_set_quota", { appId, perDay }),
  setDelay: (appId: string, delayMs: number | null) =>
    invoke<KeyView>("platform_set_delay", { appId, delayMs }),
  /** Over all keys of the client, by its id. */
  setClientLimit: (client: string, perMinute: number | null) =>
    invoke<ClientView>("platform_set_client_limit", { client, perMinute }),
  suggestLimit: (appId: string) => invoke<LimitSuggestion>("platform_suggest_limit", { appId }),
  /** With `guard`, a list that locks out this machine or every source seen lately is refused. */
  setAllowlist: (appId: string, allow: string[], guard: boolean) =>
    invoke<KeyView>("platform_set_allowlist", { appId, allow, guard }),
  allowAll: () => invoke<AllowAllView>("platform_allow_all"),
  setAllowAll: (allow: string[], guard: boolean) =>
    invoke<AllowAllView>("platform_set_allow_all", { allow, guard }),
  checkSource: (appId: string, address: string) =>
    invoke<SourceCheck>("platform_check_source", { appId, address }),
  rotate: (appId: string, overlapMs: number) =>
    invoke<KeyView>("platform_rotate", { appId, overlapMs }),
  retire: (appId: string, secretId: number) =>
    invoke<KeyView>("platform_retire", { appId, secretId }),
  edit: (appId: string, edit: EditIssued) => invoke<KeyView>("platform_edit", { appId, edit }),
  setPublicKey: (appId: string, publicKey: string | null) =>
    invoke<KeyView>("platform_set_public_key", { appId, publicKey }),
  setScopes: (appId: string, scopes: string[]) =>
    invoke<KeyView>("platform_set_scopes", { appId, scopes }),
  /** Adds one address to the allowlist, or one scope to the scopes, whatever they are by now. */
  allowSource: (appId: string, address: string) =>
    invoke<KeyView>("platform_allow_source", { appId, address }),
  grantScope: (appId: string, scope: string) =>
    invoke<KeyView>("platform_grant_scope", { appId, scope }),
  advanceClock: (byMs: number) => invoke<void>("platform_advance_clock", { byMs }),
  checkAllowlist: (text: string) => invoke<CidrCheck>("platform_check_allowlist", { text }),
  /**
   * `filter` has the parameters of a question to the audit log: key, status, rule, text and so on, and
   * `within`: not longer ago than so many milliseconds.
   */
  audit: (filter: Record<string, string>, before: number | null) =>
    invoke<AuditPage>("platform_audit", { filter, before }),
  /** Asks where to, and writes all rows that fit with their proof; `null` if it was given up. */
  exportAudit: (filter: Record<string, string>, name: string) =>
    invoke<AuditExported | null>("platform_export_audit", { filter, name }),
  stopExport: () => invoke<void>("platform_stop_export"),
  explain: (requestId: string) => invoke<Explanation>("platform_explain", { requestId }),
  environment: () => invoke<string>("platform_environment"),
};

export const activity = {
  list: () => invoke<ActivityRow[]>("activity_list"),
};

export const settings = {
  read: () => invoke<Settings>("settings_read"),
  write: (settings: Settings) => invoke<void>("settings_write", { settings }),
};

/** Copies text that is no secret. */
export const copyText = (text: string) => invoke<void>("copy_text", { text });

export interface Events {
  "session-changed": Session;
  "platform-changed": PlatformStatus;
  "keys-changed": null;
  "audit-grew": null;
  "activity-grew": null;
  "burst-sample": BurstSample;
  "run-step": RunStep;
  /** How many bytes of an export are written. */
  "export-grew": number;
  navigate: string;
}

export function on<Name extends keyof Events>(
  name: Name,
  handle: (payload: Events[Name]) => void,
): Promise<UnlistenFn> {
  return listen<Events[Name]>(name, (event) => handle(event.payload));
}
