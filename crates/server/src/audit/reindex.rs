//! The index, made anew from the files while the log goes on.

use std::{fs::File, io, io::Read as _, sync::Arc};

use strongroom_contract::audit::AuditReindexed;
use strongroom_policy::audit::{SegmentHeader, split_record};

use super::{
    AuditLog, ReadError,
    block::{Gathered, Runs},
    segments,
};
use crate::store::{PersonalKeys, Store};

/// What a segment has.
struct Read {
    runs: Vec<Gathered>,
    rows: u64,
}

impl AuditLog {
    /// Makes the index anew, segment by segment: what is asked meanwhile finds all rows.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store or a file can't be read.
    pub(crate) async fn reindex(
        self: &Arc<Self>,
        store: &Store,
        keys: &Arc<PersonalKeys>,
    ) -> Result<AuditReindexed, ReadError> {
        let extent = self.extent();
        let mut made = AuditReindexed { rows: 0, runs: 0 };
        for number in segments::numbers(&self.directory)? {
            if number > extent.segment {
                break;
            }
            let is_last = number == extent.segment;
            let most = if is_last { extent.len } else { u64::MAX };
            let (log, keys) = (Arc::clone(self), Arc::clone(keys));
            let read = tokio::task::spawn_blocking(move || {
                let read = log.read_segment(number, most, !is_last, &keys)?;
                let runs: Vec<_> = read.runs.into_iter().map(|run| run.run(&keys)).collect();
                Ok::<_, io::Error>((runs, read.rows))
            });
            let (runs, rows) = read.await.map_err(io::Error::other)??;
            made.rows += rows;
            made.runs += runs.len() as u64;
            // What is behind the last whole run comes from memory, as it always does.
            let end = match is_last {
                true => runs.last().map(|run| run.block.first + 1),
                false => Some(u64::MAX),
            };
            if let Some(end) = end {
                store.replace_runs(number, end, runs).await?;
            }
        }
        Ok(made)
    }

    fn read_segment(
        &self,
        number: u64,
        most: u64,
        is_ended: bool,
        keys: &PersonalKeys,
    ) -> io::Result<Read> {
        let mut bytes = Vec::new();
        let file = File::open(segments::path(&self.directory, number))?;
        file.take(most).read_to_end(&mut bytes)?;
        let records = bytes.get(SegmentHeader::LEN..).unwrap_or_default();
        let mut runs = Runs::default();
        let mut rows = 0;
        let mut rest = records;
        while let Ok(Some((record, after))) = split_record(rest) {
            let offset = SegmentHeader::LEN + records.len() - rest.len();
            let len = rest.len() - after.len();
            for row in record.rows().flatten() {
                runs.add_read(number, offset as u64, len as u64, &row, keys);
                rows += 1;
            }
            rest = after;
        }
        if is_ended {
            runs.close();
        }
        Ok(Read {
            runs: runs.whole(),
            rows,
        })
    }
}
