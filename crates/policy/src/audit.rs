//! The audit log's bytes: rows in segments, chained, with checkpoints.
//!
//! The format is specified in `docs/AUDIT-FORMAT.md` and frozen: a row that was written is read for
//! ever. Rows that are written together make up one record, in which what they have in common stands
//! once. In short:
//!
//! ```text
//! segment = header record*
//! record  = length kind body link       link = HMAC-SHA256(chain key, previous link | length kind body)
//! ```
//!
//! Links are keyed, as are the tags between the rows of a record, so whoever edits, removes or
//! reorders rows without the key is found at the first row that they touched, also behind the last
//! checkpoint. What a chain alone can't show is that its end was cut off: for that, [`Checkpoint`]s
//! are kept elsewhere and given to the [`Verifier`].
//!
//! Nothing here reads or writes files: a [`Chain`] appends to a buffer, a [`Verifier`] is fed bytes.

mod chain;
mod checkpoint;
mod export;
mod field;
mod record;
mod row;
mod rows;
mod segment;
mod single;
mod verify;

pub use chain::{AuditKey, Chain, Link, LogId, Mark};
pub use checkpoint::{Checkpoint, Cut, NotSigned};
pub use export::Export;
pub use field::Malformed;
pub use record::{Kind, MAX_RECORD, Record, split_record};
pub use row::{
    MAX_ACT, MAX_KEY, MAX_METHOD, MAX_PATH, MAX_PERSONAL, Personal, RequestId, Row, RowError,
    SpentNonce, StoredRow,
};
pub use segment::SegmentHeader;
pub use verify::{Bad, Problem, Report, Verifier};
