//! Proves a log: step by step, naming the first row that is bad.

use std::fmt;

use super::{
    chain::{AuditKey, Chain, Link, LogId},
    checkpoint::{Checkpoint, Cut},
    field::Malformed,
    record::{Kind, Record, split_record},
    row::StoredRow,
    rows::Tags,
    segment::SegmentHeader,
};

/// Follows a log's chain. It is fed the segments in order: [`Verifier::segment`] with each header,
/// [`Verifier::records`] with the bytes behind it in pieces of any size, [`Verifier::end_segment`];
/// and at last [`Verifier::finish`] or [`Verifier::into_chain`].
pub struct Verifier {
    key: AuditKey,
    log: Option<LogId>,
    next_segment: u64,
    rows: u64,
    /// `None` until the first header says which log it is.
    link: Option<Link>,
    checkpoints: u64,
    rows_at_checkpoint: u64,
    /// The checkpoints from elsewhere that have not been reached, the nearest last.
    outside: Vec<Checkpoint>,
}

/// What a log that holds together has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The number of the next row: how many there were, those before a cut included.
    pub rows: u64,
    /// How many checkpoints were checked, in the log and from elsewhere.
    pub checkpoints: u64,
}

/// The first row that is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bad {
    /// Its number. The rows before it are proven.
    pub row: u64,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// A segment's header can't be read.
    Header(Malformed),
    /// A segment of another log.
    OtherLog {
        /// The log that was expected.
        expected: LogId,
        /// The one that the segment or checkpoint is of.
        found: LogId,
    },
    /// A segment is missing, or stands in another's place.
    Segment {
        /// The number that was expected.
        expected: u64,
        /// The number that was found.
        found: u64,
    },
    /// A record can't be read.
    Record(Malformed),
    /// The bytes end within a record.
    Torn,
    /// Another row stands here: rows were removed, inserted or put in another order.
    Sequence {
        /// The number that was found.
        found: u64,
    },
    /// A record was changed, or one before it was removed.
    Link,
    /// A checkpoint in the log does not fit the rows before it.
    Checkpoint,
    /// A checkpoint from elsewhere does not fit the rows before it.
    Outside,
    /// The log ends before a checkpoint from elsewhere.
    Truncated {
        /// How many rows that checkpoint vouches for.
        vouched: u64,
    },
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.row;
        match self.problem {
            Problem::Header(malformed) => {
                write!(
                    f,
                    "the header of the segment that begins with row {row} can't be read: {malformed}"
                )
            }
            Problem::OtherLog { expected, found } => {
                write!(
                    f,
                    "at row {row} there is a segment or checkpoint of log {found}, expected {expected}"
                )
            }
            Problem::Segment { expected, found } => {
                write!(
                    f,
                    "at row {row} segment {expected} is expected, but segment {found} was found"
                )
            }
            Problem::Record(malformed) => write!(f, "row {row} can't be read: {malformed}"),
            Problem::Torn => write!(f, "row {row} is incomplete: the segment ends within it"),
            Problem::Sequence { found } => write!(
                f,
                "row {found} stands where row {row} is expected: rows were removed, inserted or put in another order"
            ),
            Problem::Link => write!(
                f,
                "row {row}, or the checkpoint before it, was changed, or one of them was removed: its link does not fit"
            ),
            Problem::Checkpoint => write!(
                f,
                "the checkpoint before row {row} does not fit the rows before it"
            ),
            Problem::Outside => write!(
                f,
                "a checkpoint that is kept elsewhere does not fit the rows before row {row}"
            ),
            Problem::Truncated { vouched } => write!(
                f,
                "the log ends before row {row}, but a checkpoint that is kept elsewhere vouches for {vouched} rows"
            ),
        }
    }
}

impl std::error::Error for Bad {}

impl Verifier {
    /// Begins with a log's first segment. `outside` are checkpoints that were kept elsewhere.
    #[must_use]
    pub fn new(key: AuditKey, outside: Vec<Checkpoint>) -> Self {
        Self::starting(key, outside, None, 0, 0, None)
    }

    /// Begins with the first segment that a cut has left. Of the checkpoints kept elsewhere, those
    /// before the cut can't be checked any more.
    #[must_use]
    pub fn after_cut(key: AuditKey, cut: &Cut, mut outside: Vec<Checkpoint>) -> Self {
        outside.retain(|checkpoint| checkpoint.rows > cut.first_row);
        let Cut {
            log,
            segment,
            first_row,
            link,
            ..
        } = *cut;
        Self::starting(key, outside, Some(log), segment, first_row, Some(link))
    }

    fn starting(
        key: AuditKey,
        mut outside: Vec<Checkpoint>,
        log: Option<LogId>,
        next_segment: u64,
        rows: u64,
        link: Option<Link>,
    ) -> Self {
        outside.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.rows));
        Self {
            key,
            log,
            next_segment,
            rows,
            link,
            checkpoints: 0,
            rows_at_checkpoint: 0,
            outside,
        }
    }

    /// Takes a segment's header.
    ///
    /// # Errors
    ///
    /// [`Bad`] if the segment is not the one that follows.
    pub fn segment(&mut self, header: &[u8; SegmentHeader::LEN]) -> Result<SegmentHeader, Bad> {
        let header =
            SegmentHeader::decode(header).map_err(|error| self.bad(Problem::Header(error)))?;
        let expected = *self.log.get_or_insert(header.log);
        let foreign = self.outside.iter().map(|it| it.log);
        if let Some(found) = foreign.chain([header.log]).find(|log| *log != expected) {
            return Err(self.bad(Problem::OtherLog { expected, found }));
        }
        if header.number != self.next_segment {
            return Err(self.bad(Problem::Segment {
                expected: self.next_segment,
                found: header.number,
            }));
        }
        let link = self.link.unwrap_or_else(|| self.key.genesis(expected));
        let linked = self.key.link(link, &header.linked());
        let fits = header.first_row == self.rows && header.previous == link;
        if !fits || header.link != linked {
            return Err(self.bad(Problem::Link));
        }
        self.next_segment += 1;
        self.link = Some(linked);
        self.meet_outside();
        Ok(header)
    }

    /// Takes records of the segment. Says how many bytes were taken; the rest begins a record whose
    /// end is still to come, and is to be given again with what follows it.
    ///
    /// # Errors
    ///
    /// [`Bad`] for the first record that does not fit.
    pub fn records(&mut self, bytes: &[u8]) -> Result<usize, Bad> {
        self.records_with(bytes, |_| {})
    }

    /// As [`Verifier::records`], and shows each row once it is proven: to build an index, or the
    /// windows and nonces that were lost with the process.
    ///
    /// # Errors
    ///
    /// As [`Verifier::records`].
    pub fn records_with(
        &mut self,
        bytes: &[u8],
        mut proven: impl FnMut(&StoredRow<'_>),
    ) -> Result<usize, Bad> {
        let mut rest = bytes;
        loop {
            let split = split_record(rest);
            match split.map_err(|error| self.bad(Problem::Record(error)))? {
                Some((record, after)) => {
                    self.record(&record, &mut proven)?;
                    rest = after;
                }
                None => return Ok(bytes.len() - rest.len()),
            }
        }
    }

    /// Says that the segment has ended, with the bytes that [`Verifier::records`] did not take.
    ///
    /// After a crash the last segment may end within a record. Such a row was never answered for:
    /// its bytes can be cut off, and [`Verifier::into_chain`] goes on from the row before it.
    ///
    /// # Errors
    ///
    /// [`Bad`] if there are such bytes.
    pub fn end_segment(&self, rest: &[u8]) -> Result<(), Bad> {
        if rest.is_empty() {
            Ok(())
        } else {
            Err(self.bad(Problem::Torn))
        }
    }

    /// Says that the log has ended.
    ///
    /// # Errors
    ///
    /// [`Bad`] if it ends before a checkpoint that was kept elsewhere.
    pub fn finish(self) -> Result<Report, Bad> {
        match self.outside.first() {
            Some(furthest) => Err(self.bad(Problem::Truncated {
                vouched: furthest.rows,
            })),
            None => Ok(Report {
                rows: self.rows,
                checkpoints: self.checkpoints,
            }),
        }
    }

    /// How many rows have been proven: the next row's number.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The log, and the link of what was proven last; `None` before the first header.
    #[must_use]
    pub fn place(&self) -> Option<(LogId, Link)> {
        self.log.zip(self.link)
    }

    /// The chain that goes on where the log ends; `None` if there was no segment.
    #[must_use]
    pub fn into_chain(self) -> Option<Chain> {
        let mut chain = Chain::at(
            self.log?,
            self.next_segment,
            self.rows,
            self.link?,
            self.key,
        );
        chain.checkpointed(self.rows_at_checkpoint);
        Some(chain)
    }

    fn record(
        &mut self,
        record: &Record<'_>,
        proven: &mut impl FnMut(&StoredRow<'_>),
    ) -> Result<(), Bad> {
        let link = self.link.ok_or(self.bad(Problem::Link))?;
        let linked = self.key.link(link, record.linked);
        if record.link != linked {
            return Err(self.first_changed(record, link));
        }
        if record.kind == Kind::Checkpoint {
            self.checkpoint(record.body, link)?;
        }
        for row in record.rows() {
            proven(&self.row(row)?);
        }
        self.link = Some(linked);
        self.meet_outside();
        Ok(())
    }

    /// Takes the row that is the next one.
    fn row<'a>(&mut self, row: Result<StoredRow<'a>, Malformed>) -> Result<StoredRow<'a>, Bad> {
        let row = row.map_err(|error| self.bad(Problem::Record(error)))?;
        if row.sequence != self.rows {
            return Err(self.bad(Problem::Sequence {
                found: row.sequence,
            }));
        }
        self.leave_outside()?;
        self.rows += 1;
        Ok(row)
    }

    fn checkpoint(&mut self, body: &[u8], link: Link) -> Result<(), Bad> {
        let wrong = self.bad(Problem::Checkpoint);
        let checkpoint = Checkpoint::open(body, &self.key).map_err(|_| wrong)?;
        let here = (self.log, self.rows, link);
        if (Some(checkpoint.log), checkpoint.rows, checkpoint.link) != here {
            return Err(wrong);
        }
        self.checkpoints += 1;
        self.rows_at_checkpoint = self.rows;
        Ok(())
    }

    /// What is wrong with a record behind `link` whose own link does not fit. Of rows that were
    /// written together, those before the first whose tag does not fit are proven.
    fn first_changed(&mut self, record: &Record<'_>, link: Link) -> Bad {
        let mut tags = Tags::after(link);
        for item in record.items() {
            let next = self.rows;
            let (row, is_proven) = match item {
                Ok(item) => {
                    let tag = tags.next(&self.key, item.bytes);
                    (Ok(item.stored), item.tag == Some(tag))
                }
                Err(malformed) => (Err(malformed), false),
            };
            if let Err(bad) = self.row(row) {
                return bad;
            }
            if !is_proven {
                self.rows = next;
                break;
            }
        }
        self.bad(Problem::Link)
    }

    /// Ticks off the checkpoints from elsewhere that are true here.
    fn meet_outside(&mut self) {
        let (rows, link) = (self.rows, self.link);
        if self
            .outside
            .last()
            .is_some_and(|nearest| nearest.rows == rows)
        {
            let before = self.outside.len();
            self.outside
                .retain(|it| it.rows != rows || Some(it.link) != link);
            self.checkpoints += (before - self.outside.len()) as u64;
        }
    }

    /// Before the next row: whatever checkpoint was to be true by now, is not.
    fn leave_outside(&self) -> Result<(), Bad> {
        match self.outside.last() {
            Some(nearest) if nearest.rows <= self.rows => Err(self.bad(Problem::Outside)),
            _ => Ok(()),
        }
    }

    fn bad(&self, problem: Problem) -> Bad {
        Bad {
            row: self.rows,
            problem,
        }
    }
}
