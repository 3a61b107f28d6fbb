//! The writer.

use std::{
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use strongroom_contract::audit::SignedCheckpoint;
use strongroom_crypto::Key;
use strongroom_policy::{
    audit::{AuditKey, Chain, Cut},
    credential::AppId,
};
use tokio::{sync::Notify, task::yield_now};

use super::{
    Entry, OutsideCheckpoints, PreparedRow, Sender,
    block::Runs,
    outside::hex,
    queue::{Queue, QueuedRow},
    segments,
};
use crate::{
    clock::Clock,
    keys::Use,
    store::{PersonalKeys, Store, StoreError},
};

/// The log can't be written: nothing may be accepted. It goes on once there is room again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit log can't be written")]
pub(crate) struct AuditDown;

/// From how many bytes on that may not be on the disk yet they are brought there at once: the disk's
/// journal keeps writers waiting for as long as it takes, so that it has to be little.
const MUCH: u64 = 1024 * 1024;

/// The audit log.
pub(crate) struct AuditLog {
    pub(super) directory: PathBuf,
    pub(super) key: Key,
    pub(super) clock: Arc<Clock>,
    segment_bytes: u64,
    outside: Option<OutsideCheckpoints>,
    /// Where the log was cut last. Held while the segments are read that a cut could remove.
    pub(super) cut: RwLock<Option<Cut>>,
    writer: Mutex<Writer>,
    much: Arc<Notify>,
}

/// Where the log is.
pub(super) struct Writer {
    pub(super) chain: Chain,
    pub(super) file: Arc<File>,
    pub(super) segment: u64,
    /// How many bytes of the segment are good.
    pub(super) len: u64,
    /// Whether bytes behind `len` may be there, from a write that failed.
    pub(super) ragged: bool,
    pub(super) runs: Runs,
    /// Rows that are neither in the chain nor in the file yet.
    pub(super) queue: Queue,
    /// How many bytes may not be on the disk yet.
    pub(super) unsynced: u64,
    /// Told when these have become many.
    pub(super) much: Arc<Notify>,
}

/// How far the log was at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The newest segment.
    pub(super) segment: u64,
    /// How many of its bytes are good.
    pub(super) len: u64,
    /// How many rows the log has.
    pub(super) rows: u64,
}

impl AuditLog {
    pub(super) fn new(
        directory: PathBuf,
        key: Key,
        clock: Arc<Clock>,
        segment_bytes: u64,
        outside: Option<OutsideCheckpoints>,
        cut: Option<Cut>,
        writer: Writer,
    ) -> Self {
        Self {
            directory,
            key,
            clock,
            segment_bytes,
            outside,
            cut: RwLock::new(cut),
            much: Arc::clone(&writer.much),
            writer: Mutex::new(writer),
        }
    }

    /// Writes a row, and those that wait before it: once this returns it is with the system, and
    /// survives the end of the process.
    ///
    /// # Errors
    ///
    /// [`AuditDown`] if it can't be written; the log is as before.
    pub(crate) fn append(&self, entry: &Entry<'_>) -> Result<(), AuditDown> {
        self.write_now(|queue| queue.add(entry))
    }

    /// Makes a row ready to be written by someone who outlives the request.
    pub(crate) fn prepare(&self, entry: &Entry<'_>) -> PreparedRow {
        entry.prepare(Arc::new(Sender::of(entry)))
    }

    /// Writes a row that was made ready, and those that wait before it.
    ///
    /// # Errors
    ///
    /// As [`AuditLog::append`].
    pub(crate) fn append_prepared(&self, prepared: PreparedRow) -> Result<(), AuditDown> {
        self.write_now(|queue| queue.add_prepared(prepared))
    }

    fn write_now(&self, add: impl FnOnce(&mut Queue) -> QueuedRow) -> Result<(), AuditDown> {
        let mut writer = self.lock();
        self.make_way(&mut writer)
            .and_then(|()| {
                let _written_at_once = add(&mut writer.queue);
                writer.flush()
            })
            .map_err(down)
    }

    /// Gives a row its place among those that wait. It is written with those of other requests, at
    /// the latest by [`AuditLog::written`], which has to come before the answer.
    ///
    /// # Errors
    ///
    /// [`AuditDown`] if the log can't be written; it is as before.
    pub(crate) fn queue(&self, entry: &Entry<'_>) -> Result<QueuedRow, AuditDown> {
        let mut writer = self.lock();
        self.make_way(&mut writer).map_err(down)?;
        Ok(writer.queue.add(entry))
    }

    /// Waits until a row is with the system, where it survives the end of the process.
    ///
    /// # Errors
    ///
    /// As [`AuditLog::write`].
    pub(crate) async fn written(&self, row: QueuedRow) -> Result<(), AuditDown> {
        // Requests that are ready now are decided first: one write takes all their rows.
        yield_now().await;
        match row.outcome() {
            Some(outcome) => outcome,
            None => self.write(&row),
        }
    }

    /// Writes a row that waits, and all that wait with it, unless that was done.
    ///
    /// # Errors
    ///
    /// [`AuditDown`] if it can't be written; neither it nor those that were to be written with it
    /// are in the log.
    pub(crate) fn write(&self, row: &QueuedRow) -> Result<(), AuditDown> {
        let mut writer = self.lock();
        match row.outcome() {
            Some(outcome) => outcome,
            None => writer.flush().map_err(down),
        }
    }

    /// Sees to it that the next row can be written: nothing is left of a write that failed, and the
    /// segment is not full.
    fn make_way(&self, writer: &mut Writer) -> io::Result<()> {
        writer.smooth()?;
        if writer.len >= self.segment_bytes {
            writer.flush()?;
            self.next_segment(writer)?;
        }
        Ok(())
    }

    /// Ends segment `number` if it is still the newest.
    pub(super) fn end_segment(&self, number: u64) -> io::Result<()> {
        let mut writer = self.lock();
        writer.flush()?;
        writer.smooth()?;
        match writer.segment == number {
            true => self.next_segment(&mut writer),
            false => Ok(()),
        }
    }

    /// Ends the segment and begins the next one.
    fn next_segment(&self, writer: &mut Writer) -> io::Result<()> {
        // Whole on the disk before anything follows it elsewhere.
        writer.file.sync_data()?;
        let before = writer.chain.mark();
        let mut header = Vec::new();
        let number = writer.chain.begin_segment(self.clock.real(), &mut header);
        let begun = segments::create(&self.directory, number)
            .and_then(|file| (&file).write_all(&header).map(|()| file));
        match begun {
            Ok(file) => {
                writer.runs.close();
                writer.file = Arc::new(file);
                writer.segment = number;
                writer.len = header.len() as u64;
                Ok(())
            }
            Err(error) => {
                // An empty file is left, if any: the next attempt begins it anew.
                writer.chain.rewind(before);
                Err(error)
            }
        }
    }

    /// Brings what was written to the disk. To be called from a thread that may wait.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let (file, unsynced) = {
            let mut writer = self.lock();
            writer.flush()?;
            let unsynced = std::mem::take(&mut writer.unsynced);
            if unsynced == 0 {
                return Ok(());
            }
            (Arc::clone(&writer.file), unsynced)
        };
        let synced = file.sync_data();
        if synced.is_err() {
            self.lock().unsynced += unsynced;
        }
        synced
    }

    /// Returns once there is much to be brought to the disk.
    pub(crate) async fn much_waits(&self) {
        self.much.notified().await;
    }

    /// Signs a checkpoint over all rows, if there are new ones, and copies it outside. To be called
    /// from a thread that may wait.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn checkpoint(&self) -> io::Result<()> {
        // Most of it without keeping anyone waiting; the rest, which is little, under the lock.
        self.sync()?;
        let signed = {
            let mut writer = self.lock();
            writer.flush()?;
            writer.smooth()?;
            writer.file.sync_data()?;
            let chain = &mut writer.chain;
            let before = chain.mark();
            let mut bytes = Vec::new();
            let Some(checkpoint) = chain.checkpoint(self.clock.real(), &mut bytes) else {
                return Ok(());
            };
            let signed = checkpoint.sign(chain.key());
            if let Err(error) = writer.write(&bytes) {
                writer.chain.rewind(before);
                return Err(error);
            }
            signed
        };
        self.sync()?;
        match &self.outside {
            Some(outside) => outside.add(&signed),
            None => Ok(()),
        }
    }

    /// Signs a checkpoint over all rows, for a copy elsewhere, and brings them to the disk. To be
    /// called from a thread that may wait.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn vouch(&self) -> io::Result<SignedCheckpoint> {
        self.checkpoint()?;
        let mut writer = self.lock();
        writer.flush()?;
        writer.file.sync_data()?;
        let checkpoint = writer.chain.here(self.clock.real());
        Ok(SignedCheckpoint {
            rows: checkpoint.rows,
            at: checkpoint.at,
            log: checkpoint.log.to_string(),
            signed: hex(&checkpoint.sign(writer.chain.key())),
        })
    }

    /// Writes down where whole runs of rows lie, what is in them, and when keys were last used, as
    /// `used` says. That is asked for once it is known which runs these are, so that it has the use that
    /// each of their rows is of; what later rows are of, the files say after a crash.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store failed: the runs wait for the next time. When a key was used is then
    /// told by its next use, or by the files if none of these rows has been indexed by the next start.
    pub(crate) async fn write_index(
        &self,
        store: &Store,
        keys: &PersonalKeys,
        used: impl FnOnce() -> Vec<(AppId, Use)>,
    ) -> Result<(), StoreError> {
        let whole = self.lock().runs.whole();
        let used = used();
        let last = whole.last().map(|run| run.block.first);
        if last.is_none() && used.is_empty() {
            return Ok(());
        }
        let runs = whole.into_iter().map(|run| run.run(keys)).collect();
        store.put_runs(runs, used).await?;
        if let Some(last) = last {
            self.lock().runs.forget_through(last);
        }
        Ok(())
    }

    pub(super) fn outside(&self) -> Option<&OutsideCheckpoints> {
        self.outside.as_ref()
    }

    /// How far the log is, with the rows that wait.
    pub(super) fn extent(&self) -> Extent {
        let mut writer = self.lock();
        // Rows that can't be written are not in the log any more.
        let _taken_back = writer.flush();
        Extent {
            segment: writer.segment,
            len: writer.len,
            rows: writer.chain.rows(),
        }
    }

    pub(super) fn audit_key(&self) -> AuditKey {
        AuditKey::new(&self.key)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Cuts off what a failed write has left behind.
    pub(super) fn smooth(&mut self) -> io::Result<()> {
        if self.ragged {
            self.file.set_len(self.len)?;
            self.ragged = false;
        }
        Ok(())
    }

    /// Writes the rows that wait: all of them, or none that counts.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.queue.is_empty() {
            return Ok(());
        }
        let (before, start) = (self.chain.mark(), self.len);
        let encoded = self.queue.encode(&mut self.chain);
        let bytes = std::mem::take(&mut self.queue.bytes);
        let written = encoded
            .map_err(io::Error::other)
            .and_then(|()| self.write(&bytes));
        self.queue.bytes = bytes;
        match &written {
            Ok(()) => self.queue.note(self.segment, start, &mut self.runs),
            Err(_) => self.chain.rewind(before),
        }
        let outcome = written.as_ref().map_err(|_| AuditDown).copied();
        self.queue.settle(outcome);
        written
    }

    /// Writes to the segment's end: all of it, or nothing that counts.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match (&*self.file).write_all(bytes) {
            Ok(()) => {
                let before = self.unsynced;
                self.len += bytes.len() as u64;
                self.unsynced += bytes.len() as u64;
                if before < MUCH && self.unsynced >= MUCH {
                    self.much.notify_one();
                }
                Ok(())
            }
            Err(error) => {
                self.ragged = true;
                // At once if it can be, so that nobody reads half a row; before the next row else.
                let _later = self.smooth();
                Err(error)
            }
        }
    }
}

/// Reports why, to those who keep the server.
fn down(error: io::Error) -> AuditDown {
    tracing::error!(%error, "the audit log can't be written");
    AuditDown
}

#[cfg(test)]
impl AuditLog {
    /// How many bytes may not be on the disk yet.
    pub(crate) fn unsynced(&self) -> u64 {
        self.lock().unsynced
    }

    /// How many bytes the newest segment has, as whoever reads the file sees it.
    pub(crate) fn bytes_in_file(&self) -> u64 {
        self.lock().file.metadata().unwrap().len()
    }

    /// From now on every write fails as on a full disk. Gives the file that was written to.
    pub(crate) fn fill_disk(&self) -> Arc<File> {
        let full = std::fs::OpenOptions::new()
            .append(true)
            .open("/dev/full")
            .unwrap();
        std::mem::replace(&mut self.lock().file, Arc::new(full))
    }

    /// There is room again.
    pub(crate) fn free_disk(&self, file: Arc<File>) {
        self.lock().file = file;
    }
}
