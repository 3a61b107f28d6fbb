//! The header of a segment.

use strongroom_contract::time::UnixMillis;

use super::{
    chain::{Link, LogId},
    field::{Malformed, Reader},
};

/// What a segment begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The log that it belongs to.
    pub log: LogId,
    /// Its number in the log, from 0.
    pub number: u64,
    /// The number of its first row.
    pub first_row: u64,
    /// The real time at which it was begun.
    pub opened: UnixMillis,
    /// The chain's link before it.
    pub previous: Link,
    /// Its own link, over what stands before `previous`.
    pub link: Link,
}

impl SegmentHeader {
    /// Length in bytes.
    pub const LEN: usize = Self::LINKED_LEN + 2 * Link::LEN;
    const LINKED_LEN: usize = 8 + 16 + 8 + 8 + 8;
    const MAGIC: [u8; 8] = *b"SRAUDIT1";

    /// Reads a header. Its link is not checked: [`super::Verifier`] does.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is none, or one of another version.
    pub fn decode(bytes: &[u8; Self::LEN]) -> Result<Self, Malformed> {
        let mut reader = Reader(bytes);
        if reader.array()? != Self::MAGIC {
            return Err(Malformed("it does not begin with SRAUDIT1"));
        }
        let header = Self {
            log: LogId(reader.array()?),
            number: reader.u64()?,
            first_row: reader.u64()?,
            opened: UnixMillis(reader.u64()?),
            previous: Link(reader.array()?),
            link: Link(reader.array()?),
        };
        reader.end()?;
        Ok(header)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.linked());
        out.extend_from_slice(&self.previous.0);
        out.extend_from_slice(&self.link.0);
    }

    /// What the link is over.
    pub(super) fn linked(&self) -> [u8; Self::LINKED_LEN] {
        let mut linked = [0; Self::LINKED_LEN];
        let parts = Self::MAGIC
            .into_iter()
            .chain(self.log.0)
            .chain(self.number.to_le_bytes())
            .chain(self.first_row.to_le_bytes())
            .chain(self.opened.0.to_le_bytes());
        for (slot, byte) in linked.iter_mut().zip(parts) {
            *slot = byte;
        }
        linked
    }
}
