//! What crosses the window's bridge and is of no other border: its view of the session, of the local
//! platform and of what was done, and its settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct as _};

use crate::{
    compose::{Capture, Expectations},
    error::Failure,
    exchange::{Exchange, Step},
    manage::KeyEnvironment,
    run::CheckResult,
    secret::Revealed,
    time::UnixMillis,
    vault::VaultStatus,
};

/// The vault as the window's frame shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Session {
    /// The vault's status.
    pub vault: VaultStatus,
    /// Seconds until the vault locks by itself; `null` while it is not open.
    pub locks_in: Option<u64>,
    /// Whether this is the throw-away home of "Look around".
    pub demo: bool,
}

/// Whether the local platform runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PlatformState {
    /// It does not.
    Stopped,
    /// It was told to, and does not accept connections yet.
    Starting,
    /// It accepts connections.
    Running,
    /// It did not start, or broke off.
    Failed,
}

/// The local platform as the window shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PlatformStatus {
    /// Whether it runs.
    pub state: PlatformState,
    /// Its origin, while it runs.
    pub url: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// A key to be issued by the local platform, and put straight into the vault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct IssueKey {
    /// The key's name at the platform.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Accepted requests in every rolling minute.
    pub limit_per_minute: u32,
    /// Source addresses (CIDR) that may use it; any if empty.
    pub allow: Vec<String>,
    /// Whether it may sign requests.
    pub may_sign: bool,
    /// The name of the vault's item that is to hold it.
    pub store: String,
    /// Accepted requests in a day (UTC); no quota if absent.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub daily_quota: Option<u32>,
    /// Whose money it moves.
    #[serde(default)]
    pub environment: KeyEnvironment,
    /// From when on it can be used; at once if absent.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub not_before: Option<UnixMillis>,
    /// When it ends; never if absent.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub expires: Option<UnixMillis>,
    /// A note for people.
    #[serde(default)]
    pub note: String,
}

/// A change of an issued key beside its limits and lists: `{"note": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum EditIssued {
    /// Its name.
    Name(String),
    /// What is noted about it; may be empty.
    Note(String),
    /// When it ends; never if absent.
    Expires(Option<UnixMillis>),
}

/// An export of the audit log that was written to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AuditExported {
    /// The file of the rows.
    pub file: String,
    /// The file of their proof.
    pub proof_file: String,
    /// How many rows it has.
    pub rows: u64,
}

/// Whether a typed allowlist can be read: `{"ok": true, "normalized": […]}` or
/// `{"ok": false, "problem": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(type = "{ ok: true, normalized: Array<string> } | { ok: false, problem: string }")
)]
pub enum AllowlistCheck {
    /// It can, and means these networks; any source if there are none.
    Read(Vec<String>),
    /// It can't: one sentence that names the first entry that is wrong.
    Unreadable(String),
}

impl Serialize for AllowlistCheck {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("AllowlistCheck", 2)?;
        match self {
            Self::Read(normalized) => {
                fields.serialize_field("ok", &true)?;
                fields.serialize_field("normalized", normalized)?;
            }
            Self::Unreadable(problem) => {
                fields.serialize_field("ok", &false)?;
                fields.serialize_field("problem", problem)?;
            }
        }
        fields.end()
    }
}

/// A request as it is composed in the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Draft {
    /// The method.
    pub method: String,
    /// The absolute URL.
    pub url: String,
    /// Headers in order; names may repeat.
    pub headers: Vec<Entry>,
    /// The body.
    pub body: DraftBody,
    /// The vault's item to sign with, by name or id.
    pub key: Option<String>,
    /// The scheme; the item's own if absent.
    pub scheme: Option<String>,
    /// What the scheme is told beside the key, such as a region.
    pub settings: BTreeMap<String, String>,
    /// Whether redirects are followed rather than shown.
    #[serde(default)]
    pub follow_redirects: bool,
    /// How else it is sent.
    #[serde(default)]
    pub options: DraftOptions,
    /// What the answer must be.
    #[serde(default)]
    pub expect: Expectations,
    /// What is carried on from the answer to the requests after it, where a folder is run.
    #[serde(default)]
    pub capture: Vec<Capture>,
    /// The file that it was loaded from, or saved to.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub home: Option<DraftHome>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            url: String::new(),
            headers: Vec::new(),
            body: DraftBody::default(),
            key: None,
            scheme: None,
            settings: BTreeMap::new(),
            follow_redirects: false,
            options: DraftOptions::default(),
            expect: Expectations::default(),
            capture: Vec::new(),
            home: None,
        }
    }
}

/// How a draft is sent, beyond what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(default)]
pub struct DraftOptions {
    /// After how many milliseconds it is given up; 30 s if absent.
    pub timeout_ms: Option<u64>,
    /// Whether plain HTTP to a loopback address was agreed to.
    pub allow_plain_http: bool,
    /// Whether no proxy is used, whatever the settings say.
    pub no_proxy: bool,
    /// The item of the vault whose certificate is shown to a server that asks for one, by name or id.
    pub client_cert: Option<String>,
    /// The items of the vault whose certificates are trusted beside the system's, by name or id.
    pub ca: Vec<String>,
    /// Whether it is left out of the history.
    pub off_the_record: bool,
}

/// What came back for a draft, and whether it is as expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Answered {
    /// What came back.
    pub exchange: Exchange,
    /// What was expected, and what there was; empty if nothing was expected.
    pub checks: Vec<CheckResult>,
}

/// Where a draft is saved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DraftHome {
    /// The folder of requests, as it was chosen.
    pub folder: String,
    /// The file in it.
    pub path: String,
    /// The name for people.
    pub name: String,
    /// The file's version as it was loaded.
    pub version: String,
    /// The environment that placeholders are filled in from.
    pub environment: Option<String>,
}

/// A request of the history as it is composed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Reopened {
    /// The request.
    pub draft: Draft,
    /// What the history does not keep and has to be put in again, a sentence each.
    pub missing: Vec<String>,
}

/// How a draft is sent many times over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BurstPlan {
    /// How many times; absent if `for_ms` says how long.
    pub count: Option<u64>,
    /// For how long, in milliseconds; whichever of both is over first ends it.
    pub for_ms: Option<u64>,
    /// At most so many a second; as fast as it goes if absent.
    pub rate: Option<f64>,
    /// Over how many connections at once.
    pub concurrency: u32,
    /// The rate, or the number of connections, grows to its full height within so many milliseconds.
    pub ramp_ms: u64,
    /// Whether it is waited once as long as a 429 asks for, and tried again.
    pub check_retry_after: bool,
    /// Whether a host that is not this machine was agreed to.
    pub confirm_remote: bool,
    /// Whether production was agreed to.
    pub confirm_production: bool,
}

/// What of a folder is run from the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RunPlan {
    /// The folder of requests: its absolute path, which a person has chosen.
    pub folder: String,
    /// The environment, by its file's name in the folder.
    pub environment: Option<String>,
    /// Only these: paths in the folder. All if empty.
    pub only: Vec<String>,
    /// Whether the first that fails ends the run.
    pub bail: bool,
    /// Whether production was agreed to.
    pub confirm_production: bool,
}

/// How the report of a run is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ReportForm {
    /// One page for people.
    Html,
    /// JSON, as `strongroom requests run --json` prints it.
    Json,
}

/// A line of a table: a header, or a field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Whether it is sent. One that is not stays in the table.
    pub enabled: bool,
}

/// The body of a draft. What was typed for another kind stays, so that a change of mind costs nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DraftBody {
    /// What is sent.
    pub kind: BodyKind,
    /// The text of `json` and `raw`, sent byte for byte.
    pub text: String,
    /// The fields of `form`.
    pub fields: Vec<Entry>,
    /// The parts of `multipart`.
    pub parts: Vec<DraftPart>,
    /// The path of `file`.
    pub file: Option<String>,
}

/// What kind of body a draft has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// No body.
    #[default]
    None,
    /// JSON, as `application/json`.
    Json,
    /// A form, as `application/x-www-form-urlencoded`.
    Form,
    /// Parts, as `multipart/form-data` (RFC 7578).
    Multipart,
    /// Text of any type.
    Raw,
    /// A file's bytes.
    File,
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DraftPart {
    /// The field's name.
    pub name: String,
    /// Its text, if it is no file.
    pub value: String,
    /// The path of the file that is sent in place of the text.
    pub file: Option<String>,
    /// Whether it is sent.
    pub enabled: bool,
}

/// A draft as it would go on the wire, with a sample in the place of the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ExactRequest {
    /// How it would be signed; empty without a key.
    pub steps: Vec<Step>,
    /// The request line and the headers in the wire's order, a line each.
    pub head: String,
    /// The first 64 KiB of the body, base64.
    pub body_base64: String,
    /// The length of the whole body, in bytes.
    pub body_bytes: u64,
}

/// A file that a person chose, as text. It may hold secrets.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ForeignText {
    /// The file's name, without its folder.
    pub name: String,
    /// What it holds.
    pub text: Revealed,
}

/// A QR code: the dark modules as an SVG path, one unit a module, without a quiet zone.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct QrCode {
    /// How many modules a side has.
    pub modules: u32,
    /// The path's `d`.
    pub path: Revealed,
}

/// What a person scans, or types by hand.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct EnrolmentShown {
    /// The `otpauth://` URI.
    pub otpauth_uri: Revealed,
    /// The same as a picture.
    pub qr: QrCode,
}

/// What kind of thing was done, for an icon and a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A vault was created or recovered.
    Created,
    /// The vault was opened.
    Unlocked,
    /// The vault was closed.
    Locked,
    /// A secret was shown.
    Revealed,
    /// A secret was copied to the clipboard.
    Copied,
    /// A secret signed a request that is not answered.
    Used,
    /// A request was answered.
    Sent,
    /// Something was refused: a factor, a reveal, or a request (401, 403, 429).
    Refused,
    /// An item was added, changed, removed or put back.
    Changed,
    /// The local platform was started or stopped, or issued a key.
    Platform,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ActivityRow {
    /// When.
    pub at: UnixMillis,
    /// What kind of thing.
    pub kind: ActivityKind,
    /// One sentence, with who did it.
    pub text: String,
    /// The name of the item that it concerned.
    pub item: Option<String>,
    /// The platform's id of the request that it was.
    pub request_id: Option<String>,
}

/// Which colours the window has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the desktop has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// What a person has chosen for the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The colours.
    pub theme: Theme,
    /// The vault locks after so many minutes without use.
    pub lock_after_minutes: u32,
    /// A copied secret leaves the clipboard after so many seconds.
    pub clipboard_seconds: u32,
    /// The history of requests is kept for so many days.
    pub history_days: u32,
    /// The proxy on the way to other machines, as `http://HOST:PORT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub proxy: Option<String>,
    /// The item of the vault whose id and secret the proxy is given as user and password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub proxy_key: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            lock_after_minutes: 10,
            clipboard_seconds: 30,
            history_days: 30,
            proxy: None,
            proxy_key: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_says_ok_and_then_what_there_is() {
        let json = |check| serde_json::to_string(&check).unwrap();
        assert_eq!(
            json(AllowlistCheck::Read(vec!["10.0.0.0/8".into()])),
            r#"{"ok":true,"normalized":["10.0.0.0/8"]}"#
        );
        assert_eq!(
            json(AllowlistCheck::Unreadable("no".into())),
            r#"{"ok":false,"problem":"no"}"#
        );
    }
}
