//! Records: a length, a kind, a body, a link.

use super::{
    chain::Link,
    field::Malformed,
    row::StoredRow,
    rows::{Item, Rows},
    single,
};

/// The longest record, in bytes behind its length: one of rows.
pub const MAX_RECORD: usize = 65_536;
/// The longest record of another kind.
const MAX_SINGLE: usize = 4_096;
/// Bytes of the length.
pub(super) const LENGTH: usize = 4;
/// Bytes of kind and link.
const FIXED: usize = 1 + Link::LEN;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One row, as logs were written at first.
    Row,
    /// A checkpoint.
    Checkpoint,
    /// Rows that were written together.
    Rows,
}

impl Kind {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Row => 1,
            Self::Checkpoint => 2,
            Self::Rows => 3,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Row),
            2 => Some(Self::Checkpoint),
            3 => Some(Self::Rows),
            _ => None,
        }
    }

    const fn longest(self) -> usize {
        match self {
            Self::Row | Self::Checkpoint => MAX_SINGLE,
            Self::Rows => MAX_RECORD,
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

impl<'a> Record<'a> {
    /// Its rows, in their order, up to the first that can't be read. Whether they are what was
    /// written, the record's link says ([`super::Verifier`]).
    pub fn rows(&self) -> impl Iterator<Item = Result<StoredRow<'a>, Malformed>> + use<'a> {
        self.items().map(|item| item.map(|item| item.stored))
    }

    pub(super) fn items(&self) -> impl Iterator<Item = Result<Item<'a>, Malformed>> + use<'a> {
        let one = (self.kind == Kind::Row).then(|| single::decode(self.body));
        let many = (self.kind == Kind::Rows).then(|| Rows::of(self.body));
        one.into_iter().chain(many.into_iter().flatten())
    }
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
    if kind.is_some_and(|kind| length > kind.longest()) {
        return Err(Malformed("its length is impossible"));
    }
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
