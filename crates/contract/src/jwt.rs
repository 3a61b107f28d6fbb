//! A JSON Web Token (RFC 7519) taken apart and checked.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    explain::{Decision, Outcome},
    secret::Revealed,
    time::UnixMillis,
};

/// A token that somebody pasted into the window.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PastedToken {
    /// The token: whoever holds it can use it.
    pub token: Revealed,
    /// The item of the vault that it should be made with, by name or id; its signature is not checked if
    /// absent.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub key: Option<String>,
    /// The time to judge it at; now if absent.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub at: Option<UnixMillis>,
}

/// A token, and the key of the vault that it should be made with.
#[derive(Serialize, Deserialize)]
pub struct JwtVerifyArgs {
    /// The token: whoever holds it can use it.
    pub token: Revealed,
    /// The item's name or id.
    pub key: String,
    /// The time to judge it at; now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UnixMillis>,
}

/// What a token says, and what is to be thought of it. Never its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct JwtReport {
    /// `accepted`: every check passed. `refused`: one failed. `unknown`: there was no key to check the
    /// signature with.
    pub decision: Decision,
    /// The members of its header, in their order.
    pub header: Vec<JwtMember>,
    /// Its claims, in their order.
    pub claims: Vec<JwtMember>,
    /// Each check, in order.
    pub checks: Vec<JwtCheck>,
}

/// One member of a token's header or claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct JwtMember {
    /// Its name.
    pub name: String,
    /// Its value.
    #[cfg_attr(feature = "typescript", ts(type = "unknown"))]
    pub value: Value,
    /// What a member of that name means, for those that RFC 7515 and RFC 7519 register.
    pub meaning: Option<String>,
    /// The value in words, for times: `2026-11-24T10:00:00Z, in 4 minutes`.
    pub words: Option<String>,
}

/// What is checked of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum JwtRule {
    /// Three parts of base64url; header and claims are JSON objects.
    Form,
    /// The header names the algorithm of the key (RFC 8725, section 3.1).
    Algorithm,
    /// The header asks for no extension (RFC 7515, section 4.1.11).
    Critical,
    /// The header's type is a JWT's.
    Type,
    /// The signature is the key's.
    Signature,
    /// `exp` is to come.
    Expires,
    /// `nbf` is past.
    NotBefore,
    /// `iat` is past.
    Issued,
}

impl JwtRule {
    /// The rule's name, as it is shown.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Algorithm => "algorithm",
            Self::Critical => "critical",
            Self::Type => "type",
            Self::Signature => "signature",
            Self::Expires => "expires",
            Self::NotBefore => "not_before",
            Self::Issued => "issued",
        }
    }
}

/// How one check came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct JwtCheck {
    /// Which.
    pub rule: JwtRule,
    /// How it came out. Skipped: the token says nothing of the kind.
    pub outcome: Outcome,
    /// What was seen.
    pub observed: String,
    /// What would have passed.
    pub expected: String,
    /// What to change, for a check that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub fix: Option<String>,
}
