//! The management API: `/manage/v1/...`, spoken by the command line, the window and rotation.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{explain::Rule, secret::Revealed, time::UnixMillis};

/// `POST /manage/v1/keys`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// A name for people.
    pub name: String,
    /// The client that the key belongs to; a client of the key's own name if absent.
    #[serde(default)]
    pub client: Option<String>,
    /// Scopes; none by default.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Accepted requests in every rolling minute; 60 if absent.
    #[serde(default)]
    pub limit_per_minute: Option<u32>,
    /// Accepted requests in a day (UTC); no quota if absent.
    #[serde(default)]
    pub daily_quota: Option<u32>,
    /// How long a request over a limit may wait for a slot, in milliseconds, up to 5,000; it is refused at
    /// once if absent.
    #[serde(default)]
    pub delay_ms: Option<u32>,
    /// Source addresses (CIDR) that may use it; any if empty.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Whether it may sign requests with its secret, which the platform then keeps sealed.
    #[serde(default)]
    pub may_sign: bool,
    /// When it ends; never if absent.
    #[serde(default)]
    pub expires: Option<UnixMillis>,
    /// From when on it can be used; at once if absent.
    #[serde(default)]
    pub not_before: Option<UnixMillis>,
    /// A note for people; at most 1,000 bytes.
    #[serde(default)]
    pub note: Option<String>,
    /// Whose money it moves; test money if absent.
    #[serde(default)]
    pub environment: KeyEnvironment,
    /// An Ed25519 public key (PEM, JWK, or its 32 bytes in base64): the key then has no secret, and its
    /// requests are signed with the private half.
    #[serde(default)]
    pub public_key: Option<String>,
}

/// Whose money a key moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum KeyEnvironment {
    /// Test money.
    #[default]
    Test,
    /// Real money, on the real platform: this one has none.
    Live,
}

/// The answer to [`CreateKey`]: the one time that the secret is shown.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreatedKey {
    /// The key's public id.
    pub app_id: String,
    /// Its secret; absent if it has a public key in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Revealed>,
    /// The key as it is listed.
    pub key: KeyView,
}

/// `POST /manage/v1/keys/{app_id}/rotate`: adds a second secret, which takes over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// For how long the older secret goes on counting, in milliseconds: from 0 to
    /// [`RotateKey::LONGEST_OVERLAP`]; [`RotateKey::DEFAULT_OVERLAP`] if absent.
    #[serde(default)]
    pub overlap_ms: Option<u64>,
}

impl RotateKey {
    /// The overlap of a rotation that names none: a day.
    pub const DEFAULT_OVERLAP: Duration = Duration::from_secs(86_400);
    /// The longest overlap: 7 days.
    pub const LONGEST_OVERLAP: Duration = Duration::from_secs(7 * 86_400);
}

/// The answer to [`RotateKey`]: the one time that the new secret is shown.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RotatedKey {
    /// The key's public id, which stays.
    pub app_id: String,
    /// The new secret.
    pub secret_key: Revealed,
    /// The new secret's number within the key.
    pub secret_id: u32,
    /// The key as it is listed.
    pub key: KeyView,
}

/// `POST /manage/v1/keys/{app_id}/retire`: ends one of two secrets at once. Ending the newest one
/// takes a rotation back: the older one goes on without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RetireSecret {
    /// The secret's number within the key.
    pub secret_id: u32,
}

/// `PUT /manage/v1/keys/{app_id}/note`: replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetNote {
    /// A note for people, at most 1,000 bytes; none if empty.
    pub note: String,
}

/// `PUT /manage/v1/keys/{app_id}/name`: replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetName {
    /// A name for people, 1 to 100 bytes.
    pub name: String,
}

/// `PUT /manage/v1/keys/{app_id}/expiry`: replaces the key's end. A key that has expired can be used
/// again with a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetExpiry {
    /// When the key ends; never if null.
    pub expires: Option<UnixMillis>,
}

/// `PUT /manage/v1/keys/{app_id}/public-key`: registers a public key, in place of the one that there may
/// be, which ends at once; or ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetPublicKey {
    /// An Ed25519 public key: PEM, JWK, or its 32 bytes in base64; null ends the one that is registered.
    pub public_key: Option<String>,
}

/// `GET /manage/v1/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyList {
    /// The keys, the newest first.
    pub keys: Vec<KeyView>,
}

/// A key that the platform issued, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct KeyView {
    /// The public id.
    pub app_id: String,
    /// Its name.
    pub name: String,
    /// The client's id.
    pub client: String,
    /// Whether it can be used now.
    pub state: KeyState,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Accepted requests in every rolling minute.
    pub limit_per_minute: u32,
    /// Accepted requests in a day (UTC), if it has a quota.
    #[serde(default)]
    pub daily_quota: Option<u32>,
    /// How many of its quota were accepted today.
    #[serde(default)]
    pub used_today: Option<u32>,
    /// How long a request over a limit waits for a slot at most, in milliseconds; it is refused at once if
    /// absent.
    #[serde(default)]
    pub delay_ms: Option<u32>,
    /// How many requests wait for a slot now.
    #[serde(default)]
    pub waiting: u32,
    /// Accepted requests in every rolling minute over all keys of its client, if that has a limit.
    #[serde(default)]
    pub client_limit_per_minute: Option<u32>,
    /// Source addresses that may use it; any if empty.
    pub allow: Vec<String>,
    /// Whether it may sign requests.
    pub may_sign: bool,
    /// When it was made.
    pub created: UnixMillis,
    /// From when on it can be used; at once if absent.
    #[serde(default)]
    pub not_before: Option<UnixMillis>,
    /// When it ends.
    pub expires: Option<UnixMillis>,
    /// When it was revoked.
    pub revoked: Option<UnixMillis>,
    /// When a request with it was last authenticated.
    pub last_used: Option<UnixMillis>,
    /// Its secrets, the newest first: one, or two once it was rotated.
    #[serde(default)]
    pub secrets: Vec<SecretView>,
    /// What its owner noted about it; may be empty.
    #[serde(default)]
    pub note: String,
    /// The public key that its signatures are verified with, if one is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub public_key: Option<PublicKeyView>,
}

/// The public key that is registered with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PublicKeyView {
    /// Its number among the key's secrets, as it stands in rows of the audit log.
    pub id: u32,
    /// Its 32 bytes in base64.
    pub ed25519: String,
    /// When it was registered.
    pub created: UnixMillis,
    /// When a request that was signed with it was last authenticated.
    pub last_used: Option<UnixMillis>,
}

/// One secret of a key, without the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SecretView {
    /// Its number within the key, as it stands in rows of the audit log.
    pub id: u32,
    /// Whether it counts now.
    pub is_live: bool,
    /// When it was made.
    pub created: UnixMillis,
    /// From when on it no longer counts; never if absent.
    pub retire_at: Option<UnixMillis>,
    /// When a request with it was last authenticated.
    pub last_used: Option<UnixMillis>,
}

/// Whether a key can be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Its time has not come.
    NotYet,
    /// It can be used.
    Active,
    /// It can be used with either of two secrets.
    Rotating,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

/// `PUT /manage/v1/keys/{app_id}/limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetLimit {
    /// Accepted requests in every rolling minute, at least 1.
    pub per_minute: u32,
}

/// `PUT /manage/v1/keys/{app_id}/allowlist`: replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetAllowlist {
    /// CIDRs or addresses; any source if empty.
    pub allow: Vec<String>,
}

/// [`SetAllowlist`] with a guard, also for `PUT /manage/v1/allowlist`: the sources that any key may be
/// used from, whatever its own list says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeAllowlist {
    /// CIDRs or addresses; any source if empty.
    pub allow: Vec<String>,
    /// Whether to refuse a list that locks out the address that the change comes from, or every source
    /// that requests were accepted from lately.
    #[serde(default)]
    pub guard: bool,
}

/// `GET /manage/v1/allowlist`, and the answer to a change of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AllowAllView {
    /// The sources that any key may be used from, in order and without overlap; any if empty.
    pub allow: Vec<String>,
}

/// `GET /manage/v1/keys/{app_id}/source?address=ADDRESS`: whether the key may be used from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SourceCheck {
    /// The address as it counts: IPv4 in IPv6's mapped form is IPv4.
    pub address: String,
    /// Whether both lists let it through.
    pub passes: bool,
    /// What the key's own list says.
    pub by_key: ListCheck,
    /// What the list for all keys says.
    pub by_all: ListCheck,
    /// Whether it is a proxy that the platform believes: what counts then is the address that it speaks
    /// for.
    pub is_proxy: bool,
}

/// What one allowlist says about a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ListCheck {
    /// Whether it lets it through.
    pub passes: bool,
    /// The entry that does; absent if none does, or if the list is empty, which lets any source through.
    pub entry: Option<String>,
    /// The list.
    pub allow: Vec<String>,
}

/// `PUT /manage/v1/keys/{app_id}/scopes`: replaces them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetScopes {
    /// The scopes.
    pub scopes: Vec<String>,
}

/// `POST /manage/v1/clock/advance`: only with a virtual clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdvanceClock {
    /// How far, in milliseconds.
    pub by_ms: u64,
}

/// `GET /manage/v1/clock`, and the answer to [`AdvanceClock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClockView {
    /// What the platform takes for now.
    pub now: UnixMillis,
    /// Whether it can be advanced.
    pub is_virtual: bool,
}

/// One row of the audit log, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AuditRowView {
    /// The row's number, from 0.
    pub sequence: u64,
    /// The platform's time.
    pub at: UnixMillis,
    /// The request's id.
    pub request_id: String,
    /// `request`, or the management act, such as `key.create`.
    pub act: String,
    /// The key concerned.
    pub app_id: Option<String>,
    /// Which of the key's secrets was used.
    pub secret_id: Option<u32>,
    /// The source address; absent once its client was erased.
    pub source: Option<String>,
    /// Method and route, such as `POST /api/v2/payins`.
    pub route: String,
    /// The status that was answered.
    pub status: u16,
    /// The rule that refused it.
    pub rule: Option<Rule>,
    /// How long it took, in microseconds.
    pub duration_us: u32,
}

impl AuditRowView {
    /// What [`AuditRowView::act`] is for a request of a key.
    pub const REQUEST: &'static str = "request";

    /// Whether it is about a request of a key, and not a management act.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.act == Self::REQUEST
    }
}

/// `GET /manage/v1/audit?limit=N&before=SEQUENCE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AuditPage {
    /// The rows, the newest first.
    pub rows: Vec<AuditRowView>,
    /// What to pass as `before` for the rows that follow.
    pub next: Option<u64>,
}

/// `POST /manage/v1/audit/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditVerification {
    /// Whether nothing was found.
    pub ok: bool,
    /// How many rows there are, those that retention has cut off included.
    pub rows: u64,
    /// The first row that is still there: those before it were cut off, and the cut is signed.
    #[serde(default)]
    pub first_row: u64,
    /// How many checkpoints were checked.
    pub checkpoints: u64,
    /// The first bad row's number, if a row is bad.
    pub first_bad: Option<u64>,
    /// What is wrong there, in one sentence.
    pub problem: Option<String>,
}

/// `GET /manage/v1/requests/{id}`: a request that was refused, as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CapturedRequest {
    /// The request's id.
    pub request_id: String,
    /// The method.
    pub method: String,
    /// The target as it was sent: path and query.
    pub target: String,
    /// Headers in order, credentials replaced.
    pub headers: Vec<(String, String)>,
    /// The body, base64, if capture is on and it is not over 64 KiB.
    pub body_base64: Option<String>,
    /// The status that was answered.
    pub status: u16,
    /// When, by the platform's clock.
    pub at: UnixMillis,
}
