//! Proving the whole log.

use std::{
    fs::File,
    io::{self, Read as _},
};

use strongroom_contract::manage::AuditVerification;
use strongroom_policy::audit::{
    AuditKey, Bad, Checkpoint, MAX_RECORD, SegmentHeader, StoredRow, Verifier,
};

use super::{AuditLog, log::Extent, outside::checkpoint, segments};

/// How much of a segment is read at once.
const PIECE: usize = 1024 * 1024;

/// What stops a proof.
pub(super) enum Stop {
    /// A row is bad.
    Bad(Bad),
    /// A file can't be read, at the row that would be next.
    Unreadable(u64, String),
}

impl AuditLog {
    /// Proves every row, checkpoint and link, against the checkpoints outside and against what this
    /// server has written itself. Reads the whole log: to be called from a thread that may wait.
    ///
    /// `copies` are more checkpoints that were kept elsewhere, each a line of hex.
    pub(crate) fn verify(&self, copies: &[String]) -> AuditVerification {
        let key = self.audit_key();
        let outside = self.outside().map(|it| it.read(&key));
        let mut outside = match outside.transpose() {
            Ok(outside) => outside.unwrap_or_default(),
            Err(problem) => return failed(0, None, problem),
        };
        for (copy, number) in copies.iter().zip(1..) {
            match checkpoint(copy, &key) {
                Some(checkpoint) => outside.push(checkpoint),
                None => {
                    let problem = format!(
                        "checkpoint {number} of those given is none that this platform has signed"
                    );
                    return failed(0, None, problem);
                }
            }
        }
        self.prove_all(key, outside)
    }

    /// The same against checkpoints that need no signature: what is signed holds them.
    pub(super) fn verify_with(&self, checkpoints: Vec<Checkpoint>) -> AuditVerification {
        self.prove_all(self.audit_key(), checkpoints)
    }

    fn prove_all(&self, key: AuditKey, outside: Vec<Checkpoint>) -> AuditVerification {
        // After the checkpoints were read: none of them is ahead of what is looked at.
        let extent = self.extent();
        // Nothing is cut off while it is read.
        let cut = self.cut_held();
        let first_row = cut.map_or(0, |cut| cut.first_row);
        let mut verifier = match &*cut {
            Some(cut) => Verifier::after_cut(key, cut, outside),
            None => Verifier::new(key, outside),
        };
        let proven = self.prove(&mut verifier, extent);
        let rows = verifier.rows();
        match proven.and_then(|()| verifier.finish().map_err(Stop::Bad)) {
            Ok(report) if report.rows < extent.rows => failed(
                rows,
                Some(rows),
                format!(
                    "the log ends before row {rows}, but this server has written {} rows",
                    extent.rows
                ),
            ),
            Ok(report) => AuditVerification {
                ok: true,
                rows: report.rows,
                first_row,
                checkpoints: report.checkpoints,
                first_bad: None,
                problem: None,
            },
            Err(Stop::Bad(bad)) => failed(rows, Some(bad.row), bad.to_string()),
            Err(Stop::Unreadable(row, problem)) => failed(rows, Some(row), problem),
        }
    }

    fn prove(&self, verifier: &mut Verifier, extent: Extent) -> Result<(), Stop> {
        let numbers = segments::numbers(&self.directory)
            .map_err(|error| Stop::Unreadable(0, error.to_string()))?;
        for number in numbers.into_iter().filter(|it| *it <= extent.segment) {
            let most = if number == extent.segment {
                extent.len
            } else {
                u64::MAX
            };
            self.prove_segment(verifier, number, most, |_| true)?;
        }
        Ok(())
    }

    /// Proves a segment, or the first `most` bytes of it, and shows each row once it is proven, as
    /// long as whoever looks says that they go on.
    pub(super) fn prove_segment(
        &self,
        verifier: &mut Verifier,
        number: u64,
        most: u64,
        mut proven: impl FnMut(&StoredRow<'_>) -> bool,
    ) -> Result<SegmentHeader, Stop> {
        let path = segments::path(&self.directory, number);
        let row = verifier.rows();
        let unreadable = |error: io::Error| {
            let shown = path.display();
            let problem = format!("{shown} can't be read, which row {row} should be in: {error}");
            Stop::Unreadable(row, problem)
        };
        let mut file = File::open(&path).map_err(unreadable)?.take(most);
        let mut header = [0; SegmentHeader::LEN];
        file.read_exact(&mut header).map_err(unreadable)?;
        let header = verifier.segment(&header).map_err(Stop::Bad)?;
        let mut buffer = vec![0; PIECE + MAX_RECORD + 4];
        let mut filled = 0;
        let mut goes_on = true;
        while goes_on {
            let space = buffer.get_mut(filled..).unwrap_or_default();
            let read = file.read(space).map_err(unreadable)?;
            filled += read;
            let bytes = buffer.get(..filled).unwrap_or_default();
            let taken = verifier.records_with(bytes, |row| goes_on &= proven(row));
            let taken = taken.map_err(Stop::Bad)?;
            buffer.copy_within(taken..filled, 0);
            filled -= taken;
            if read == 0 {
                let rest = buffer.get(..filled).unwrap_or_default();
                verifier.end_segment(rest).map_err(Stop::Bad)?;
                break;
            }
        }
        Ok(header)
    }
}

fn failed(rows: u64, first_bad: Option<u64>, problem: String) -> AuditVerification {
    AuditVerification {
        ok: false,
        rows,
        first_row: 0,
        checkpoints: 0,
        first_bad,
        problem: Some(problem),
    }
}
