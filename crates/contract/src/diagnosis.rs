//! What the signature debugger takes and answers: a request that failed, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{explain::Explanation, secret::Revealed, time::UnixMillis};

/// A request to be looked at, as it was pasted. It may hold credentials, so it has no `Debug`; it is
/// kept nowhere.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Exhibit {
    /// The method.
    pub method: String,
    /// The absolute URL.
    pub url: String,
    /// The headers in order; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The body's bytes, base64; empty for a request without one.
    #[serde(default)]
    pub body_base64: String,
    /// The address that it came from; not known if absent.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub peer: Option<String>,
    /// The time to judge it at; now if absent.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub at: Option<UnixMillis>,
}

/// What the debugger found out. The explanation's fields stand beside these in the document. Holds no
/// secret: values that could be one are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Diagnosis {
    /// Each rule's look at the request, the cause and the fix.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// The scheme that the request was taken to use.
    pub scheme: Option<String>,
    /// What would have made it match, each once; empty if nothing is wrong or nothing was found.
    pub changes: Vec<Change>,
    /// What was received beside what was signed, part by part.
    pub parts: Vec<Part>,
    /// One sentence to send to whoever made the request; absent if there is nothing to say.
    pub sentence: Option<String>,
    /// How the search went; absent if there was nothing to search for.
    pub search: Option<Search>,
}

impl From<Explanation> for Diagnosis {
    /// An explanation with nothing found out beyond it.
    fn from(explanation: Explanation) -> Self {
        Self {
            explanation,
            scheme: None,
            changes: Vec::new(),
            parts: Vec::new(),
            sentence: None,
            search: None,
        }
    }
}

/// A change that makes the request match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Change {
    /// Its id, such as `body-trailing-newline`; docs/DEBUGGER.md lists them.
    pub id: String,
    /// What is wrong, as a clause that follows "In your request".
    pub what: String,
    /// What to do, as a clause.
    pub fix: String,
    /// Whether the search proved it: with this change, the signature or credential matches. What is
    /// not proven is read off the request alone.
    pub proven: bool,
}

/// One part of the canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Part {
    /// Its name, such as `"@target-uri"` or `body`.
    pub name: String,
    /// What whoever verifies makes of the request.
    pub received: Vec<Piece>,
    /// What was signed, as far as the search found it out; `null` if that is not known.
    pub signed: Option<Vec<Piece>>,
    /// Whether both are the same; `null` if that is not known.
    pub same: Option<bool>,
}

/// A run of a part's bytes, to be shown in one style.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Piece {
    /// The text; the name of the character, such as `LF` or `NBSP`, if it is invisible.
    pub text: String,
    /// Whether the other side differs here.
    pub differs: bool,
    /// Whether this stands for a character that can't be seen.
    pub invisible: bool,
}

/// How a search went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Search {
    /// How many changed requests were tried.
    pub tried: u32,
    /// Whether that was all of them; a search stops at a bound.
    pub complete: bool,
}

/// A request that somebody pasted into the window, and by what it is judged.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PastedCase {
    /// The text: a curl command, raw HTTP, or an HTTP archive. It may hold credentials.
    pub text: Revealed,
    /// What it is judged by.
    pub judge: Judge,
    /// The address that it came from; not known if absent.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub peer: Option<String>,
    /// The time to judge it at; now if absent.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub at: Option<UnixMillis>,
}

/// What a pasted request is judged by.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Judge {
    /// The local platform, by its own record of the key.
    Platform,
    /// A key of the vault. Its secret stays with the owner.
    Vault {
        /// The item's name or id.
        key: String,
        /// How it should be signed; what the key says if absent.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional = nullable))]
        scheme: Option<String>,
    },
    /// A credential that was typed for this alone; the vault may be locked.
    Typed {
        /// The public id, if it is known.
        id: Option<String>,
        /// The secret, or a key in PEM.
        secret: Revealed,
        /// How it should be signed; what the request tells if absent.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional = nullable))]
        scheme: Option<String>,
        /// What the scheme is told beside the secret.
        #[serde(default)]
        settings: BTreeMap<String, String>,
    },
    /// Nothing but the request.
    Alone,
}

/// A pasted request and what the debugger found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LookedInto {
    /// What the text was read as: `curl`, `raw` or `har`.
    pub format: String,
    /// The method.
    pub method: String,
    /// Scheme, host and path of the URL. What stands behind them may be a credential.
    pub place: String,
    /// How many header lines there are.
    pub headers: u32,
    /// The body's length in bytes.
    pub body_bytes: u64,
    /// What was found out.
    pub diagnosis: Diagnosis,
}
