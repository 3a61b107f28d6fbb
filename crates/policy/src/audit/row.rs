//! Rows: one for every request and management act.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use strongroom_contract::{explain::Rule, time::UnixMillis};
use strongroom_crypto::random;

use super::record::{Malformed, Reader};
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

mod flag {
    pub(super) const SLOT_TAKEN: u8 = 1;
    pub(super) const KEY: u8 = 1 << 1;
    pub(super) const CLIENT: u8 = 1 << 2;
    pub(super) const SECRET: u8 = 1 << 3;
    pub(super) const NONCE: u8 = 1 << 4;
    pub(super) const PERSONAL: u8 = 1 << 5;
    pub(super) const ALL: u8 = (1 << 6) - 1;
}

impl Row<'_> {
    /// Appends the row's body. Nothing is appended if it can't be written.
    pub(super) fn encode(&self, sequence: u64, out: &mut Vec<u8>) -> Result<(), RowError> {
        text("act", self.act, MAX_ACT)?;
        text("method", self.method, MAX_METHOD)?;
        text("path", self.path, MAX_PATH)?;
        text("key", self.key.unwrap_or_default(), MAX_KEY)?;
        let sealed = self.personal.map_or(&[][..], |personal| personal.sealed);
        bounded("personal", sealed.len(), MAX_PERSONAL)?;

        out.extend_from_slice(&sequence.to_le_bytes());
        out.extend_from_slice(&self.real.0.to_le_bytes());
        out.extend_from_slice(&self.platform.0.to_le_bytes());
        out.extend_from_slice(&self.request.0);
        out.extend_from_slice(&self.duration_us.to_le_bytes());
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.cost.to_le_bytes());
        out.extend_from_slice(&self.status.to_le_bytes());
        out.push(self.rule.map_or(0, rule_code));
        out.push(self.flags());
        if let Some(key) = self.key {
            short(key.as_bytes(), out);
        }
        if let Some(client) = self.client {
            out.extend_from_slice(&client.0);
        }
        if let Some(secret) = self.secret {
            out.extend_from_slice(&secret.0.to_le_bytes());
        }
        if let Some(nonce) = self.nonce {
            out.extend_from_slice(&nonce.hash.0);
            out.extend_from_slice(&nonce.expires.0.to_le_bytes());
        }
        if let Some(personal) = self.personal {
            out.extend_from_slice(&personal.key_id);
            long(personal.sealed, out);
        }
        short(self.act.as_bytes(), out);
        short(self.method.as_bytes(), out);
        long(self.path.as_bytes(), out);
        Ok(())
    }

    fn flags(&self) -> u8 {
        [
            (self.slot_taken, flag::SLOT_TAKEN),
            (self.key.is_some(), flag::KEY),
            (self.client.is_some(), flag::CLIENT),
            (self.secret.is_some(), flag::SECRET),
            (self.nonce.is_some(), flag::NONCE),
            (self.personal.is_some(), flag::PERSONAL),
        ]
        .into_iter()
        .filter(|(set, _)| *set)
        .fold(0, |flags, (_, bit)| flags | bit)
    }
}

impl<'a> StoredRow<'a> {
    /// Reads a row's body.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is not exactly what [`super::Chain::append`] writes.
    pub fn decode(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(body);
        let read = &mut reader;
        let sequence = read.u64()?;
        let real = UnixMillis(read.u64()?);
        let platform = UnixMillis(read.u64()?);
        let request = RequestId(read.array()?);
        let duration_us = read.u32()?;
        let count = read.u32()?;
        let cost = read.u32()?;
        let status = read.u16()?;
        let rule = match read.u8()? {
            0 => None,
            code => Some(rule_of(code).ok_or(Malformed("its rule is unknown"))?),
        };
        let flags = read.u8()?;
        if flags & !flag::ALL != 0 {
            return Err(Malformed("it has a flag that is unknown"));
        }
        let has = |flag| flags & flag != 0;
        let row = Row {
            real,
            platform,
            request,
            key: when(has(flag::KEY), || read_short(read, MAX_KEY))?,
            client: when(has(flag::CLIENT), || read.array().map(ClientId))?,
            secret: when(has(flag::SECRET), || read.u32().map(SecretId))?,
            nonce: when(has(flag::NONCE), || {
                Ok(SpentNonce {
                    hash: NonceHash(read.array()?),
                    expires: UnixMillis(read.u64()?),
                })
            })?,
            personal: when(has(flag::PERSONAL), || {
                Ok(Personal {
                    key_id: read.array()?,
                    sealed: read_long(read, MAX_PERSONAL)?,
                })
            })?,
            act: read_short(read, MAX_ACT)?,
            method: read_short(read, MAX_METHOD)?,
            path: printable(read_long(read, MAX_PATH)?)?,
            status,
            rule,
            duration_us,
            count,
            cost,
            slot_taken: has(flag::SLOT_TAKEN),
        };
        reader.end()?;
        Ok(Self { sequence, row })
    }
}

/// What a rule is in a row. Frozen: numbers are never reused.
const fn rule_code(rule: Rule) -> u8 {
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

fn when<T>(
    present: bool,
    read: impl FnOnce() -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    present.then(read).transpose()
}

fn text(field: &'static str, text: &str, max: usize) -> Result<(), RowError> {
    bounded(field, text.len(), max)?;
    if is_printable(text.as_bytes()) {
        Ok(())
    } else {
        Err(RowError::NotPrintable(field))
    }
}

fn bounded(field: &'static str, found: usize, max: usize) -> Result<(), RowError> {
    if found <= max {
        Ok(())
    } else {
        Err(RowError::TooLong { field, found, max })
    }
}

fn is_printable(text: &[u8]) -> bool {
    text.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn printable(text: &[u8]) -> Result<&str, Malformed> {
    let ascii = is_printable(text).then(|| str::from_utf8(text).ok());
    ascii.flatten().ok_or(Malformed(
        "a text has characters other than printable ASCII",
    ))
}

/// Behind one byte of length; the bound on texts is checked before.
fn short(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(bytes);
}

/// Behind two bytes of length.
fn long(bytes: &[u8], out: &mut Vec<u8>) {
    let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(bytes);
}

fn read_short<'a>(reader: &mut Reader<'a>, max: usize) -> Result<&'a str, Malformed> {
    let len = usize::from(reader.u8()?);
    printable(reader.bytes(within(len, max)?)?)
}

fn read_long<'a>(reader: &mut Reader<'a>, max: usize) -> Result<&'a [u8], Malformed> {
    let len = usize::from(reader.u16()?);
    reader.bytes(within(len, max)?)
}

fn within(len: usize, max: usize) -> Result<usize, Malformed> {
    if len <= max {
        Ok(len)
    } else {
        Err(Malformed("a field is longer than it may be"))
    }
}
