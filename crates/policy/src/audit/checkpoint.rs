//! What is signed of a log: how far it went (a checkpoint), and where it was cut on purpose.
//!
//! `mac = HMAC-SHA256(checkpoint key, everything before it)`; the magic tells the two apart.

use strongroom_contract::time::UnixMillis;

use super::{
    chain::{AuditKey, Link, LogId},
    field::{Malformed, Reader},
};

/// Says that a log had this many rows, and which link they led to. A copy that is kept elsewhere
/// shows whether the log's end was cut off since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub log: LogId,
    /// How many rows it had.
    pub rows: u64,
    /// The real time at which it was signed.
    pub at: UnixMillis,
    /// The chain's link at that point.
    pub link: Link,
}

impl Checkpoint {
    /// Length in bytes.
    pub const LEN: usize = 8 + 16 + 8 + 8 + 2 * Link::LEN;
    const MAGIC: [u8; 8] = *b"SRCHECK1";

    /// The signed bytes.
    #[must_use]
    pub fn sign(&self, key: &AuditKey) -> [u8; Self::LEN] {
        let fields = Self::MAGIC
            .into_iter()
            .chain(self.log.0)
            .chain(self.rows.to_le_bytes())
            .chain(self.at.0.to_le_bytes())
            .chain(self.link.0);
        signed(fields, key)
    }

    /// Reads and checks signed bytes.
    ///
    /// # Errors
    ///
    /// [`NotSigned`] if they are no checkpoint, or were not signed with this key.
    pub fn open(bytes: &[u8], key: &AuditKey) -> Result<Self, NotSigned> {
        let mut reader = Reader(verified(bytes, Self::MAGIC, key)?);
        let mut read = || {
            Ok::<_, Malformed>(Self {
                log: LogId(reader.array()?),
                rows: reader.u64()?,
                at: UnixMillis(reader.u64()?),
                link: Link(reader.array()?),
            })
        };
        let checkpoint = read().map_err(|_| NotSigned)?;
        reader.end().map_err(|_| NotSigned)?;
        Ok(checkpoint)
    }
}

/// Says that everything before a segment was removed on purpose: retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The log.
    pub log: LogId,
    /// The first segment that is kept.
    pub segment: u64,
    /// The number of its first row.
    pub first_row: u64,
    /// The real time at which the log was cut.
    pub at: UnixMillis,
    /// The chain's link before that segment.
    pub link: Link,
}

impl Cut {
    /// Length in bytes.
    pub const LEN: usize = 8 + 16 + 8 + 8 + 8 + 2 * Link::LEN;
    const MAGIC: [u8; 8] = *b"SRAUCUT1";

    /// The signed bytes.
    #[must_use]
    pub fn sign(&self, key: &AuditKey) -> [u8; Self::LEN] {
        let fields = Self::MAGIC
            .into_iter()
            .chain(self.log.0)
            .chain(self.segment.to_le_bytes())
            .chain(self.first_row.to_le_bytes())
            .chain(self.at.0.to_le_bytes())
            .chain(self.link.0);
        signed(fields, key)
    }

    /// Reads and checks signed bytes.
    ///
    /// # Errors
    ///
    /// [`NotSigned`] if they are no cut, or were not signed with this key.
    pub fn open(bytes: &[u8], key: &AuditKey) -> Result<Self, NotSigned> {
        let mut reader = Reader(verified(bytes, Self::MAGIC, key)?);
        let mut read = || {
            Ok::<_, Malformed>(Self {
                log: LogId(reader.array()?),
                segment: reader.u64()?,
                first_row: reader.u64()?,
                at: UnixMillis(reader.u64()?),
                link: Link(reader.array()?),
            })
        };
        let cut = read().map_err(|_| NotSigned)?;
        reader.end().map_err(|_| NotSigned)?;
        Ok(cut)
    }
}

/// Bytes are not what they should be, or were not signed by this platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a checkpoint or cut that this platform has signed")]
pub struct NotSigned;

/// The fields and their MAC. `N` is exactly as long as both.
fn signed<const N: usize>(fields: impl Iterator<Item = u8> + Clone, key: &AuditKey) -> [u8; N] {
    let mut out = [0; N];
    for (slot, byte) in out.iter_mut().zip(fields) {
        *slot = byte;
    }
    if let Some((body, mac)) = out.split_last_chunk_mut::<{ Link::LEN }>() {
        *mac = key.checkpoint.tag(&[body]).into_public();
    }
    out
}

/// What stands between the magic and the MAC, if both are right.
fn verified<'a>(bytes: &'a [u8], magic: [u8; 8], key: &AuditKey) -> Result<&'a [u8], NotSigned> {
    let (body, mac) = bytes.split_last_chunk::<{ Link::LEN }>().ok_or(NotSigned)?;
    let fields = body.strip_prefix(&magic).ok_or(NotSigned)?;
    if key.checkpoint.verify(&[body], mac) {
        Ok(fields)
    } else {
        Err(NotSigned)
    }
}
