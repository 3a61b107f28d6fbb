//! Exports: rows on their way out of the log, proven as they go, and what is signed of them.
//!
//! ```text
//! segments --prove--> rows that fit --> JSON Lines or CSV, in pieces --> the peer
//!     '-> the links before and after           '-> SHA-256 '-> signed
//! ```
//!
//! Memory holds one piece of a segment and one of the export, however long either is.

use std::{
    io::{self, Read as _},
    sync::Arc,
};

use bytes::Bytes;
use strongroom_contract::{
    audit::AuditQuery,
    export::{ExportFormat, ExportProof, ExportVerification},
    manage::AuditRowView,
};
use strongroom_crypto::hash::Sha256;
use strongroom_policy::audit::{Checkpoint, Cut, Export, Link, LogId, SegmentHeader, Verifier};

use super::{
    AuditLog, Filter, FoundRow,
    log::Extent,
    outside::{from_hex, hex},
    read::ReadError,
    segments,
    verify::Stop,
};
use crate::store::{PersonalKeys, Store};

/// How much of an export goes out at once.
const PIECE: usize = 64 * 1024;
/// What a cell of a spreadsheet begins with if it is taken for a formula (OWASP, CSV injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What is to be exported.
pub(crate) struct Exporting {
    /// How rows are written.
    pub(crate) format: ExportFormat,
    /// Which rows, as they were asked for.
    pub(crate) query: AuditQuery,
    /// The same, ready to be put to rows.
    pub(crate) filter: Arc<Filter>,
    /// What opens sources.
    pub(crate) keys: Arc<PersonalKeys>,
}

/// The part of the log that an export looks through: whole segments, but for the newest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    first_segment: u64,
    last_segment: u64,
    extent: Extent,
}

/// An export ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotExported {
    /// Nobody takes it any more.
    #[error("nobody takes the export any more")]
    Gone,
    /// The log does not verify.
    #[error("the audit log does not verify, so nothing of it is vouched for: {0}")]
    Changed(String),
    /// A file can't be read, or retention has cut it off meanwhile.
    #[error("the audit log can't be read: {0}")]
    File(#[from] io::Error),
}

impl From<Stop> for NotExported {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Bad(bad) => Self::Changed(bad.to_string()),
            Stop::Unreadable(_, problem) => Self::File(io::Error::other(problem)),
        }
    }
}

impl AuditLog {
    /// The segments that can have rows of the filter's time, as far as the log goes now.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store or the directory can't be read.
    pub(crate) async fn part(&self, store: &Store, filter: &Filter) -> Result<Part, ReadError> {
        let extent = self.extent();
        // Memory before the store: a run on its way there is seen in one or both.
        let waiting: Vec<_> = self.waiting().into_values().collect();
        let mut fitting = Vec::new();
        for number in segments::numbers(&self.directory)? {
            if number > extent.segment {
                break;
            }
            let waiting = waiting.iter().filter(|run| run.segment == number);
            let times = waiting
                .map(|run| (run.earliest_at, run.latest_at))
                .chain(store.segment_times(number).await?)
                .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
            if times.is_none_or(|times| filter.can_be_within(times)) {
                fitting.push(number);
            }
        }
        Ok(Part {
            first_segment: fitting.first().copied().unwrap_or(extent.segment),
            last_segment: fitting.last().copied().unwrap_or(extent.segment),
            extent,
        })
    }

    /// Writes the rows of `part` that fit, in their order, to `take`, and signs what was written. To
    /// be called from a thread that may wait.
    ///
    /// # Errors
    ///
    /// [`NotExported`]: what was written so far is vouched for by nobody.
    pub(crate) fn export(
        &self,
        what: &Exporting,
        part: Part,
        take: impl FnMut(Bytes) -> Result<(), NotExported>,
    ) -> Result<ExportProof, NotExported> {
        let mut verifier = self.verifier_at(part.first_segment)?;
        let mut out = Out::new(what.format, take);
        out.begin()?;
        let mut before = None;
        for number in part.first_segment..=part.last_segment {
            let most = match number == part.extent.segment {
                true => part.extent.len,
                false => u64::MAX,
            };
            let mut failed = None;
            let header = self.prove_segment(&mut verifier, number, most, |stored| {
                if failed.is_none() && what.filter.takes(&stored.row, &what.keys) {
                    let row = FoundRow::of(stored).view(&what.keys);
                    failed = out.row(&row).err();
                }
                failed.is_none()
            })?;
            if let Some(failed) = failed {
                return Err(failed);
            }
            before.get_or_insert((header.first_row, header.link));
        }
        let (rows, bytes, sha256) = out.end()?;
        // A checkpoint vouches for what is on the disk.
        self.sync()?;
        let (first, before) = before.unwrap_or((verifier.rows(), Link([0; Link::LEN])));
        let (log, after) = verifier
            .place()
            .ok_or_else(|| NotExported::Changed("it has no segment".to_owned()))?;
        let export = Export {
            log,
            first,
            end: verifier.rows(),
            before,
            after,
            at: self.clock.real(),
            format: what.format.as_str().to_owned(),
            filters: filters(&what.query),
            rows,
            bytes,
            sha256,
        };
        Ok(self.sign_export(export, what.format))
    }

    fn sign_export(&self, export: Export, format: ExportFormat) -> ExportProof {
        let key = self.audit_key();
        let checkpoint = Checkpoint {
            log: export.log,
            rows: export.end,
            at: export.at,
            link: export.after,
        };
        ExportProof {
            log: export.log.to_string(),
            format,
            rows: export.rows,
            bytes: export.bytes,
            sha256: hex(&export.sha256),
            first_row: export.first,
            end_row: export.end,
            link_before: hex(&export.before.0),
            link_after: hex(&export.after.0),
            at: export.at,
            checkpoint: hex(&checkpoint.sign(&key)),
            signature: hex(&export.sign(&key)),
            filters: export.filters.into_iter().collect(),
        }
    }

    /// What proves the log from a segment on: the keyed link of its header vouches for what stands
    /// before it.
    fn verifier_at(&self, segment: u64) -> Result<Verifier, NotExported> {
        let mut header = [0; SegmentHeader::LEN];
        let mut file = std::fs::File::open(segments::path(&self.directory, segment))?;
        file.read_exact(&mut header)?;
        let header = SegmentHeader::decode(&header);
        let header = header.map_err(|error| NotExported::Changed(error.to_string()))?;
        let begins = Cut {
            log: header.log,
            segment,
            first_row: header.first_row,
            at: header.opened,
            link: header.previous,
        };
        Ok(Verifier::after_cut(self.audit_key(), &begins, Vec::new()))
    }

    /// Whether this platform has signed a proof, and the rows that were looked at for it stand in the
    /// log as they stood then. Reads the whole log: to be called from a thread that may wait.
    pub(crate) fn verify_export(&self, proof: &ExportProof) -> ExportVerification {
        let wrong = |problem: String| ExportVerification {
            ok: false,
            rows_cut: 0,
            first_bad: None,
            problem: Some(problem),
        };
        let key = self.audit_key();
        let signed = exported(proof).zip(from_hex(&proof.signature));
        let Some((export, _)) =
            signed.filter(|(export, signature)| export.verify(signature, &key).is_ok())
        else {
            return wrong(
                "the proof was not signed by this platform, or something of it was changed"
                    .to_owned(),
            );
        };
        let rows_cut = {
            let first_row = self.cut_held().map_or(0, |cut| cut.first_row);
            first_row.clamp(export.first, export.end) - export.first
        };
        let link = |rows, link| Checkpoint {
            log: export.log,
            rows,
            at: export.at,
            link,
        };
        let places = vec![
            link(export.first, export.before),
            link(export.end, export.after),
        ];
        let log = self.verify_with(places);
        ExportVerification {
            ok: log.ok,
            rows_cut,
            first_bad: log.first_bad,
            problem: log
                .problem
                .map(|problem| format!("the log is not what it was then: {problem}")),
        }
    }
}

/// What a proof says, if it can be read.
fn exported(proof: &ExportProof) -> Option<Export> {
    let digest = |text: &str| -> Option<[u8; 32]> { from_hex(text)?.try_into().ok() };
    Some(Export {
        log: LogId(from_hex(&proof.log)?.try_into().ok()?),
        first: proof.first_row,
        end: proof.end_row,
        before: Link(digest(&proof.link_before)?),
        after: Link(digest(&proof.link_after)?),
        at: proof.at,
        format: proof.format.as_str().to_owned(),
        filters: proof.filters.clone().into_iter().collect(),
        rows: proof.rows,
        bytes: proof.bytes,
        sha256: digest(&proof.sha256)?,
    })
}

/// In the order of their names.
fn filters(query: &AuditQuery) -> Vec<(String, String)> {
    let mut filters: Vec<_> = query
        .parameters()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    filters.sort();
    filters
}

/// Where rows go: written, counted, hashed, and handed on in pieces.
struct Out<T> {
    format: ExportFormat,
    take: T,
    piece: Vec<u8>,
    hash: Sha256,
    rows: u64,
    bytes: u64,
}

impl<T: FnMut(Bytes) -> Result<(), NotExported>> Out<T> {
    fn new(format: ExportFormat, take: T) -> Self {
        Self {
            format,
            take,
            piece: Vec::with_capacity(PIECE),
            hash: Sha256::new(),
            rows: 0,
            bytes: 0,
        }
    }

    fn begin(&mut self) -> Result<(), NotExported> {
        match self.format {
            ExportFormat::Jsonl => Ok(()),
            ExportFormat::Csv => Ok(record(COLUMNS, &mut self.piece)?),
        }
    }

    fn row(&mut self, row: &AuditRowView) -> Result<(), NotExported> {
        match self.format {
            ExportFormat::Jsonl => {
                serde_json::to_writer(&mut self.piece, row).map_err(io::Error::from)?;
                self.piece.push(b'\n');
            }
            ExportFormat::Csv => record(cells(row), &mut self.piece)?,
        }
        self.rows += 1;
        match self.piece.len() >= PIECE {
            true => self.pass_on(),
            false => Ok(()),
        }
    }

    fn pass_on(&mut self) -> Result<(), NotExported> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        if piece.is_empty() {
            return Ok(());
        }
        self.hash.update(&piece);
        self.bytes += piece.len() as u64;
        (self.take)(piece.into())
    }

    /// How many rows and bytes there were, and their digest.
    fn end(mut self) -> Result<(u64, u64, [u8; 32]), NotExported> {
        self.pass_on()?;
        Ok((self.rows, self.bytes, self.hash.finish()))
    }
}

/// The names of the columns: those of [`AuditRowView`].
const COLUMNS: [&str; 11] = [
    "sequence",
    "at",
    "request_id",
    "act",
    "app_id",
    "secret_id",
    "source",
    "route",
    "status",
    "rule",
    "duration_us",
];

fn cells(row: &AuditRowView) -> [String; 11] {
    let AuditRowView {
        sequence,
        at,
        request_id,
        act,
        app_id,
        secret_id,
        source,
        route,
        status,
        rule,
        duration_us,
    } = row;
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        sequence.to_string(),
        at.to_string(),
        request_id.clone(),
        act.clone(),
        or_empty(app_id),
        secret_id.map(|id| id.to_string()).unwrap_or_default(),
        or_empty(source),
        route.clone(),
        status.to_string(),
        rule.map(|rule| rule.id().to_owned()).unwrap_or_default(),
        duration_us.to_string(),
    ]
}

/// Writes a record of CSV (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe
/// before it, which makes it text there.
fn record<const N: usize>(cells: [impl AsRef<str>; N], out: &mut Vec<u8>) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    for cell in cells {
        let cell = cell.as_ref();
        match cell.starts_with(FORMULA) {
            true => writer.write_field(format!("'{cell}"))?,
            false => writer.write_field(cell)?,
        }
    }
    writer.write_record(None::<&[u8]>)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cells_read_back_and_none_is_a_formula(cells in prop::array::uniform3("[ -~\r\n\t,\"é]{0,8}|[=+@-].*")) {
            let mut written = Vec::new();
            record(cells.clone(), &mut written).unwrap();
            prop_assert!(written.ends_with(b"\r\n"));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*written);
            let read: Vec<_> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), 1);
            for (cell, read) in cells.iter().zip(&read[0]) {
                prop_assert!(!read.starts_with(FORMULA));
                prop_assert!(read == cell || read.strip_prefix('\'') == Some(cell));
            }
        }
    }
}
