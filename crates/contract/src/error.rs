//! Errors as every face of Strongroom shows them: a code, a sentence, what to do next.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What went wrong, in a word that scripts can rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// Something failed that has no word of its own; the message says what.
    Failed,
    /// The disk is full or can't be written.
    Storage,
    /// A connection could not be made or broke, or TLS did not verify.
    Network,
    /// It took longer than allowed.
    Timeout,
    /// The user stopped it.
    Cancelled,
    /// The arguments or their values don't make sense.
    Usage,
    /// The vault is locked.
    Locked,
    /// The passphrase or the code is wrong, or the code was used before.
    WrongFactors,
    /// The device secret is missing or belongs to another vault.
    DeviceSecret,
    /// The OS keyring is missing or locked.
    Keyring,
    /// The vault's TOTP codes have run out.
    HorizonLapsed,
    /// There is no such thing.
    NotFound,
    /// The name or reference fits more than one thing.
    Ambiguous,
    /// A thing of that name is there already.
    Conflict,
    /// A rule of ours forbids it: a host that the secret may not go to, a reveal that was not allowed.
    Refused,
    /// The vault's bytes are damaged.
    Damaged,
    /// The vault is older than what was seen last, or has diverged from it.
    RolledBack,
    /// No platform is running, or it does not answer.
    PlatformUnavailable,
    /// Another process owns it: the vault, the state directory, the port.
    InUse,
    /// The two ends speak different versions.
    Version,
}

impl ErrorCode {
    /// The exit code of a command that fails with this error: 1 failed, 2 usage, 3 locked or wrong
    /// factors, 4 not found, 5 refused by a rule of ours, 6 damaged or rolled back.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Failed
            | Self::Storage
            | Self::Network
            | Self::Timeout
            | Self::Cancelled
            | Self::Conflict
            | Self::PlatformUnavailable
            | Self::InUse
            | Self::Keyring
            | Self::Version => 1,
            Self::Usage | Self::Ambiguous => 2,
            Self::Locked | Self::WrongFactors | Self::DeviceSecret | Self::HorizonLapsed => 3,
            Self::NotFound => 4,
            Self::Refused => 5,
            Self::Damaged | Self::RolledBack => 6,
        }
    }
}

/// An error, ready to be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[error("{message}")]
pub struct Failure {
    /// What went wrong, for scripts.
    pub code: ErrorCode,
    /// What went wrong, for people: one sentence that says what was found and what was expected.
    pub message: String,
    /// What to do next, if there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub hint: Option<String>,
    /// Facts for scripts, such as the candidates of an ambiguous name; `null` if there are none.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(type = "unknown"))]
    pub details: Value,
}

impl Failure {
    /// An error without hint and details.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            details: Value::Null,
        }
    }

    /// The same with a next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with facts for scripts.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

/// The document that `--json` prints for a failure: `{"error": {...}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FailureDocument {
    /// The failure.
    pub error: Failure,
}
