//! Retention: what is older than it has to be is cut off the front of the log, segment by segment.
//!
//! A cut is signed, so that who verifies knows what is missing on purpose. Only what is proven is cut
//! off: a log that was changed stays as it is, for somebody to look into.

use std::{
    fs, io,
    sync::{Arc, PoisonError, RwLockReadGuard},
    time::Duration,
};

use strongroom_contract::{audit::RetentionView, time::UnixMillis};
use strongroom_policy::audit::{AuditKey, Cut, SegmentHeader, Verifier};

use super::{AuditLog, segments, verify::Stop};
use crate::{
    error::StartError,
    state::{read_private, write_private},
    store::{Store, StoreError},
};

/// The file of the newest cut, beside the segments.
const CUT: &str = "cut";
/// A segment is ended when it has rows of this part of the time that rows are kept, so that they
/// don't wait for newer ones.
const SEGMENTS_KEPT: u32 = 8;

/// The log was not cut.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCut {
    /// It does not verify.
    #[error("the audit log does not verify, so nothing is cut off it: {0}")]
    Changed(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file can't be read or written.
    #[error("the audit log can't be cut: {0}")]
    File(#[from] io::Error),
}

impl AuditLog {
    /// Cuts off the segments whose rows are all older than `keep` at the platform's time `now`, and
    /// gives the cut, if there is any.
    ///
    /// # Errors
    ///
    /// [`NotCut`] says why; the log is as before, or the cut is finished by the next attempt.
    pub(crate) async fn retain(
        self: &Arc<Self>,
        store: &Store,
        keep: Duration,
        now: UnixMillis,
    ) -> Result<Option<Cut>, NotCut> {
        let keep_ms = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX);
        let over = UnixMillis(now.0.saturating_sub(keep_ms));
        self.end_segment_before(store, now, keep / SEGMENTS_KEPT)
            .await?;
        // The index says quickly that there is nothing to do; the log itself is asked for the rest.
        let newest = self.extent().segment;
        let first = segments::numbers(&self.directory)?.first().copied();
        let Some(first) = first.filter(|first| *first < newest) else {
            return Ok(None);
        };
        let waits = self.waiting().into_values().any(|it| it.segment == first);
        let latest = store.segment_times(first).await?.map(|(_, latest)| latest);
        if waits || latest.is_some_and(|latest| latest >= over.0) {
            return Ok(None);
        }
        let log = Arc::clone(self);
        let cut = tokio::task::spawn_blocking(move || log.cut_before(over));
        let Some(cut) = cut.await.map_err(io::Error::other)?? else {
            return Ok(None);
        };
        store.forget_segments_before(cut.segment).await?;
        Ok(Some(cut))
    }

    /// Ends the newest segment if its first row is older than `age`.
    async fn end_segment_before(
        self: &Arc<Self>,
        store: &Store,
        now: UnixMillis,
        age: Duration,
    ) -> Result<(), NotCut> {
        let newest = self.extent().segment;
        let waiting = self.waiting().into_values();
        let waiting = waiting.filter(|it| it.segment == newest);
        let stored = store.segment_times(newest).await?;
        let earliest = waiting
            .map(|it| it.earliest_at)
            .chain(stored.map(|(earliest, _)| earliest))
            .min();
        if earliest.is_some_and(|earliest| now.since(UnixMillis(earliest)) > age) {
            let log = Arc::clone(self);
            let ended = tokio::task::spawn_blocking(move || log.end_segment(newest));
            ended.await.map_err(io::Error::other)??;
        }
        Ok(())
    }

    /// Cuts off the segments before the first that has a row of `over` or later.
    fn cut_before(&self, over: UnixMillis) -> Result<Option<Cut>, NotCut> {
        self.checkpoint()?;
        let extent = self.extent();
        let mut cut_at = self.cut.write().unwrap_or_else(PoisonError::into_inner);
        let changed = |stop: Stop| match stop {
            Stop::Bad(bad) => NotCut::Changed(bad.to_string()),
            Stop::Unreadable(_, problem) => NotCut::Changed(problem),
        };
        let key = self.audit_key();
        let outside = self.outside().map(|it| it.read(&key)).transpose();
        let outside = outside.map_err(NotCut::Changed)?.unwrap_or_default();
        let mut verifier = match &*cut_at {
            Some(cut) => Verifier::after_cut(key, cut, outside),
            None => Verifier::new(key, outside),
        };
        let mut kept = None;
        for number in segments::numbers(&self.directory)? {
            if cut_at.is_some_and(|cut| number < cut.segment) {
                continue;
            }
            // The newest one stays in any case: only its header is looked at.
            let most = match number == extent.segment {
                true => SegmentHeader::LEN as u64,
                false => u64::MAX,
            };
            let mut is_over = number < extent.segment;
            let header = self
                .prove_segment(&mut verifier, number, most, |row| {
                    is_over &= row.row.platform < over;
                    true
                })
                .map_err(changed)?;
            if !is_over {
                kept = Some(header);
                break;
            }
        }
        let first = segments::numbers(&self.directory)?.first().copied();
        let Some(kept) = kept.filter(|kept| Some(kept.number) > first) else {
            return Ok(None);
        };
        let cut = Cut {
            log: kept.log,
            segment: kept.number,
            first_row: kept.first_row,
            at: self.clock.real(),
            link: kept.previous,
        };
        let path = self.directory.join(CUT);
        write_private(&path, &cut.sign(&self.audit_key())).map_err(io::Error::other)?;
        *cut_at = Some(cut);
        segments::remove_before(&self.directory, cut.segment)?;
        Ok(Some(cut))
    }

    /// Where the log was cut, for as long as it must not be cut again.
    pub(super) fn cut_held(&self) -> RwLockReadGuard<'_, Option<Cut>> {
        self.cut.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is of the log, and for how long rows are kept.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn retention(&self, keep: Option<Duration>) -> io::Result<RetentionView> {
        let extent = self.extent();
        let cut = *self.cut_held();
        let numbers = segments::numbers(&self.directory)?;
        let mut bytes = 0;
        for number in &numbers {
            bytes += fs::metadata(segments::path(&self.directory, *number))?.len();
        }
        Ok(RetentionView {
            keep_ms: keep.map(|keep| u64::try_from(keep.as_millis()).unwrap_or(u64::MAX)),
            first_row: cut.map_or(0, |cut| cut.first_row),
            rows: extent.rows,
            segments: numbers.len() as u64,
            bytes,
            cut_at: cut.map(|cut| cut.at),
        })
    }
}

/// The newest cut of a log. What a crash has left of what was cut off is removed.
///
/// # Errors
///
/// [`StartError`] if its file can't be read, or was not signed by this platform.
pub(super) fn read_cut(
    directory: &std::path::Path,
    key: &AuditKey,
) -> Result<Option<Cut>, StartError> {
    let path = directory.join(CUT);
    let Some(bytes) = read_private(&path)? else {
        return Ok(None);
    };
    let cut = Cut::open(&bytes, key).map_err(|error| StartError::Damaged {
        path: path.clone(),
        problem: error.to_string(),
    })?;
    segments::remove_before(directory, cut.segment)
        .map_err(|source| StartError::File { path, source })?;
    Ok(Some(cut))
}
