// Made from the crate `contract` by `make bridge`: not to be edited.

/**
 * What kind of thing was done, for an icon and a filter.
 */
export type ActivityKind = "created" | "unlocked" | "locked" | "revealed" | "copied" | "used" | "sent" | "refused" | "changed" | "platform";

/**
 * One thing that was done.
 */
export type ActivityRow = { 
/**
 * When.
 */
at: UnixMillis, 
/**
 * What kind of thing.
 */
kind: ActivityKind, 
/**
 * One sentence, with who did it.
 */
text: string, 
/**
 * The name of the item that it concerned.
 */
item: string | null, 
/**
 * The platform's id of the request that it was.
 */
request_id: string | null, };

/**
 * Whether a typed allowlist can be read: `{"ok": true, "normalized": […]}` or
 * `{"ok": false, "problem": "…"}`.
 */
export type AllowlistCheck = { ok: true, normalized: Array<string> } | { ok: false, problem: string };

/**
 * One row of the audit log, as it is shown.
 */
export type AuditRowView = { 
/**
 * The row's number, from 0.
 */
sequence: number, 
/**
 * The platform's time.
 */
at: UnixMillis, 
/**
 * The request's id.
 */
request_id: string, 
/**
 * `request`, or the management act, such as `key.create`.
 */
act: string, 
/**
 * The key concerned.
 */
app_id: string | null, 
/**
 * Which of the key's secrets was used.
 */
secret_id: number | null, 
/**
 * The source address; absent once its client was erased.
 */
source: string | null, 
/**
 * Method and route, such as `POST /api/v2/payins`.
 */
route: string, 
/**
 * The status that was answered.
 */
status: number, 
/**
 * The rule that refused it.
 */
rule: Rule | null, 
/**
 * How long it took, in microseconds.
 */
duration_us: number, };

/**
 * A certificate, as far as a person looks at it.
 */
export type CertificateView = { 
/**
 * Whom it names.
 */
subject: string, 
/**
 * Who signed it.
 */
issuer: string, 
/**
 * The names that it is valid for.
 */
names: Array<string>, 
/**
 * From when it is valid.
 */
not_before: UnixMillis, 
/**
 * Until when it is valid.
 */
not_after: UnixMillis, 
/**
 * SHA-256 of its DER form, hex.
 */
sha256: string, };

/**
 * One rule's look at a request. Holds no secret: credentials are named, not shown.
 */
export type Check = { 
/**
 * Which rule.
 */
rule: Rule, 
/**
 * How it came out.
 */
outcome: Outcome, 
/**
 * What was seen, in words and values; empty if skipped.
 */
observed: string, 
/**
 * What would have passed; empty if skipped.
 */
expected: string, 
/**
 * What to change, for a check that failed.
 */
fix?: string | null, };

/**
 * Whether the request was let through.
 */
export type Decision = "accepted" | "refused" | "unknown";

/**
 * A request as it is composed in the window.
 */
export type Draft = { 
/**
 * The method.
 */
method: string, 
/**
 * The absolute URL.
 */
url: string, 
/**
 * Headers in order; names may repeat.
 */
headers: Array<[string, string]>, 
/**
 * The body's text.
 */
body: string, 
/**
 * The vault's item to sign with, by name or id.
 */
key: string | null, 
/**
 * The scheme; the item's own if absent.
 */
scheme: string | null, };

/**
 * What an API key is to be from now on; its secret stays.
 */
export type EditKey = { 
/**
 * Its name: unique, without `/`.
 */
name: string, 
/**
 * The provider's name.
 */
provider: string | null, 
/**
 * The provider's environment.
 */
environment: Environment | null, 
/**
 * The public id.
 */
public_id: string | null, 
/**
 * Where requests go.
 */
base_url: string | null, 
/**
 * The hosts that the secret may be sent to.
 */
hosts: Array<string>, 
/**
 * The scheme that requests are signed with.
 */
scheme: string | null, 
/**
 * Tags.
 */
tags: Array<string>, };

/**
 * What a finished enrolment shows, once.
 */
export type Enrolled = { 
/**
 * The `otpauth://` URI; absent if it was shown when the enrolment started.
 */
otpauth_uri?: Revealed | null, 
/**
 * The recovery code: groups of Crockford base32.
 */
recovery_code: Revealed, 
/**
 * The vault's id, 32 hex digits.
 */
vault_id: string, 
/**
 * The last day on which a code works (`YYYY-MM-DD`, UTC).
 */
last_code_day: string, };

/**
 * What a person scans, or types by hand.
 */
export type EnrolmentShown = { 
/**
 * The `otpauth://` URI.
 */
otpauth_uri: Revealed, 
/**
 * The same as a picture.
 */
qr: QrCode, };

/**
 * Which of a provider's environments an item belongs to.
 */
export type Environment = "sandbox" | "production" | "own";

/**
 * What went wrong, in a word that scripts can rely on.
 */
export type ErrorCode = "failed" | "storage" | "network" | "timeout" | "cancelled" | "usage" | "locked" | "wrong_factors" | "device_secret" | "keyring" | "horizon_lapsed" | "not_found" | "ambiguous" | "conflict" | "refused" | "damaged" | "rolled_back" | "platform_unavailable" | "in_use" | "version";

/**
 * A request that was sent, and what came back.
 */
export type Exchange = { 
/**
 * The status code.
 */
status: number, 
/**
 * The answer's headers in order; bytes that are not ASCII are escaped as `\xNN`.
 */
headers: Array<[string, string]>, 
/**
 * The answer's body as text; absent if it is not UTF-8 (then see `body_base64`).
 */
body: string | null, 
/**
 * The answer's body, base64, if it is not UTF-8.
 */
body_base64?: string | null, 
/**
 * Whether the body was longer than the limit.
 */
body_truncated: boolean, 
/**
 * The platform's id for the request (`X-Request-Id`).
 */
request_id: string | null, 
/**
 * How the request was signed; credentials are replaced by references.
 */
steps: Array<Step>, 
/**
 * Where the time went.
 */
timings: Timings, 
/**
 * TLS, if it was spoken.
 */
tls: TlsDetails | null, 
/**
 * What was sent, with credentials replaced by references.
 */
sent: Sent, 
/**
 * The HTTP version of the answer, such as `HTTP/1.1`.
 */
http_version: string, 
/**
 * The peer's socket address.
 */
peer: string, 
/**
 * Our socket address.
 */
local: string, };

/**
 * The whole explanation of a decision.
 */
export type Explanation = { 
/**
 * The request's id, as in `X-Request-Id`; `null` for a request that was pasted.
 */
request_id: string | null, 
/**
 * Whether it was let through.
 */
decision: Decision, 
/**
 * The first rule that refused, if one did.
 */
rule: Rule | null, 
/**
 * One sentence for a person: what the cause was.
 */
cause: string, 
/**
 * Every rule of the pipeline, in order.
 */
checks: Array<Check>, 
/**
 * What to change, in one sentence, if it was refused.
 */
fix: string | null, 
/**
 * The change that whoever runs the platform can make, if it is one that would have let the
 * request pass this rule.
 */
remedy?: Remedy | null, };

/**
 * An error, ready to be shown.
 */
export type Failure = { 
/**
 * What went wrong, for scripts.
 */
code: ErrorCode, 
/**
 * What went wrong, for people: one sentence that says what was found and what was expected.
 */
message: string, 
/**
 * What to do next, if there is something.
 */
hint?: string | null, 
/**
 * Facts for scripts, such as the candidates of an ambiguous name; `null` if there are none.
 */
details: unknown, };

/**
 * What the anchor beside the device secret says of the file's age.
 */
export type Freshness = "proven" | "unproven" | "accepted_older";

/**
 * A key to be issued by the local platform, and put straight into the vault.
 */
export type IssueKey = { 
/**
 * The key's name at the platform.
 */
name: string, 
/**
 * Its scopes.
 */
scopes: Array<string>, 
/**
 * Accepted requests in every rolling minute.
 */
limit_per_minute: number, 
/**
 * Source addresses (CIDR) that may use it; any if empty.
 */
allow: Array<string>, 
/**
 * Whether it may sign requests.
 */
may_sign: boolean, 
/**
 * The name of the vault's item that is to hold it.
 */
store: string, };

/**
 * The kind of an item.
 */
export type ItemKind = "api_key" | "token" | "oauth_client" | "certificate" | "webhook_secret" | "note";

/**
 * An item without its secret.
 */
export type ItemView = { 
/**
 * The item's id, 32 hex digits.
 */
id: string, 
/**
 * Its name, as in `sr://NAME/FIELD`.
 */
name: string, 
/**
 * Its kind.
 */
kind: ItemKind, 
/**
 * The provider's name, such as `hello-clever`.
 */
provider: string | null, 
/**
 * The provider's environment.
 */
environment: Environment | null, 
/**
 * The public id, such as an app-id.
 */
public_id: string | null, 
/**
 * Where requests go.
 */
base_url: string | null, 
/**
 * The hosts that the secret may be sent to: `host` for any port, or `host:port`.
 */
hosts: Array<string>, 
/**
 * The scheme that requests are signed with.
 */
scheme: string | null, 
/**
 * Tags.
 */
tags: Array<string>, 
/**
 * When the item was added.
 */
created: UnixMillis, 
/**
 * When the item was changed last.
 */
modified: UnixMillis, 
/**
 * When its secret ends at the provider.
 */
expires: UnixMillis | null, 
/**
 * Every version kept, the newest first.
 */
versions: Array<VersionView>, };

/**
 * Whether a key can be used now.
 */
export type KeyState = "not_yet" | "active" | "rotating" | "expired" | "revoked";

/**
 * A key that the platform issued, without its secret.
 */
export type KeyView = { 
/**
 * The public id.
 */
app_id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * The client's id.
 */
client: string, 
/**
 * Whether it can be used now.
 */
state: KeyState, 
/**
 * Its scopes.
 */
scopes: Array<string>, 
/**
 * Accepted requests in every rolling minute.
 */
limit_per_minute: number, 
/**
 * Source addresses that may use it; any if empty.
 */
allow: Array<string>, 
/**
 * Whether it may sign requests.
 */
may_sign: boolean, 
/**
 * When it was made.
 */
created: UnixMillis, 
/**
 * When it ends.
 */
expires: UnixMillis | null, 
/**
 * When it was revoked.
 */
revoked: UnixMillis | null, 
/**
 * When a request with it was last authenticated.
 */
last_used: UnixMillis | null, };

/**
 * A new API key for the vault.
 */
export type NewKey = { 
/**
 * Its name: unique, without `/`.
 */
name: string, 
/**
 * The provider's name.
 */
provider: string | null, 
/**
 * The provider's environment.
 */
environment: Environment | null, 
/**
 * The public id.
 */
public_id: string | null, 
/**
 * Where requests go.
 */
base_url: string | null, 
/**
 * The hosts that the secret may be sent to.
 */
hosts: Array<string>, 
/**
 * The scheme that requests are signed with.
 */
scheme: string | null, 
/**
 * Tags.
 */
tags: Array<string>, 
/**
 * The secret.
 */
secret: Revealed, };

/**
 * How one check came out.
 */
export type Outcome = "passed" | "failed" | "skipped" | "unknown";

/**
 * Whether the local platform runs.
 */
export type PlatformState = "stopped" | "starting" | "running" | "failed";

/**
 * The local platform as the window shows it.
 */
export type PlatformStatus = { 
/**
 * Whether it runs.
 */
state: PlatformState, 
/**
 * Its origin, while it runs.
 */
url: string | null, 
/**
 * Why it failed.
 */
failure: Failure | null, };

/**
 * A QR code: the dark modules as an SVG path, one unit a module, without a quiet zone.
 */
export type QrCode = { 
/**
 * How many modules a side has.
 */
modules: number, 
/**
 * The path's `d`.
 */
path: Revealed, };

/**
 * A change to a key, or to the clock, that would have let a refused request pass the rule that refused
 * it.
 */
export type Remedy = { "act": "allow_source", 
/**
 * The key.
 */
app_id: string, 
/**
 * The address.
 */
address: string, } | { "act": "grant_scope", 
/**
 * The key.
 */
app_id: string, 
/**
 * The scope.
 */
scope: string, } | { "act": "raise_limit", 
/**
 * The key.
 */
app_id: string, 
/**
 * The new limit for every rolling minute.
 */
per_minute: number, } | { "act": "advance_clock", 
/**
 * How far, in milliseconds.
 */
by_ms: number, };

/**
 * A secret in a frame of the agent's socket, or in the one answer that shows a new credential.
 *
 * It is the only secret type that serializes, so that a search for its name finds every place
 * where a secret crosses a border. Wiped on drop; no `Debug`, `Display` or `Clone`.
 */
export type Revealed = string;

/**
 * A rule of the platform's pipeline, or what stands before and behind it. Declared in the order in
 * which a request meets them.
 */
export type Rule = "flood" | "body" | "identify" | "authenticate" | "state" | "freshness" | "replay" | "source" | "rate" | "permission" | "audit";

/**
 * What went on the wire, with credentials replaced by references.
 */
export type Sent = { 
/**
 * The method.
 */
method: string, 
/**
 * The absolute URL.
 */
url: string, 
/**
 * The headers in order.
 */
headers: Array<[string, string]>, 
/**
 * The body's length in bytes.
 */
body_bytes: number, };

/**
 * The vault as the window's frame shows it.
 */
export type Session = { 
/**
 * The vault's status.
 */
vault: VaultStatus, 
/**
 * Seconds until the vault locks by itself; `null` while it is not open.
 */
locks_in: number | null, 
/**
 * Whether this is the throw-away home of "Look around".
 */
demo: boolean, };

/**
 * What a person has chosen for the window.
 */
export type Settings = { 
/**
 * The colours.
 */
theme: Theme, 
/**
 * The vault locks after so many minutes without use.
 */
lock_after_minutes: number, 
/**
 * A copied secret leaves the clipboard after so many seconds.
 */
clipboard_seconds: number, 
/**
 * The history of requests is kept for so many days.
 */
history_days: number, };

/**
 * One artefact of signing, as it was made.
 */
export type Step = { 
/**
 * `content_digest`, `canonical_request`, `string_to_sign`, `signature_base`, or where a header
 * came from. Never holds a secret.
 */
name: string, 
/**
 * The artefact.
 */
value: string, };

/**
 * Which colours the window has.
 */
export type Theme = "system" | "light" | "dark";

/**
 * Durations of a request's phases, in milliseconds.
 */
export type Timings = { 
/**
 * Looking up the name.
 */
dns_ms: number, 
/**
 * TCP's handshake.
 */
connect_ms: number, 
/**
 * TLS's handshake; 0 without TLS.
 */
tls_ms: number, 
/**
 * From the request's first byte to the answer's.
 */
first_byte_ms: number, 
/**
 * The rest of the answer.
 */
download_ms: number, 
/**
 * All of it.
 */
total_ms: number, };

/**
 * What TLS agreed on.
 */
export type TlsDetails = { 
/**
 * `TLSv1.3` or `TLSv1.2`.
 */
version: string, 
/**
 * The cipher suite, by its IANA name.
 */
cipher: string, 
/**
 * The key exchange group, such as `X25519MLKEM768`.
 */
key_exchange: string | null, 
/**
 * The protocol that ALPN chose.
 */
alpn: string | null, 
/**
 * The name that was verified.
 */
server_name: string, 
/**
 * The peer's chain, its own certificate first.
 */
chain: Array<CertificateView>, };

/**
 * Milliseconds since the Unix epoch. Printed as RFC 3339 in UTC.
 */
export type UnixMillis = string;

/**
 * Whether there is a vault, and whether it is open.
 */
export type VaultState = "none" | "locked" | "unlocked";

/**
 * What `status` says.
 */
export type VaultStatus = { 
/**
 * Whether there is a vault, and whether it is open.
 */
state: VaultState, 
/**
 * The vault's id, 32 hex digits.
 */
vault_id: string | null, 
/**
 * The file.
 */
path: string | null, 
/**
 * The last day on which a code works (`YYYY-MM-DD`, UTC).
 */
last_code_day: string | null, 
/**
 * Whether it opened read-only, so that its code is not used up.
 */
read_only: boolean, 
/**
 * How many items it holds; only while unlocked.
 */
items: number | null, 
/**
 * Whether the anchor proved that this is the newest copy seen on this machine.
 */
freshness: Freshness | null, 
/**
 * Whether other programs may have secrets revealed until the vault is locked.
 */
reveal_allowed: boolean, 
/**
 * After how many seconds without use it locks itself; only while unlocked.
 */
locks_in_seconds?: number | null, };

/**
 * The state of one version of an item's secret.
 */
export type VersionState = "staged" | "current" | "retiring" | "revoked";

/**
 * One version of an item's secret, without the secret.
 */
export type VersionView = { 
/**
 * 1 for the first.
 */
version: number, 
/**
 * Its state.
 */
state: VersionState, 
/**
 * When it was stored.
 */
created: UnixMillis, };
