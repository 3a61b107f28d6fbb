//! The vault as it is shown: status, enrolment, items, findings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{error::Failure, exchange::CertificateView, secret::Revealed, time::UnixMillis};

/// Whether there is a vault, and whether it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum VaultState {
    /// No vault in this home yet.
    None,
    /// A vault, closed.
    Locked,
    /// A vault, open.
    Unlocked,
}

/// What `status` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct VaultStatus {
    /// Whether there is a vault, and whether it is open.
    pub state: VaultState,
    /// The vault's id, 32 hex digits.
    pub vault_id: Option<String>,
    /// The file.
    pub path: Option<String>,
    /// The last day on which a code works (`YYYY-MM-DD`, UTC).
    pub last_code_day: Option<String>,
    /// Whether it opened read-only, so that its code is not used up.
    pub read_only: bool,
    /// How many items it holds; only while unlocked.
    pub items: Option<u64>,
    /// Whether the anchor proved that this is the newest copy seen on this machine.
    pub freshness: Option<Freshness>,
    /// Whether other programs may have secrets revealed until the vault is locked.
    pub reveal_allowed: bool,
    /// After how many seconds without use it locks itself; only while unlocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub locks_in_seconds: Option<u64>,
}

/// What the anchor beside the device secret says of the file's age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// The newest state that this machine has seen, or a later one.
    Proven,
    /// There is no anchor to compare with.
    Unproven,
    /// An older copy, accepted explicitly.
    AcceptedOlder,
}

/// Where the device secret is kept: `keyring`, or `file:PATH`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceSecretPlace {
    /// The operating system's keyring.
    Keyring,
    /// A file of the user's, on a USB stick for example.
    File(String),
}

/// What an enrolment (create, recover) starts from.
#[derive(Serialize, Deserialize)]
pub struct Enrolment {
    /// The passphrase.
    pub passphrase: Revealed,
    /// Where the device secret goes.
    pub device_secret: DeviceSecretPlace,
    /// Argon2id's memory in MiB; calibrated if absent.
    pub kdf_memory_mib: Option<u32>,
    /// For how many days codes will work, 365 to 3650.
    pub totp_horizon_days: u32,
}

/// What a person enters into the authenticator app.
#[derive(Serialize, Deserialize)]
pub struct EnrolmentStarted {
    /// The `otpauth://` URI.
    pub otpauth_uri: Revealed,
}

/// What a finished enrolment shows, once.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Enrolled {
    /// The `otpauth://` URI; absent if it was shown when the enrolment started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub otpauth_uri: Option<Revealed>,
    /// The recovery code: groups of Crockford base32.
    pub recovery_code: Revealed,
    /// The vault's id, 32 hex digits.
    pub vault_id: String,
    /// The last day on which a code works (`YYYY-MM-DD`, UTC).
    pub last_code_day: String,
}

/// What unlocking did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlocked {
    /// The vault's status now.
    pub status: VaultStatus,
    /// What the user should know: the code is not used up, freshness is unproven, codes end soon.
    pub warnings: Vec<String>,
}

/// The kind of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A public id and a secret.
    ApiKey,
    /// A bearer token.
    Token,
    /// An OAuth 2.0 client id and secret.
    OauthClient,
    /// A certificate with its private key.
    Certificate,
    /// A secret that webhooks are signed with.
    WebhookSecret,
    /// Text.
    Note,
}

/// Which of a provider's environments an item belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Test money.
    Sandbox,
    /// Real money.
    Production,
    /// One's own, such as the local platform.
    Own,
}

/// The state of one version of an item's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// Stored, not in use yet.
    Staged,
    /// In use.
    Current,
    /// Replaced, still valid at the other side.
    Retiring,
    /// No longer valid.
    Revoked,
}

/// One version of an item's secret, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct VersionView {
    /// 1 for the first.
    pub version: u32,
    /// Its state.
    pub state: VersionState,
    /// When it was stored.
    pub created: UnixMillis,
}

/// An item without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ItemView {
    /// The item's id, 32 hex digits.
    pub id: String,
    /// Its name, as in `sr://NAME/FIELD`.
    pub name: String,
    /// Its kind.
    pub kind: ItemKind,
    /// The provider's name, such as `hello-clever`.
    pub provider: Option<String>,
    /// The provider's environment.
    pub environment: Option<Environment>,
    /// The public id, such as an app-id.
    pub public_id: Option<String>,
    /// Where requests go.
    pub base_url: Option<String>,
    /// The hosts that the secret may be sent to: `host` for any port, or `host:port`.
    pub hosts: Vec<String>,
    /// The scheme that requests are signed with.
    pub scheme: Option<String>,
    /// What the scheme is told beside the secret, such as a region.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Tags.
    pub tags: Vec<String>,
    /// When the item was added.
    pub created: UnixMillis,
    /// When the item was changed last.
    pub modified: UnixMillis,
    /// When its secret ends at the provider.
    pub expires: Option<UnixMillis>,
    /// Every version kept, the newest first.
    pub versions: Vec<VersionView>,
}

/// What `key list` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemList {
    /// The items, by name.
    pub items: Vec<ItemView>,
}

/// A new API key for the vault, or a certificate.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct NewKey {
    /// Its name: unique, without `/`.
    pub name: String,
    /// The provider's name.
    pub provider: Option<String>,
    /// The provider's environment.
    pub environment: Option<Environment>,
    /// The public id.
    pub public_id: Option<String>,
    /// Where requests go.
    pub base_url: Option<String>,
    /// The hosts that the secret may be sent to.
    pub hosts: Vec<String>,
    /// The scheme that requests are signed with.
    pub scheme: Option<String>,
    /// What the scheme is told beside the secret, such as a region.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<_>", optional))]
    pub settings: BTreeMap<String, String>,
    /// The preset whose scheme, settings, base URL and hosts hold where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub preset: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The secret; empty if a certificate is kept without a private key.
    pub secret: Revealed,
    /// A certificate in PEM, with those that signed it behind it; the secret is its private key then, which
    /// may stand in the same text instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub certificate: Option<String>,
}

/// A certificate and its private key as they are typed, to be looked at before they are kept.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct TypedCertificate {
    /// In PEM, with those that signed it behind it.
    pub certificate: String,
    /// In PEM; empty for a certificate that is only to be trusted.
    pub private_key: Revealed,
}

/// What is seen of a certificate and a private key before they are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CertificateLook {
    /// The chain as far as it can be read, its own certificate first.
    pub chain: Vec<CertificateView>,
    /// What is wrong with the certificate, and what to do.
    pub certificate_problem: Option<Failure>,
    /// What is wrong with the private key, and what to do.
    pub key_problem: Option<Failure>,
}

/// A certificate that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HeldCertificate {
    /// Its own first, then those that signed it.
    pub chain: Vec<CertificateView>,
    /// Whether its private key is held too; without, it can only be trusted.
    pub has_private_key: bool,
}

/// What an API key is to be from now on; its secret stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct EditKey {
    /// Its name: unique, without `/`.
    pub name: String,
    /// The provider's name.
    pub provider: Option<String>,
    /// The provider's environment.
    pub environment: Option<Environment>,
    /// The public id.
    pub public_id: Option<String>,
    /// Where requests go.
    pub base_url: Option<String>,
    /// The hosts that the secret may be sent to.
    pub hosts: Vec<String>,
    /// The scheme that requests are signed with.
    pub scheme: Option<String>,
    /// What the scheme is told beside the secret; if absent, what it is told now, as far as the scheme
    /// knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub settings: Option<BTreeMap<String, String>>,
    /// Tags.
    pub tags: Vec<String>,
}

/// One thing that `vault verify` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where: `header`, `schema`, `row 3f2a…`, `manifest`, `anchor`.
    pub place: String,
    /// What is wrong there, in one sentence.
    pub problem: String,
}

/// What `vault verify` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Whether nothing was found.
    pub ok: bool,
    /// Whether contents were checked (unlocked) or structure and checksums alone (locked).
    pub unlocked: bool,
    /// How many records were checked.
    pub records: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}
