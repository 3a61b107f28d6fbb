//! Rows: one for every request and management act.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use strongroom_contract::{explain::Rule, time::UnixMillis};
use strongroom_crypto::random;

use super::field::{Malformed, Reader};
use crate::{credential::SecretId, key::ClientId, replay::NonceHash};

/// The longest [`Row::act`], in bytes.
pub const MAX_ACT: usize = 64;
/// The longest [`Row::key`], in bytes.
pub const MAX_KEY: usize = 64;
/// The longest [`Row::method`], in bytes.
pub const MAX_METHOD: usize = 32;
/// The longest [`Row::path`], in bytes.
pub const MAX_PATH: usize = 1_024;
/// The longest [`Personal::sealed`], in bytes.
pub const MAX_PERSONAL: usize = 2_048;

/// A request's id: 16 random bytes, printed as hex (`X-Request-Id`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub [u8; RequestId::LEN]);

impl RequestId {
    /// Length in bytes.
    pub const LEN: usize = 16;

    /// A fresh id.
    #[must_use]
    pub fn generate() -> Self {
        Self(random::bytes())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for RequestId {
    type Err = NotARequestId;

    fn from_str(text: &str) -> Result<Self, NotARequestId> {
        if text.len() != 2 * Self::LEN || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotARequestId);
        }
        u128::from_str_radix(text, 16)
            .map(|number| Self(number.to_be_bytes()))
            .map_err(|_| NotARequestId)
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// A text is not the id of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request's id has 32 hex digits, as in X-Request-Id")]
pub struct NotARequestId;

/// One request or management act. Never a secret, never a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// The real time.
    pub real: UnixMillis,
    /// The platform's time, which a virtual clock may have advanced.
    pub platform: UnixMillis,
    /// The request's id.
    pub request: RequestId,
    /// `request`, or the management act, such as `key.create`.
    pub act: &'a str,
    /// The app-id that was named, or that the act concerns.
    pub key: Option<&'a str>,
    /// The client of that key.
    pub client: Option<ClientId>,
    /// The secret that was used.
    pub secret: Option<SecretId>,
    /// Source address and user agent, sealed.
    pub personal: Option<Personal<'a>>,
    /// The method.
    pub method: &'a str,
    /// The path of the route, not of the request: ids of customers and payments stand in no row.
    pub path: &'a str,
    /// The status that was answered.
    pub status: u16,
    /// The rule that refused it.
    pub rule: Option<Rule>,
    /// How long it took, in microseconds.
    pub duration_us: u32,
    /// How many requests the row stands for: 1, or more for what the caps before authentication
    /// turned away from one source in one second.
    pub count: u32,
    /// How many slots the route takes; 0 for a management act.
    pub cost: u32,
    /// Whether they were taken.
    pub slot_taken: bool,
    /// The nonce that was spent.
    pub nonce: Option<SpentNonce>,
}

/// Personal fields, sealed by the server under a key that can be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Personal<'a> {
    /// Which key: the client's id, or another one for requests of no known client.
    pub key_id: [u8; 16],
    /// The request that the sealed bytes are bound to: the row's own, or another one of the same
    /// sender that was written together with it.
    pub bound: RequestId,
    /// The sealed bytes.
    pub sealed: &'a [u8],
}

/// A nonce that was spent, so that spent nonces are known after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpentNonce {
    /// Its keyed hash.
    pub hash: NonceHash,
    /// From when on it can be forgotten.
    pub expires: UnixMillis,
}

/// A row with the number that its chain gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredRow<'a> {
    /// From 0, without gaps.
    pub sequence: u64,
    /// The row.
    pub row: Row<'a>,
}

/// A row can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// A field is longer than the format allows.
    #[error("the audit row's {field} has {found} bytes, more than {max}")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// How many bytes it has.
        found: usize,
        /// How many it may have.
        max: usize,
    },
    /// A text has other characters than printable ASCII.
    #[error("the audit row's {0} has characters other than printable ASCII")]
    NotPrintable(&'static str),
}

/// What a rule is in a row. Frozen: numbers are never reused.
pub(super) const fn rule_code(rule: Rule) -> u8 {
    match rule {
        Rule::Flood => 1,
        Rule::Body => 2,
        Rule::Identify => 3,
        Rule::Authenticate => 4,
        Rule::State => 5,
        Rule::Freshness => 6,
        Rule::Replay => 7,
        Rule::Source => 8,
        Rule::Rate => 9,
        Rule::Permission => 10,
        Rule::Audit => 11,
        Rule::Scenario => 12,
    }
}

/// Reads what [`rule_code`] says; 0 for none.
pub(super) fn read_rule(reader: &mut Reader<'_>) -> Result<Option<Rule>, Malformed> {
    match reader.u8()? {
        0 => Ok(None),
        code => rule_of(code)
            .map(Some)
            .ok_or(Malformed("its rule is unknown")),
    }
}

const fn rule_of(code: u8) -> Option<Rule> {
    Some(match code {
        1 => Rule::Flood,
        2 => Rule::Body,
        3 => Rule::Identify,
        4 => Rule::Authenticate,
        5 => Rule::State,
        6 => Rule::Freshness,
        7 => Rule::Replay,
        8 => Rule::Source,
        9 => Rule::Rate,
        10 => Rule::Permission,
        11 => Rule::Audit,
        12 => Rule::Scenario,
        _ => return None,
    })
}
