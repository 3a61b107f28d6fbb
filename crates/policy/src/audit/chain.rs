//! The chain that a log's writer holds: where it is, and the keys that it links and signs with.

use std::fmt;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{Key, framing::Frame, mac::HmacSha256, random};

use super::{
    checkpoint::Checkpoint,
    record::{Kind, LENGTH},
    row::{Row, RowError},
    rows::{self, Tag},
    segment::SegmentHeader,
};

/// A log's id: 16 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub [u8; 16]);

impl LogId {
    /// A fresh id.
    #[must_use]
    pub fn generate() -> Self {
        Self(random::bytes())
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A tag over a record and everything before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link(pub [u8; Link::LEN]);

impl Link {
    /// Length in bytes.
    pub const LEN: usize = 32;
}

/// The keys of an audit log, all derived from the platform's checkpoint key.
pub struct AuditKey {
    chain: HmacSha256,
    rows: HmacSha256,
    pub(super) checkpoint: HmacSha256,
}

impl AuditKey {
    /// Derives the keys.
    #[must_use]
    pub fn new(checkpoint_key: &Key) -> Self {
        let derive = |purpose: &str| HmacSha256::from(&checkpoint_key.derive(&Frame::of(purpose)));
        Self {
            chain: derive("strongroom audit chain v1"),
            rows: derive("strongroom audit rows v1"),
            checkpoint: derive("strongroom audit checkpoint v1"),
        }
    }

    /// The link that a log begins with.
    pub(super) fn genesis(&self, log: LogId) -> Link {
        let tag = self.chain.tag(&[b"strongroom audit genesis v1", &log.0]);
        Link(tag.into_public())
    }

    /// The link of what follows `previous`.
    pub(super) fn link(&self, previous: Link, linked: &[u8]) -> Link {
        Link(self.chain.tag(&[&previous.0, linked]).into_public())
    }

    /// The tag of a row within a record.
    pub(super) fn tag(&self, before: &[u8], row: &[u8]) -> Tag {
        let mut tag = Tag::default();
        let whole = self.rows.tag(&[before, row]).into_public();
        for (slot, byte) in tag.iter_mut().zip(whole) {
            *slot = byte;
        }
        tag
    }
}

/// Where a log's writer is. It appends bytes to a buffer of the caller's, which are to be written to
/// the current segment in that order; if they can't be, the writer takes back what it has written of
/// them and the chain goes back too ([`Chain::rewind`]), or it is made again from what was written
/// ([`super::Verifier::into_chain`]).
pub struct Chain {
    key: AuditKey,
    log: LogId,
    next_segment: u64,
    rows: u64,
    link: Link,
    rows_at_checkpoint: u64,
}

/// A place in a chain ([`Chain::mark`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    next_segment: u64,
    rows: u64,
    link: Link,
    rows_at_checkpoint: u64,
}

impl Chain {
    /// The chain of a new log. The first segment has to be begun before the first row.
    #[must_use]
    pub fn new(log: LogId, key: AuditKey) -> Self {
        let link = key.genesis(log);
        Self::at(log, 0, 0, link, key)
    }

    pub(super) fn at(log: LogId, next_segment: u64, rows: u64, link: Link, key: AuditKey) -> Self {
        Self {
            key,
            log,
            next_segment,
            rows,
            link,
            rows_at_checkpoint: 0,
        }
    }

    pub(super) fn checkpointed(&mut self, rows: u64) {
        self.rows_at_checkpoint = rows;
    }

    /// Begins a segment: appends its header. Says its number.
    pub fn begin_segment(&mut self, now: UnixMillis, out: &mut Vec<u8>) -> u64 {
        let mut header = SegmentHeader {
            log: self.log,
            number: self.next_segment,
            first_row: self.rows,
            opened: now,
            previous: self.link,
            link: self.link,
        };
        header.link = self.key.link(self.link, &header.linked());
        header.encode(out);
        self.link = header.link;
        self.next_segment += 1;
        header.number
    }

    /// Appends the first of `rows` as one record: as many as it can hold, which is at least one.
    /// Says how many these are; their numbers follow each other from [`Chain::rows`] on. Allocates
    /// nothing if `out` has room.
    ///
    /// # Errors
    ///
    /// [`RowError`] if a field is too long or not printable; nothing was appended.
    pub fn append(&mut self, rows: &[Row<'_>], out: &mut Vec<u8>) -> Result<usize, RowError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let start = begin_record(Kind::Rows, out);
        let appended = rows::encode(rows, self.rows, self.link, &self.key, out)
            .inspect_err(|_| out.truncate(start))?;
        self.end_record(start, out);
        self.rows += appended as u64;
        Ok(appended)
    }

    /// Signs a checkpoint over all rows so far, appends it and gives it, to be copied elsewhere.
    /// `None` if there is no row since the last one.
    ///
    /// To be called once the rows have been synced to the disk.
    pub fn checkpoint(&mut self, now: UnixMillis, out: &mut Vec<u8>) -> Option<Checkpoint> {
        if self.rows == self.rows_at_checkpoint {
            return None;
        }
        let checkpoint = self.here(now);
        let signed = checkpoint.sign(&self.key);
        let start = begin_record(Kind::Checkpoint, out);
        out.extend_from_slice(&signed);
        self.end_record(start, out);
        self.rows_at_checkpoint = self.rows;
        Some(checkpoint)
    }

    /// Where the chain is, as a checkpoint of it would say: to be signed for a copy elsewhere.
    ///
    /// To be called once the rows have been synced to the disk.
    #[must_use]
    pub fn here(&self, now: UnixMillis) -> Checkpoint {
        Checkpoint {
            log: self.log,
            rows: self.rows,
            at: now,
            link: self.link,
        }
    }

    /// Where the chain is, to go back to if what it appends next can't be written.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            next_segment: self.next_segment,
            rows: self.rows,
            link: self.link,
            rows_at_checkpoint: self.rows_at_checkpoint,
        }
    }

    /// Goes back to where [`Chain::mark`] was: for a writer that has taken back what was appended
    /// since.
    pub fn rewind(&mut self, mark: Mark) {
        self.next_segment = mark.next_segment;
        self.rows = mark.rows;
        self.link = mark.link;
        self.rows_at_checkpoint = mark.rows_at_checkpoint;
    }

    /// The log's id.
    #[must_use]
    pub fn log(&self) -> LogId {
        self.log
    }

    /// How many rows the log has: the next row's number.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The keys, to sign with.
    #[must_use]
    pub fn key(&self) -> &AuditKey {
        &self.key
    }

    /// Ends the record that begins at `start`: with its length, and its link.
    fn end_record(&mut self, start: usize, out: &mut Vec<u8>) {
        let record = out.get_mut(start..).unwrap_or_default();
        if let Some((prefix, content)) = record.split_first_chunk_mut::<LENGTH>() {
            // No more than MAX_RECORD.
            let length = content.len() + Link::LEN;
            *prefix = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        }
        self.link = self.key.link(self.link, record);
        out.extend_from_slice(&self.link.0);
    }
}

/// Begins a record: its body is to follow. Says where.
fn begin_record(kind: Kind, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH]);
    out.push(kind.code());
    start
}
