//! Records: a length, a kind, a body, a link.

use super::chain::Link;

/// The longest record, in bytes behind its length.
pub const MAX_RECORD: usize = 4_096;
/// Bytes of the length.
const LENGTH: usize = 4;
/// Bytes of kind and link.
const FIXED: usize = 1 + Link::LEN;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A row.
    Row,
    /// A checkpoint.
    Checkpoint,
}

impl Kind {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Row => 1,
            Self::Checkpoint => 2,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Row),
            2 => Some(Self::Checkpoint),
            _ => None,
        }
    }
}

/// One record, borrowed from a segment's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// What it holds.
    pub kind: Kind,
    /// Its body.
    pub body: &'a [u8],
    /// Its link to everything before it.
    pub link: Link,
    /// What the link is over: length, kind and body.
    pub(super) linked: &'a [u8],
}

/// Splits the first record off. `None` if its bytes are not all there yet.
///
/// # Errors
///
/// [`Malformed`] if no record begins like this.
pub fn split_record(bytes: &[u8]) -> Result<Option<(Record<'_>, &[u8])>, Malformed> {
    let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else {
        return Ok(None);
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if !(FIXED..=MAX_RECORD).contains(&length) {
        return Err(Malformed("its length is impossible"));
    }
    let code = rest.first().copied();
    let kind = code.map(|code| Kind::of(code).ok_or(Malformed("its kind is unknown")));
    let kind = kind.transpose()?;
    let (Some(kind), Some((content, after))) = (kind, rest.split_at_checked(length)) else {
        return Ok(None);
    };
    let whole = bytes.get(..LENGTH + length - Link::LEN);
    let body = content.get(1..length - Link::LEN);
    let link = content.last_chunk().copied().map(Link);
    match (whole, body, link) {
        (Some(linked), Some(body), Some(link)) => Ok(Some((
            Record {
                kind,
                body,
                link,
                linked,
            },
            after,
        ))),
        _ => Err(Malformed("it is too short")),
    }
}

/// Bytes are not what the format says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub(super) &'static str);

/// Reads fields off the front of bytes.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.0.split_first_chunk().ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed("bytes follow where it should end"))
        }
    }
}

const TOO_SHORT: Malformed = Malformed("it ends before it should");
