//! The writer.

use std::{
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use strongroom_crypto::Key;
use strongroom_policy::audit::{AuditKey, Chain};

use super::{Entry, OutsideCheckpoints, PreparedRow, block::Runs, segments};
use crate::{
    clock::Clock,
    store::{Store, StoreError},
};

/// The log can't be written: nothing may be accepted. It goes on once there is room again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit log can't be written")]
pub(crate) struct AuditDown;

/// The audit log.
pub(crate) struct AuditLog {
    pub(super) directory: PathBuf,
    pub(super) key: Key,
    clock: Arc<Clock>,
    segment_bytes: u64,
    outside: Option<OutsideCheckpoints>,
    writer: Mutex<Writer>,
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
    pub(super) buffer: Vec<u8>,
    pub(super) unsynced: bool,
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
        writer: Writer,
    ) -> Self {
        Self {
            directory,
            key,
            clock,
            segment_bytes,
            outside,
            writer: Mutex::new(writer),
        }
    }

    /// Writes a row: once this returns it is with the system, and survives the end of the process.
    ///
    /// # Errors
    ///
    /// [`AuditDown`] if it can't be written; the log is as before.
    pub(crate) fn append(&self, entry: &Entry<'_>) -> Result<(), AuditDown> {
        self.append_prepared(entry.prepare())
    }

    /// Makes a row ready to be written by someone who outlives the request.
    pub(crate) fn prepare(&self, entry: &Entry<'_>) -> PreparedRow {
        entry.prepare()
    }

    /// Writes a row that was made ready.
    ///
    /// # Errors
    ///
    /// As [`AuditLog::append`].
    pub(crate) fn append_prepared(&self, prepared: PreparedRow) -> Result<(), AuditDown> {
        let mut writer = self.lock();
        let written = self.write_row(&mut writer, &prepared);
        written.map_err(|error| {
            tracing::error!(%error, "the audit log can't be written");
            AuditDown
        })
    }

    fn write_row(&self, writer: &mut Writer, prepared: &PreparedRow) -> io::Result<()> {
        writer.smooth()?;
        if writer.len >= self.segment_bytes {
            self.next_segment(writer)?;
        }
        let Writer { chain, buffer, .. } = writer;
        let before = chain.mark();
        buffer.clear();
        let row = prepared.row();
        let sequence = chain.append(&row, buffer).map_err(io::Error::other)?;
        let bytes = buffer.len() as u64;
        if let Err(error) = writer.write_buffer() {
            writer.chain.rewind(before);
            return Err(error);
        }
        let (segment, offset) = (writer.segment, writer.len - bytes);
        writer.runs.add(sequence, row.real, segment, offset, bytes);
        Ok(())
    }

    /// Ends the segment and begins the next one.
    fn next_segment(&self, writer: &mut Writer) -> io::Result<()> {
        // Whole on the disk before anything follows it elsewhere.
        writer.file.sync_data()?;
        let before = writer.chain.mark();
        writer.buffer.clear();
        let number = writer
            .chain
            .begin_segment(self.clock.real(), &mut writer.buffer);
        let begun = segments::create(&self.directory, number)
            .and_then(|file| (&file).write_all(&writer.buffer).map(|()| file));
        match begun {
            Ok(file) => {
                writer.runs.close();
                writer.file = Arc::new(file);
                writer.segment = number;
                writer.len = writer.buffer.len() as u64;
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
        let file = {
            let mut writer = self.lock();
            if !std::mem::take(&mut writer.unsynced) {
                return Ok(());
            }
            Arc::clone(&writer.file)
        };
        let synced = file.sync_data();
        if synced.is_err() {
            self.lock().unsynced = true;
        }
        synced
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
            writer.smooth()?;
            writer.file.sync_data()?;
            let Writer { chain, buffer, .. } = &mut *writer;
            let before = chain.mark();
            buffer.clear();
            let Some(checkpoint) = chain.checkpoint(self.clock.real(), buffer) else {
                return Ok(());
            };
            let signed = checkpoint.sign(chain.key());
            if let Err(error) = writer.write_buffer() {
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

    /// Writes down where whole runs of rows lie.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store failed; nothing is lost, since the files say it too.
    pub(crate) async fn write_index(&self, store: &Store) -> Result<(), StoreError> {
        let whole = self.lock().runs.whole();
        let Some(last) = whole.last().copied() else {
            return Ok(());
        };
        store.put_blocks(whole).await?;
        self.lock().runs.forget_through(last.first);
        Ok(())
    }

    pub(super) fn outside(&self) -> Option<&OutsideCheckpoints> {
        self.outside.as_ref()
    }

    pub(super) fn extent(&self) -> Extent {
        let writer = self.lock();
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

    /// Writes the buffer to the segment's end: all of it, or nothing that counts.
    fn write_buffer(&mut self) -> io::Result<()> {
        match (&*self.file).write_all(&self.buffer) {
            Ok(()) => {
                self.len += self.buffer.len() as u64;
                self.unsynced = true;
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

#[cfg(test)]
impl AuditLog {
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
