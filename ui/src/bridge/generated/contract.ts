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
 * `GET /manage/v1/allowlist`, and the answer to a change of it.
 */
export type AllowAllView = { 
/**
 * The sources that any key may be used from, in order and without overlap; any if empty.
 */
allow: Array<string>, };

/**
 * Whether a typed allowlist can be read: `{"ok": true, "normalized": […]}` or
 * `{"ok": false, "problem": "…"}`.
 */
export type AllowlistCheck = { ok: true, normalized: Array<string> } | { ok: false, problem: string };

/**
 * What came back for a draft, and whether it is as expected.
 */
export type Answered = { 
/**
 * What came back.
 */
exchange: Exchange, 
/**
 * What was expected, and what there was; empty if nothing was expected.
 */
checks: Array<CheckResult>, };

/**
 * An export of the audit log that was written to a file.
 */
export type AuditExported = { 
/**
 * The file of the rows.
 */
file: string, 
/**
 * The file of their proof.
 */
proof_file: string, 
/**
 * How many rows it has.
 */
rows: number, };

/**
 * `GET /manage/v1/audit?limit=N&before=SEQUENCE`.
 */
export type AuditPage = { 
/**
 * The rows, the newest first.
 */
rows: Array<AuditRowView>, 
/**
 * What to pass as `before` for the rows that follow.
 */
next: number | null, };

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
 * How a body's text is laid out.
 */
export type BodyForm = "raw" | "pretty";

/**
 * What kind of body a draft has.
 */
export type BodyKind = "none" | "json" | "form" | "multipart" | "raw" | "file";

/**
 * One place.
 */
export type BodyMatch = { 
/**
 * The row, from 0.
 */
row: number, 
/**
 * The first column, in UTF-16 units.
 */
from: number, 
/**
 * The column behind the last.
 */
to: number, };

/**
 * Where some words stand.
 */
export type BodyMatches = { 
/**
 * How often.
 */
total: number, 
/**
 * Where; the first 5,000.
 */
places: Array<BodyMatch>, };

/**
 * A row of a body: a line, or a part of a long one.
 */
export type BodyRow = { 
/**
 * The line's number, from 1; `null` for the further rows of a long line.
 */
line: number | null, 
/**
 * The text, without a line end.
 */
text: string, };

/**
 * Some rows of a body.
 */
export type BodyRows = { 
/**
 * How many rows the body has.
 */
total: number, 
/**
 * Those that were asked for.
 */
rows: Array<BodyRow>, };

/**
 * How a draft is sent many times over.
 */
export type BurstPlan = { 
/**
 * How many times; absent if `for_ms` says how long.
 */
count: number | null, 
/**
 * For how long, in milliseconds; whichever of both is over first ends it.
 */
for_ms: number | null, 
/**
 * At most so many a second; as fast as it goes if absent.
 */
rate: number | null, 
/**
 * Over how many connections at once.
 */
concurrency: number, 
/**
 * The rate, or the number of connections, grows to its full height within so many milliseconds.
 */
ramp_ms: number, 
/**
 * Whether it is waited once as long as a 429 asks for, and tried again.
 */
check_retry_after: boolean, 
/**
 * Whether a host that is not this machine was agreed to.
 */
confirm_remote: boolean, 
/**
 * Whether production was agreed to.
 */
confirm_production: boolean, };

/**
 * How a burst went.
 */
export type BurstReport = { 
/**
 * How many were sent.
 */
sent: number, 
/**
 * Answers below 400.
 */
accepted: number, 
/**
 * Answers 429.
 */
limited: number, 
/**
 * Other answers.
 */
other: number, 
/**
 * Requests without an answer.
 */
failed: number, 
/**
 * How many answers had which status, by status.
 */
statuses: Array<[number, number]>, 
/**
 * Why requests had no answer, and how many.
 */
failures: Array<[string, number]>, 
/**
 * How long it took, in milliseconds.
 */
total_ms: number, 
/**
 * Answers a second.
 */
rate: number, 
/**
 * How long answers took.
 */
latency: Latency, 
/**
 * What the answers say of a limit; absent if none was met.
 */
limit: MeasuredLimit | null, 
/**
 * One sentence that says what was measured.
 */
summary: string, 
/**
 * How it went over time.
 */
samples: Array<BurstSample>, };

/**
 * How a burst is going: everything since the sample before.
 */
export type BurstSample = { 
/**
 * The end of the sample, in milliseconds since the burst began.
 */
at_ms: number, 
/**
 * Answers below 400.
 */
accepted: number, 
/**
 * Answers 429.
 */
limited: number, 
/**
 * Other answers.
 */
other: number, 
/**
 * Requests without an answer.
 */
failed: number, 
/**
 * The time from a request's first byte to the end of its answer that half of them did not exceed, in
 * milliseconds.
 */
p50_ms: number, 
/**
 * The same for 90 %.
 */
p90_ms: number, 
/**
 * The same for 99 %.
 */
p99_ms: number, };

/**
 * A value that is carried on from the answer to the requests after it.
 */
export type Capture = { 
/**
 * The variable that it becomes.
 */
name: string, 
/**
 * Where it comes from.
 */
from: CaptureSource, };

/**
 * Where a captured value comes from.
 */
export type CaptureSource = { "kind": "json", "at": string } | { "kind": "header", "at": string } | { "kind": "body" } | { "kind": "status" };

/**
 * What is seen of a certificate and a private key before they are kept.
 */
export type CertificateLook = { 
/**
 * The chain as far as it can be read, its own certificate first.
 */
chain: Array<CertificateView>, 
/**
 * What is wrong with the certificate, and what to do.
 */
certificate_problem: Failure | null, 
/**
 * What is wrong with the private key, and what to do.
 */
key_problem: Failure | null, };

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
 * A change that makes the request match.
 */
export type Change = { 
/**
 * Its id, such as `body-trailing-newline`; docs/DEBUGGER.md lists them.
 */
id: string, 
/**
 * What is wrong, as a clause that follows "In your request".
 */
what: string, 
/**
 * What to do, as a clause.
 */
fix: string, 
/**
 * Whether the search proved it: with this change, the signature or credential matches. What is
 * not proven is read off the request alone.
 */
proven: boolean, };

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
 * What was expected of an answer, and what there was.
 */
export type CheckResult = { 
/**
 * What was looked at, such as `status`, `header content-type` or `json $.status`.
 */
what: string, 
/**
 * What it had to be, in words.
 */
expected: string, 
/**
 * What it was, in words.
 */
observed: string, 
/**
 * Whether it held.
 */
passed: boolean, };

/**
 * A client.
 */
export type ClientView = { 
/**
 * Its id, 32 hex digits.
 */
id: string, 
/**
 * Its name. `unknown` and a day (UTC): what requests of nobody known left on that day.
 */
name: string, 
/**
 * When it was made.
 */
created: UnixMillis, 
/**
 * Whether what is personal was erased.
 */
is_erased: boolean, 
/**
 * How many keys it has, ended ones included.
 */
keys: number, 
/**
 * Accepted requests in every rolling minute over all of its keys, if it has a limit.
 */
limit_per_minute: number | null, };

/**
 * What a folder of requests holds.
 */
export type Collection = { 
/**
 * Its absolute path, canonical.
 */
folder: string, 
/**
 * Its name for people.
 */
name: string, 
/**
 * Folders and requests in their order, each folder before what is in it.
 */
entries: Array<CollectionEntry>, 
/**
 * The environments, by name.
 */
environments: Array<EnvironmentRow>, 
/**
 * Files that can't be read, each with what is wrong.
 */
problems: Array<CollectionProblem>, 
/**
 * Changes when any file of the folder does: whoever watches asks again and compares.
 */
version: string, };

/**
 * A request or folder of a collection.
 */
export type CollectionEntry = { 
/**
 * The path in the folder.
 */
path: string, 
/**
 * The name for people.
 */
name: string, 
/**
 * The method; absent for a folder.
 */
method: string | null, 
/**
 * The URL with its placeholders; absent for a folder.
 */
url: string | null, 
/**
 * How many folders it lies in, below the collection itself.
 */
depth: number, };

/**
 * A file that can't be read.
 */
export type CollectionProblem = { 
/**
 * The file in the folder.
 */
path: string, 
/**
 * One sentence with line and column.
 */
message: string, };

/**
 * How two answers differ.
 */
export type Comparison = { 
/**
 * Both statuses; absent where there was no answer.
 */
status: [number | null, number | null], 
/**
 * Header lines that differ.
 */
headers: Array<HeaderDifference>, 
/**
 * The bodies line by line; JSON is set out in lines first. Empty if they are the same.
 */
body: Array<DiffLine>, 
/**
 * Whether the bodies are the same bytes.
 */
same_body: boolean, 
/**
 * Why the bodies were not compared line by line: they are no text, or too long.
 */
body_note: string | null, };

/**
 * What keeps a composed request from being sent.
 */
export type ComposeProblem = { 
/**
 * Where: `method`, `url`, `query NAME`, `header NAME`, `body`, `form NAME`, `part NAME`, `auth`.
 */
place: string, 
/**
 * The variables that were gone through, the outermost first, and the one at fault last; empty if no
 * variable is at fault.
 */
variables: Array<string>, 
/**
 * One sentence that names what is missing, cyclic or malformed.
 */
message: string, };

/**
 * A request as it is composed. What is absent in JSON is as it is in [`Composed::default`].
 */
export type Composed = { 
/**
 * The name for people.
 */
name: string, 
/**
 * What it is for.
 */
description: string | null, 
/**
 * Its place among its neighbours in a folder: ascending, those without one last, by file name.
 */
order: number | null, 
/**
 * The method.
 */
method: string, 
/**
 * The URL; it may hold a query, which is sent as it stands, before that of `query`.
 */
url: string, 
/**
 * The query table: names and values as they read, percent-encoded when sent.
 */
query: Array<Line>, 
/**
 * The header lines in order; names may repeat.
 */
headers: Array<Line>, 
/**
 * The content.
 */
body: ComposedBody, 
/**
 * The vault's item to sign with, by name, id or `sr://NAME`.
 */
key: string | null, 
/**
 * The scheme's id; the item's own if absent.
 */
scheme: string | null, 
/**
 * What the scheme is told beside the key; it comes before what the item says.
 */
settings?: { [key in string]: string }, 
/**
 * What the answer must be.
 */
expect: Expectations, 
/**
 * What is carried on from the answer to the requests after it.
 */
capture: Array<Capture>, 
/**
 * Whether redirects are followed rather than shown.
 */
follow_redirects: boolean, 
/**
 * After how many milliseconds it is given up; 30 s if absent.
 */
timeout_ms: number | null, };

/**
 * A request's content.
 */
export type ComposedBody = { "kind": "none" } | { "kind": "json", 
/**
 * The text.
 */
text: string, } | { "kind": "form", 
/**
 * Its fields.
 */
fields: Array<Line>, } | { "kind": "multipart", 
/**
 * The parts.
 */
parts: Array<ComposedPart>, } | { "kind": "text", 
/**
 * The text.
 */
text: string, 
/**
 * What the content type is.
 */
content_type: string | null, } | { "kind": "file", 
/**
 * The file, as a path from the request's folder; absolute if it is in none.
 */
path: string, 
/**
 * What the content type is.
 */
content_type: string | null, } | { "kind": "binary", 
/**
 * The bytes, base64.
 */
base64: string, 
/**
 * What the content type is.
 */
content_type: string | null, };

/**
 * One part of a multipart body.
 */
export type ComposedPart = { 
/**
 * The field's name.
 */
name: string, 
/**
 * What it holds.
 */
content: PartContent, 
/**
 * What the part's content type is.
 */
content_type: string | null, 
/**
 * Whether it is sent.
 */
enabled: boolean, };

/**
 * What would go out: the very bytes, with the names of secrets in the place of the secrets.
 */
export type ComposedPreview = { 
/**
 * The absolute URL.
 */
url: string, 
/**
 * Request line and header section as they go on the wire, with the empty line. What is made anew for
 * each request (a nonce, a signature) is a sample.
 */
head: string, 
/**
 * The body as text; absent if it is not UTF-8 (then see `body_base64`).
 */
body: string | null, 
/**
 * The body, base64, if it is not UTF-8.
 */
body_base64: string | null, 
/**
 * The body's length in bytes as it is sent.
 */
body_bytes: number, 
/**
 * Each artefact of signing, made with a sample secret: no signature among them is genuine.
 */
steps: Array<Step>, 
/**
 * The fields of the vault that would be used, as `sr://NAME/FIELD`.
 */
references: Array<string>, 
/**
 * Whether it goes to production: it is sent only with
 * [`SendOptions::confirm_production`].
 */
production: boolean, 
/**
 * What keeps it from being sent. All else is as far as it is known then.
 */
problems: Array<ComposeProblem>, };

/**
 * A composed request, and what its placeholders are filled in from.
 */
export type ComposedSend = { 
/**
 * The request.
 */
request: Composed, 
/**
 * The folder of requests that it belongs to, as an absolute path: its environments are there.
 */
folder: string | null, 
/**
 * Where it is saved, as a path in the folder: files of its body are looked for from there.
 */
path: string | null, 
/**
 * The environment, by name or by its file's name in the folder.
 */
environment: string | null, 
/**
 * Variables that come before those of the environment.
 */
variables: { [key in string]: string }, 
/**
 * How it is sent.
 */
options: SendOptions, };

/**
 * Whether the request was let through.
 */
export type Decision = "accepted" | "refused" | "unknown";

/**
 * A content coding that was undone.
 */
export type Decoded = { 
/**
 * `gzip`, `deflate`, `br` or `zstd`; several in the order in which they were applied, as in `br, gzip`.
 */
coding: string, 
/**
 * How many bytes came.
 */
encoded_bytes: number, };

/**
 * What the debugger found out. The explanation's fields stand beside these in the document. Holds no
 * secret: values that could be one are masked.
 */
export type Diagnosis = { 
/**
 * The scheme that the request was taken to use.
 */
scheme: string | null, 
/**
 * What would have made it match, each once; empty if nothing is wrong or nothing was found.
 */
changes: Array<Change>, 
/**
 * What was received beside what was signed, part by part.
 */
parts: Array<Part>, 
/**
 * One sentence to send to whoever made the request; absent if there is nothing to say.
 */
sentence: string | null, 
/**
 * How the search went; absent if there was nothing to search for.
 */
search: Search | null, 
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
 * One line of a comparison.
 */
export type DiffLine = { 
/**
 * Where it stands.
 */
side: DiffSide, 
/**
 * The line without its end.
 */
text: string, };

/**
 * Where a line of a comparison stands.
 */
export type DiffSide = "both" | "left" | "right";

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
headers: Array<Entry>, 
/**
 * The body.
 */
body: DraftBody, 
/**
 * The vault's item to sign with, by name or id.
 */
key: string | null, 
/**
 * The scheme; the item's own if absent.
 */
scheme: string | null, 
/**
 * What the scheme is told beside the key, such as a region.
 */
settings: { [key in string]: string }, 
/**
 * Whether redirects are followed rather than shown.
 */
follow_redirects: boolean, 
/**
 * How else it is sent.
 */
options: DraftOptions, 
/**
 * What the answer must be.
 */
expect: Expectations, 
/**
 * What is carried on from the answer to the requests after it, where a folder is run.
 */
capture: Array<Capture>, 
/**
 * The file that it was loaded from, or saved to.
 */
home?: DraftHome | null, };

/**
 * The body of a draft. What was typed for another kind stays, so that a change of mind costs nothing.
 */
export type DraftBody = { 
/**
 * What is sent.
 */
kind: BodyKind, 
/**
 * The text of `json` and `raw`, sent byte for byte.
 */
text: string, 
/**
 * The fields of `form`.
 */
fields: Array<Entry>, 
/**
 * The parts of `multipart`.
 */
parts: Array<DraftPart>, 
/**
 * The path of `file`.
 */
file: string | null, };

/**
 * Where a draft is saved.
 */
export type DraftHome = { 
/**
 * The folder of requests, as it was chosen.
 */
folder: string, 
/**
 * The file in it.
 */
path: string, 
/**
 * The name for people.
 */
name: string, 
/**
 * The file's version as it was loaded.
 */
version: string, 
/**
 * The environment that placeholders are filled in from.
 */
environment: string | null, };

/**
 * How a draft is sent, beyond what it is.
 */
export type DraftOptions = { 
/**
 * After how many milliseconds it is given up; 30 s if absent.
 */
timeout_ms: number | null, 
/**
 * Whether plain HTTP to a loopback address was agreed to.
 */
allow_plain_http: boolean, 
/**
 * Whether no proxy is used, whatever the settings say.
 */
no_proxy: boolean, 
/**
 * The item of the vault whose certificate is shown to a server that asks for one, by name or id.
 */
client_cert: string | null, 
/**
 * The items of the vault whose certificates are trusted beside the system's, by name or id.
 */
ca: Array<string>, 
/**
 * Whether it is left out of the history.
 */
off_the_record: boolean, };

/**
 * One part of a multipart body.
 */
export type DraftPart = { 
/**
 * The field's name.
 */
name: string, 
/**
 * Its text, if it is no file.
 */
value: string, 
/**
 * The path of the file that is sent in place of the text.
 */
file: string | null, 
/**
 * Whether it is sent.
 */
enabled: boolean, };

/**
 * A change of an issued key beside its limits and lists: `{"note": "…"}`.
 */
export type EditIssued = { "name": string } | { "note": string } | { "expires": UnixMillis | null };

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
 * What the scheme is told beside the secret; if absent, what it is told now, as far as the scheme
 * knows it.
 */
settings?: { [key in string]: string } | null, 
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
 * A line of a table: a header, or a field of a form.
 */
export type Entry = { 
/**
 * The name.
 */
name: string, 
/**
 * The value.
 */
value: string, 
/**
 * Whether it is sent. One that is not stays in the table.
 */
enabled: boolean, };

/**
 * Which of a provider's environments an item belongs to.
 */
export type Environment = "sandbox" | "production" | "own";

/**
 * An environment of a collection.
 */
export type EnvironmentRow = { 
/**
 * Its file in the folder, such as `environments/sandbox.toml`.
 */
path: string, 
/**
 * The name for people.
 */
name: string, 
/**
 * Whether it is production.
 */
production: boolean, };

/**
 * An environment as it was loaded.
 */
export type EnvironmentView = { 
/**
 * Its file in the folder; empty for a new one.
 */
path: string, 
/**
 * The name for people.
 */
name: string, 
/**
 * Whether it is production: a stop stands before a request then.
 */
production: boolean, 
/**
 * The values by name; each may hold placeholders, or be a reference `sr://NAME/FIELD`.
 */
variables: { [key in string]: string }, 
/**
 * The file's version; absent for a new one.
 */
version: string | null, };

/**
 * What went wrong, in a word that scripts can rely on.
 */
export type ErrorCode = "failed" | "storage" | "network" | "timeout" | "cancelled" | "usage" | "locked" | "wrong_factors" | "device_secret" | "keyring" | "horizon_lapsed" | "not_found" | "ambiguous" | "conflict" | "refused" | "damaged" | "rolled_back" | "platform_unavailable" | "in_use" | "version";

/**
 * A draft as it would go on the wire, with a sample in the place of the secret.
 */
export type ExactRequest = { 
/**
 * How it would be signed; empty without a key.
 */
steps: Array<Step>, 
/**
 * The request line and the headers in the wire's order, a line each.
 */
head: string, 
/**
 * The first 64 KiB of the body, base64.
 */
body_base64: string, 
/**
 * The length of the whole body, in bytes.
 */
body_bytes: number, };

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
 * The answer's body as text, unpacked if `decoded` says so; absent if it is not UTF-8 (then see `body_base64`).
 */
body: string | null, 
/**
 * The answer's body, base64, if it is not UTF-8.
 */
body_base64?: string | null, 
/**
 * Where the body is held for the window; one of more than 1 MiB is there alone.
 */
held?: HeldBody | null, 
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
 * The peer's socket address: the proxy's, if there is one between.
 */
peer: string, 
/**
 * Our socket address.
 */
local: string, 
/**
 * The proxy that it went through, host and port.
 */
proxy?: string | null, 
/**
 * The redirects that came before this answer, and the one that it is.
 */
redirects?: Array<Redirect>, 
/**
 * The content coding that was undone, such as `gzip`; absent if the body is as it came.
 */
decoded?: Decoded | null, 
/**
 * Why a body that has a content coding is here as it came.
 */
undecoded?: string | null, };

/**
 * A request to be looked at, as it was pasted. It may hold credentials, so it has no `Debug`; it is
 * kept nowhere.
 */
export type Exhibit = { 
/**
 * The method.
 */
method: string, 
/**
 * The absolute URL.
 */
url: string, 
/**
 * The headers in order; names may repeat.
 */
headers: Array<[string, string]>, 
/**
 * The body's bytes, base64; empty for a request without one.
 */
body_base64: string, 
/**
 * The address that it came from; not known if absent.
 */
peer?: string | null, 
/**
 * The time to judge it at; now if absent.
 */
at?: UnixMillis | null, };

/**
 * What an answer must be. Nothing is expected where nothing is said.
 */
export type Expectations = { 
/**
 * The status is one of these, such as `201` or `2xx`.
 */
status: Array<string>, 
/**
 * The whole exchange takes at most as many milliseconds.
 */
time_ms: number | null, 
/**
 * What header lines must be: for one of the lines of `at`, a name in any case.
 */
headers: Array<Expected>, 
/**
 * What the body's JSON must be: for one of the nodes at `at`, a JSONPath (RFC 9535).
 */
json: Array<Expected>, 
/**
 * A file with a JSON Schema that the body satisfies, as a path from the request's folder.
 */
schema: string | null, };

/**
 * What one place of an answer must be.
 */
export type Expected = { 
/**
 * The place: a header's name, or a JSONPath.
 */
at: string, 
/**
 * What must hold there.
 */
check: ValueCheck, };

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
 * A request as a program, or as a file of another program.
 */
export type ExportedRequest = { 
/**
 * What it is written in.
 */
format: string, 
/**
 * The text.
 */
text: string, 
/**
 * What the reader has to know, a sentence each.
 */
notes: Array<string>, 
/**
 * The variables of the process that it needs.
 */
variables: Array<ExportedVariable>, 
/**
 * Secrets that the saved request held, against the rules; variables stand in their places.
 */
secrets: Array<SecretTaken>, };

/**
 * A variable of the process that an exported request needs.
 */
export type ExportedVariable = { 
/**
 * Its name.
 */
name: string, 
/**
 * The placeholder that it stands for.
 */
stands_for: string, };

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
 * Something that is wrong with a file.
 */
export type FileProblem = { 
/**
 * The file, as it was named.
 */
file: string, 
/**
 * Where in it: `LINE:COLUMN`, or a JSON pointer; absent if nowhere in particular.
 */
place?: string | null, 
/**
 * What is wrong, and what became of it.
 */
message: string, };

/**
 * Asks where some words stand in a body.
 */
export type FindInBody = { 
/**
 * The body.
 */
id: number, 
/**
 * How it is laid out.
 */
form: BodyForm, 
/**
 * The words.
 */
text: string, 
/**
 * Whether capitals matter.
 */
match_case: boolean, };

/**
 * The requests of a foreign text, taken into the window.
 */
export type ForeignOpened = { 
/**
 * The requests. A key that was added to the vault is named by its id.
 */
drafts: Array<Draft>, 
/**
 * The names of the keys that were added to the vault.
 */
added: Array<string>, };

/**
 * What is understood of a text that was pasted into the window. It holds none of its secrets.
 */
export type ForeignRead = { 
/**
 * What it is written in, such as `curl` or `postman`.
 */
format: string, 
/**
 * How many requests it holds.
 */
total: number, 
/**
 * The first of them.
 */
requests: Array<ForeignRow>, 
/**
 * What was taken out.
 */
secrets: Array<SecretTaken>, 
/**
 * What was not understood.
 */
problems: Array<FileProblem>, };

/**
 * A request of a foreign text.
 */
export type ForeignRow = { 
/**
 * The name for people.
 */
name: string, 
/**
 * The method.
 */
method: string, 
/**
 * The URL with its placeholders.
 */
url: string, };

/**
 * A file that a person chose, as text. It may hold secrets.
 */
export type ForeignText = { 
/**
 * The file's name, without its folder.
 */
name: string, 
/**
 * What it holds.
 */
text: Revealed, };

/**
 * What the anchor beside the device secret says of the file's age.
 */
export type Freshness = "proven" | "unproven" | "accepted_older";

/**
 * A header whose lines differ between two answers.
 */
export type HeaderDifference = { 
/**
 * Its name in lower case.
 */
name: string, 
/**
 * Its lines in the one answer.
 */
left: Array<string>, 
/**
 * Its lines in the other.
 */
right: Array<string>, };

/**
 * An answer's body that the vault's owner holds for the window, until the vault is locked.
 */
export type HeldBody = { 
/**
 * By which it is asked for.
 */
id: number, 
/**
 * Its length in bytes.
 */
bytes: number, 
/**
 * Whether it is UTF-8.
 */
text: boolean, };

/**
 * A certificate that is held.
 */
export type HeldCertificate = { 
/**
 * Its own first, then those that signed it.
 */
chain: Array<CertificateView>, 
/**
 * Whether its private key is held too; without, it can only be trusted.
 */
has_private_key: boolean, };

/**
 * One entry whole.
 */
export type HistoryEntry = { 
/**
 * What a list shows of it.
 */
row: HistoryRow, 
/**
 * The request as it can be sent again. A credential that was typed by hand is not kept:
 * `{{secret:NAME}}` stands in its place.
 */
request: Composed, 
/**
 * What came back. Of a long body only the beginning is kept.
 */
exchange: Exchange | null, 
/**
 * Why nothing came back.
 */
failure: Failure | null, };

/**
 * Which entries, the newest first. A field that is absent leaves out nothing.
 */
export type HistoryFilter = { 
/**
 * A text in the method, URL, name, key or request id, in any case.
 */
text: string | null, 
/**
 * The name of the key that signed.
 */
key: string | null, 
/**
 * The first digit of the status; 0 for requests that have no answer.
 */
status_class: number | null, 
/**
 * The host, with or without its port.
 */
host: string | null, 
/**
 * Not before this.
 */
since: UnixMillis | null, 
/**
 * The page: entries older than the one with this id.
 */
before: number | null, 
/**
 * How many at most; 100 if absent, never more than 1,000.
 */
limit: number | null, };

/**
 * A page of the history.
 */
export type HistoryPage = { 
/**
 * The entries, the newest first.
 */
rows: Array<HistoryRow>, 
/**
 * Whether older ones fit the filter too.
 */
more: boolean, 
/**
 * How many entries there are in all.
 */
total: number, 
/**
 * How many entries of the file can't be read: they are damaged.
 */
unreadable: number, };

/**
 * How many entries were removed.
 */
export type HistoryRemoved = { 
/**
 * How many.
 */
removed: number, };

/**
 * How many entries were put back.
 */
export type HistoryRestored = { 
/**
 * How many.
 */
restored: number, };

/**
 * One entry, as far as a list shows it.
 */
export type HistoryRow = { 
/**
 * Names the entry; ascending with time.
 */
id: number, 
/**
 * When it was sent.
 */
at: UnixMillis, 
/**
 * The request's name, if it was saved under one.
 */
name: string | null, 
/**
 * The method.
 */
method: string, 
/**
 * The absolute URL, with references in the place of secrets.
 */
url: string, 
/**
 * Host and port.
 */
host: string, 
/**
 * The key that signed.
 */
key: string | null, 
/**
 * The status; absent if there was no answer.
 */
status: number | null, 
/**
 * Why there was no answer.
 */
failure: string | null, 
/**
 * How long it took, in milliseconds.
 */
total_ms: number, 
/**
 * The platform's id for the request.
 */
request_id: string | null, };

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
store: string, 
/**
 * Accepted requests in a day (UTC); no quota if absent.
 */
daily_quota?: number | null, 
/**
 * Whose money it moves.
 */
environment: KeyEnvironment, 
/**
 * From when on it can be used; at once if absent.
 */
not_before?: UnixMillis | null, 
/**
 * When it ends; never if absent.
 */
expires?: UnixMillis | null, 
/**
 * A note for people.
 */
note: string, };

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
 * What the scheme is told beside the secret, such as a region.
 */
settings: { [key in string]: string }, 
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
 * What a pasted request is judged by.
 */
export type Judge = { "by": "platform" } | { "by": "vault", 
/**
 * The item's name or id.
 */
key: string, 
/**
 * How it should be signed; what the key says if absent.
 */
scheme?: string | null, } | { "by": "typed", 
/**
 * The public id, if it is known.
 */
id: string | null, 
/**
 * The secret, or a key in PEM.
 */
secret: Revealed, 
/**
 * How it should be signed; what the request tells if absent.
 */
scheme?: string | null, 
/**
 * What the scheme is told beside the secret.
 */
settings: { [key in string]: string }, } | { "by": "alone" };

/**
 * How one check came out.
 */
export type JwtCheck = { 
/**
 * Which.
 */
rule: JwtRule, 
/**
 * How it came out. Skipped: the token says nothing of the kind.
 */
outcome: Outcome, 
/**
 * What was seen.
 */
observed: string, 
/**
 * What would have passed.
 */
expected: string, 
/**
 * What to change, for a check that failed.
 */
fix?: string | null, };

/**
 * One member of a token's header or claims.
 */
export type JwtMember = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its value.
 */
value: unknown, 
/**
 * What a member of that name means, for those that RFC 7515 and RFC 7519 register.
 */
meaning: string | null, 
/**
 * The value in words, for times: `2026-11-24T10:00:00Z, in 4 minutes`.
 */
words: string | null, };

/**
 * What a token says, and what is to be thought of it. Never its signature.
 */
export type JwtReport = { 
/**
 * `accepted`: every check passed. `refused`: one failed. `unknown`: there was no key to check the
 * signature with.
 */
decision: Decision, 
/**
 * The members of its header, in their order.
 */
header: Array<JwtMember>, 
/**
 * Its claims, in their order.
 */
claims: Array<JwtMember>, 
/**
 * Each check, in order.
 */
checks: Array<JwtCheck>, };

/**
 * What is checked of a token.
 */
export type JwtRule = "form" | "algorithm" | "critical" | "type" | "signature" | "expires" | "not_before" | "issued";

/**
 * Whose money a key moves.
 */
export type KeyEnvironment = "test" | "live";

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
 * Accepted requests in a day (UTC), if it has a quota.
 */
daily_quota: number | null, 
/**
 * How many of its quota were accepted today.
 */
used_today: number | null, 
/**
 * How long a request over a limit waits for a slot at most, in milliseconds; it is refused at once if
 * absent.
 */
delay_ms: number | null, 
/**
 * How many requests wait for a slot now.
 */
waiting: number, 
/**
 * Accepted requests in every rolling minute over all keys of its client, if that has a limit.
 */
client_limit_per_minute: number | null, 
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
 * From when on it can be used; at once if absent.
 */
not_before: UnixMillis | null, 
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
last_used: UnixMillis | null, 
/**
 * Its secrets, the newest first: one, or two once it was rotated.
 */
secrets: Array<SecretView>, 
/**
 * What its owner noted about it; may be empty.
 */
note: string, 
/**
 * The public key that its signatures are verified with, if one is registered.
 */
public_key?: PublicKeyView, };

/**
 * How long answers took, in milliseconds.
 */
export type Latency = { 
/**
 * The shortest.
 */
min_ms: number, 
/**
 * What half of them did not exceed.
 */
p50_ms: number, 
/**
 * What 90 % did not exceed.
 */
p90_ms: number, 
/**
 * What 99 % did not exceed.
 */
p99_ms: number, 
/**
 * The longest.
 */
max_ms: number, };

/**
 * `GET /manage/v1/keys/{app_id}/limit/suggestion`: a limit by what was asked for with the key.
 */
export type LimitSuggestion = { 
/**
 * The key.
 */
app_id: string, 
/**
 * Its limit for every rolling minute.
 */
current: number, 
/**
 * The limit that would fit; null if there is too little to go by.
 */
suggested: number | null, 
/**
 * The rule that it is made by, in words.
 */
rule: string, 
/**
 * What speaks for it, a sentence each.
 */
reasons: Array<string>, 
/**
 * What was looked at.
 */
sample: UsageSample, };

/**
 * One line of a query, header or form table.
 */
export type Line = { 
/**
 * The name.
 */
name: string, 
/**
 * The value.
 */
value: string, 
/**
 * Whether it is sent. One that is not stays in the table.
 */
enabled: boolean, };

/**
 * What one allowlist says about a source.
 */
export type ListCheck = { 
/**
 * Whether it lets it through.
 */
passes: boolean, 
/**
 * The entry that does; absent if none does, or if the list is empty, which lets any source through.
 */
entry: string | null, 
/**
 * The list.
 */
allow: Array<string>, };

/**
 * A pasted request and what the debugger found out.
 */
export type LookedInto = { 
/**
 * What the text was read as: `curl`, `raw` or `har`.
 */
format: string, 
/**
 * The method.
 */
method: string, 
/**
 * Scheme, host and path of the URL. What stands behind them may be a credential.
 */
place: string, 
/**
 * How many header lines there are.
 */
headers: number, 
/**
 * The body's length in bytes.
 */
body_bytes: number, 
/**
 * What was found out.
 */
diagnosis: Diagnosis, };

/**
 * A limit as the answers show it.
 */
export type MeasuredLimit = { 
/**
 * The most that were accepted within any `window_s` seconds.
 */
accepted: number, 
/**
 * The window, in seconds: what the answers say of it, or 60.
 */
window_s: number, 
/**
 * Whether the answers say so (`RateLimit-Policy`), or the window is an assumption.
 */
window_stated: boolean, 
/**
 * What the first 429 said in `Retry-After`, in seconds.
 */
retry_after_s: number | null, 
/**
 * Whether a request after that time was accepted; absent if it was not tried.
 */
retry_after_held: boolean | null, };

/**
 * Renames or moves a request or folder.
 */
export type MoveEntry = { 
/**
 * The collection's absolute path.
 */
folder: string, 
/**
 * What is moved: its path in the collection.
 */
path: string, 
/**
 * The folder that it goes to, by its path; where it is if absent.
 */
to: string | null, 
/**
 * Its new name for people; the old one if absent.
 */
name: string | null, };

/**
 * A new API key for the vault, or a certificate.
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
 * What the scheme is told beside the secret, such as a region.
 */
settings?: { [key in string]: string }, 
/**
 * The preset whose scheme, settings, base URL and hosts hold where none are given.
 */
preset?: string | null, 
/**
 * Tags.
 */
tags: Array<string>, 
/**
 * The secret; empty if a certificate is kept without a private key.
 */
secret: Revealed, 
/**
 * A certificate in PEM, with those that signed it behind it; the secret is its private key then, which
 * may stand in the same text instead.
 */
certificate?: string | null, };

/**
 * Takes the requests of a foreign text into the window.
 */
export type OpenForeign = { 
/**
 * The text.
 */
text: ForeignText, 
/**
 * Which secrets become keys of the vault: the key's name, by the secret's variable.
 */
keep: { [key in string]: string }, };

/**
 * How one check came out.
 */
export type Outcome = "passed" | "failed" | "skipped" | "unknown";

/**
 * One part of the canonical form.
 */
export type Part = { 
/**
 * Its name, such as `"@target-uri"` or `body`.
 */
name: string, 
/**
 * What whoever verifies makes of the request.
 */
received: Array<Piece>, 
/**
 * What was signed, as far as the search found it out; `null` if that is not known.
 */
signed: Array<Piece> | null, 
/**
 * Whether both are the same; `null` if that is not known.
 */
same: boolean | null, };

/**
 * What a part holds.
 */
export type PartContent = { "kind": "text", 
/**
 * The text.
 */
text: string, } | { "kind": "file", 
/**
 * The file, as a path from the request's folder.
 */
path: string, 
/**
 * The name it is sent under, if not the path's last part.
 */
file_name: string | null, };

/**
 * A request that somebody pasted into the window, and by what it is judged.
 */
export type PastedCase = { 
/**
 * The text: a curl command, raw HTTP, or an HTTP archive. It may hold credentials.
 */
text: Revealed, 
/**
 * What it is judged by.
 */
judge: Judge, 
/**
 * The address that it came from; not known if absent.
 */
peer?: string | null, 
/**
 * The time to judge it at; now if absent.
 */
at?: UnixMillis | null, };

/**
 * A token that somebody pasted into the window.
 */
export type PastedToken = { 
/**
 * The token: whoever holds it can use it.
 */
token: Revealed, 
/**
 * The item of the vault that it should be made with, by name or id; its signature is not checked if
 * absent.
 */
key?: string | null, 
/**
 * The time to judge it at; now if absent.
 */
at?: UnixMillis | null, };

/**
 * Names a file or folder in a folder of requests.
 */
export type PathArgs = { 
/**
 * The folder's absolute path.
 */
folder: string, 
/**
 * The path in it.
 */
path: string, };

/**
 * A run of a part's bytes, to be shown in one style.
 */
export type Piece = { 
/**
 * The text; the name of the character, such as `LF` or `NBSP`, if it is invisible.
 */
text: string, 
/**
 * Whether the other side differs here.
 */
differs: boolean, 
/**
 * Whether this stands for a character that can't be seen.
 */
invisible: boolean, };

/**
 * Where something is now.
 */
export type Placed = { 
/**
 * The path in the folder.
 */
path: string, 
/**
 * The file's version; absent for a folder.
 */
version: string | null, };

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
 * The public key that is registered with a key.
 */
export type PublicKeyView = { 
/**
 * Its number among the key's secrets, as it stands in rows of the audit log.
 */
id: number, 
/**
 * Its 32 bytes in base64.
 */
ed25519: string, 
/**
 * When it was registered.
 */
created: UnixMillis, 
/**
 * When a request that was signed with it was last authenticated.
 */
last_used: UnixMillis | null, };

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
 * An answer that says that what was asked for is elsewhere.
 */
export type Redirect = { 
/**
 * Its status.
 */
status: number, 
/**
 * Where it came from.
 */
from: string, 
/**
 * Where it leads, absolute.
 */
to: string, 
/**
 * Whether it was followed.
 */
followed: boolean, 
/**
 * Whether the credential stayed behind, since it leads to another origin.
 */
credential_dropped: boolean, 
/**
 * Why it was not followed, if it was to be.
 */
note: string | null, };

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
per_minute: number, } | { "act": "raise_quota", 
/**
 * The key.
 */
app_id: string, 
/**
 * The new quota for a day (UTC).
 */
per_day: number, } | { "act": "raise_client_limit", 
/**
 * The client's id.
 */
client: string, 
/**
 * The new limit for every rolling minute.
 */
per_minute: number, } | { "act": "advance_clock", 
/**
 * How far, in milliseconds.
 */
by_ms: number, };

/**
 * What was removed: enough to put it back with `collection.restore`.
 */
export type RemovedEntry = { 
/**
 * The collection's absolute path.
 */
folder: string, 
/**
 * Each file's path and text.
 */
files: Array<[string, string]>, };

/**
 * A request of the history as it is composed again.
 */
export type Reopened = { 
/**
 * The request.
 */
draft: Draft, 
/**
 * What the history does not keep and has to be put in again, a sentence each.
 */
missing: Array<string>, };

/**
 * How the report of a run is written.
 */
export type ReportForm = "html" | "json";

/**
 * A secret in a frame of the agent's socket, or in the one answer that shows a new credential.
 *
 * It is the only secret type that serializes, so that a search for its name finds every place
 * where a secret crosses a border. Wiped on drop; no `Debug`, `Display` or `Clone`.
 */
export type Revealed = string;

/**
 * Asks for some rows of a body.
 */
export type RowsOfBody = { 
/**
 * The body.
 */
id: number, 
/**
 * How it is laid out.
 */
form: BodyForm, 
/**
 * The first row, from 0.
 */
from: number, 
/**
 * How many; fewer come if they are long.
 */
count: number, };

/**
 * A rule of the platform's pipeline, or what stands before and behind it. Declared in the order in
 * which a request meets them.
 */
export type Rule = "flood" | "body" | "scenario" | "identify" | "authenticate" | "state" | "freshness" | "replay" | "source" | "rate" | "permission" | "audit";

/**
 * What is run, and how.
 */
export type RunArgs = { 
/**
 * The folder of requests, as an absolute path.
 */
folder: string, 
/**
 * The environment, by name or by its file's name.
 */
environment: string | null, 
/**
 * Variables that come before those of the environment.
 */
variables: { [key in string]: string }, 
/**
 * Only these: paths in the folder (a folder means all in it) or names of requests. All if empty.
 */
only: Array<string>, 
/**
 * Whether the first that fails ends the run.
 */
bail: boolean, 
/**
 * How the requests are sent.
 */
options: SendOptions, };

/**
 * How one request of a run went.
 */
export type RunOutcome = "passed" | "failed" | "skipped";

/**
 * What of a folder is run from the window.
 */
export type RunPlan = { 
/**
 * The folder of requests: its absolute path, which a person has chosen.
 */
folder: string, 
/**
 * The environment, by its file's name in the folder.
 */
environment: string | null, 
/**
 * Only these: paths in the folder. All if empty.
 */
only: Array<string>, 
/**
 * Whether the first that fails ends the run.
 */
bail: boolean, 
/**
 * Whether production was agreed to.
 */
confirm_production: boolean, };

/**
 * How a run went.
 */
export type RunReport = { 
/**
 * The folder's name for people.
 */
name: string, 
/**
 * The environment's name.
 */
environment: string | null, 
/**
 * When it began.
 */
started: UnixMillis, 
/**
 * How long it took, in milliseconds.
 */
total_ms: number, 
/**
 * How many requests were as expected.
 */
passed: number, 
/**
 * How many were not, or have no answer.
 */
failed: number, 
/**
 * How many were not sent, since the run ended before.
 */
skipped: number, 
/**
 * The requests in order.
 */
steps: Array<RunStep>, };

/**
 * One request of a run.
 */
export type RunStep = { 
/**
 * Its path in the folder.
 */
path: string, 
/**
 * Its name.
 */
name: string, 
/**
 * The method.
 */
method: string, 
/**
 * The URL as it was sent, with references in the place of secrets; with its placeholders if it was
 * not sent.
 */
url: string, 
/**
 * How it went.
 */
outcome: RunOutcome, 
/**
 * The status; absent without an answer.
 */
status: number | null, 
/**
 * How long it took, in milliseconds.
 */
total_ms: number, 
/**
 * The platform's id for the request.
 */
request_id: string | null, 
/**
 * What was expected, and what there was.
 */
checks: Array<CheckResult>, 
/**
 * The variables that were set from the answer.
 */
captured: Array<string>, 
/**
 * Why there is no answer.
 */
failure: Failure | null, };

/**
 * Saves an environment.
 */
export type SaveEnvironment = { 
/**
 * The folder's absolute path.
 */
folder: string, 
/**
 * The environment.
 */
environment: EnvironmentView, };

/**
 * Saves a request.
 */
export type SaveRequest = { 
/**
 * The folder's absolute path.
 */
folder: string, 
/**
 * Where it is saved: the path of its file, or of the folder (`` for the collection itself) that a new
 * file is made in.
 */
path: string, 
/**
 * The request.
 */
request: Composed, 
/**
 * The version that was loaded; absent for a new file.
 */
version: string | null, };

/**
 * A saved request as it was loaded.
 */
export type SavedRequest = { 
/**
 * The path in the folder.
 */
path: string, 
/**
 * The request.
 */
request: Composed, 
/**
 * The file's version.
 */
version: string, };

/**
 * How a credential goes into a request.
 */
export type SchemeView = { 
/**
 * Its id, as items and commands name it.
 */
id: string, 
/**
 * What people call it.
 */
name: string, 
/**
 * Whether its secret is a private key in PEM.
 */
needs_private_key: boolean, 
/**
 * What it can be told beside the credential.
 */
settings: Array<SettingView>, };

/**
 * How a search went.
 */
export type Search = { 
/**
 * How many changed requests were tried.
 */
tried: number, 
/**
 * Whether that was all of them; a search stops at a bound.
 */
complete: boolean, };

/**
 * A secret that stood in a file, without its value.
 */
export type SecretTaken = { 
/**
 * The variable that stands in its place, such as `secret:bearer_token`.
 */
variable: string, 
/**
 * Where it stood.
 */
place: string, 
/**
 * What it was taken for.
 */
kind: string, };

/**
 * One secret of a key, without the secret itself.
 */
export type SecretView = { 
/**
 * Its number within the key, as it stands in rows of the audit log.
 */
id: number, 
/**
 * Whether it counts now.
 */
is_live: boolean, 
/**
 * When it was made.
 */
created: UnixMillis, 
/**
 * From when on it no longer counts; never if absent.
 */
retire_at: UnixMillis | null, 
/**
 * When a request with it was last authenticated.
 */
last_used: UnixMillis | null, };

/**
 * How a request is sent, beyond what it is. The defaults suit most.
 */
export type SendOptions = { 
/**
 * Whether redirects are followed rather than shown. A credential never goes to another origin.
 */
follow_redirects: boolean, 
/**
 * PEM of certificates to trust beside the system's.
 */
ca_pem: Array<string>, 
/**
 * Whether it was agreed that the request goes to production.
 */
confirm_production: boolean, 
/**
 * Whether plain HTTP to a loopback address was agreed to.
 */
allow_plain_http: boolean, 
/**
 * How many bytes of the answer's body are kept; 1 MiB if absent.
 */
body_limit: number | null, 
/**
 * Whether the request is left out of the history.
 */
off_the_record: boolean, 
/**
 * The certificates of these items of the vault are trusted beside the system's, by name or id.
 */
ca?: Array<string>, 
/**
 * The proxy on the way to other machines, as `http://HOST:PORT`; the one of the settings if absent.
 */
proxy?: string | null, 
/**
 * The item of the vault whose id and secret the proxy is given as user and password.
 */
proxy_key?: string | null, 
/**
 * Whether no proxy is used, whatever the settings say.
 */
no_proxy?: boolean, 
/**
 * The item of the vault whose certificate is shown to a server that asks for one.
 */
client_cert?: string | null, };

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
 * One setting that a scheme knows.
 */
export type SettingView = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it says, in a few words; what holds without it stands in parentheses.
 */
about: string, 
/**
 * A value that it could have.
 */
example: string, 
/**
 * Whether nothing works without it.
 */
required: boolean, };

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
history_days: number, 
/**
 * The proxy on the way to other machines, as `http://HOST:PORT`.
 */
proxy?: string | null, 
/**
 * The item of the vault whose id and secret the proxy is given as user and password.
 */
proxy_key?: string | null, };

/**
 * `GET /manage/v1/keys/{app_id}/source?address=ADDRESS`: whether the key may be used from there.
 */
export type SourceCheck = { 
/**
 * The address as it counts: IPv4 in IPv6's mapped form is IPv4.
 */
address: string, 
/**
 * Whether both lists let it through.
 */
passes: boolean, 
/**
 * What the key's own list says.
 */
by_key: ListCheck, 
/**
 * What the list for all keys says.
 */
by_all: ListCheck, 
/**
 * Whether it is a proxy that the platform believes: what counts then is the address that it speaks
 * for.
 */
is_proxy: boolean, };

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
 * A certificate and its private key as they are typed, to be looked at before they are kept.
 */
export type TypedCertificate = { 
/**
 * In PEM, with those that signed it behind it.
 */
certificate: string, 
/**
 * In PEM; empty for a certificate that is only to be trusted.
 */
private_key: Revealed, };

/**
 * Milliseconds since the Unix epoch. Printed as RFC 3339 in UTC.
 */
export type UnixMillis = string;

/**
 * The use of a key that a limit is suggested from.
 */
export type UsageSample = { 
/**
 * How many requests.
 */
requests: number, 
/**
 * How many of them were refused by a limit (429).
 */
refused: number, 
/**
 * When the first came, by the platform's clock.
 */
from: UnixMillis | null, 
/**
 * When the last came.
 */
until: UnixMillis | null, 
/**
 * In how many minutes of the clock there was a request.
 */
active_minutes: number, 
/**
 * The most slots that were asked for within any 60 s.
 */
peak: number, 
/**
 * 99 of 100 active minutes asked for at most so many.
 */
p99: number, 
/**
 * Whether there are older requests that were not looked at.
 */
is_cut: boolean, };

/**
 * What must hold for a value.
 */
export type ValueCheck = { "is": "present" } | { "is": "absent" } | { "is": "equals", "value": unknown } | { "is": "contains", "value": string } | { "is": "matches", "value": string } | { "is": "at_least", "value": number } | { "is": "at_most", "value": number };

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
