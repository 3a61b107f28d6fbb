//! Looking for rows: the newest first, or in the order in which they were written.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    AuditLog, Filter,
    read::{FoundRow, ReadError, read_block},
    segments,
};
use crate::store::{Block, PersonalKeys, Store, Sweep};

/// How many runs are asked of the store at once.
const BATCH: usize = 64;
/// How many runs are read for one answer, at most: half a million rows.
const MOST_READ: usize = 4_096;

/// Rows that were found.
#[derive(Debug)]
pub(crate) struct FoundRows {
    /// The rows.
    pub(crate) rows: Vec<FoundRow>,
    /// The row to go on from: before it, or with it; `None` at the end of the log.
    pub(crate) rest: Option<u64>,
    /// How many runs of rows were read for it.
    pub(crate) runs: usize,
}

/// What is looked for, and with what.
#[derive(Clone)]
pub(crate) struct Search<'a> {
    /// The index.
    pub(crate) store: &'a Store,
    /// What opens sources.
    pub(crate) keys: &'a Arc<PersonalKeys>,
    /// Which rows.
    pub(crate) filter: &'a Arc<Filter>,
    /// How many, at least 1.
    pub(crate) limit: usize,
}

impl AuditLog {
    /// The rows before `before` (all if absent) that are wanted, the newest first.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store or a file can't be read.
    pub(crate) async fn newest(
        &self,
        search: Search<'_>,
        before: Option<u64>,
    ) -> Result<FoundRows, ReadError> {
        let before = before.unwrap_or(u64::MAX);
        if let Some(id) = search.filter.request() {
            let found = self.find_all(search.store, id).await?;
            let rows = found.into_iter().rev();
            let rows = rows.filter(|row| row.sequence() < before);
            return Ok(FoundRows {
                rows: rows.collect(),
                rest: None,
                runs: 1,
            });
        }
        let filed = search.filter.filed(search.store, search.keys).await?;
        let mut reading = Reading::of(self, &search);
        // Memory before the store: a run on its way there is seen in one or both.
        let mut lowest = before;
        let waiting = self.waiting();
        for block in waiting.into_values().rev().filter(|it| it.first < before) {
            lowest = lowest.min(block.first);
            if reading.backwards(block, before).await? {
                return Ok(reading.done(Some(lowest)));
            }
        }
        let mut way = Some(Sweep::Before(lowest));
        while let Some(next) = way {
            let swept = search.store.sweep(filed.clone(), next, BATCH).await?;
            for block in swept.blocks {
                if reading.backwards(block, before).await? {
                    return Ok(reading.done(Some(block.first)));
                }
            }
            way = swept.rest;
        }
        Ok(reading.done(None))
    }

    /// The rows from `from` on that are wanted, in their order, as far as the log goes before
    /// `until`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store or a file can't be read.
    pub(crate) async fn following(
        &self,
        search: Search<'_>,
        from: u64,
        until: u64,
    ) -> Result<FoundRows, ReadError> {
        let filed = search.filter.filed(search.store, search.keys).await?;
        let mut reading = Reading::of(self, &search);
        let waiting = self.waiting();
        let in_store = |first: u64| waiting.keys().next().is_none_or(|known| first < *known);
        let mut way = Some(Sweep::From(from));
        while let Some(next) = way {
            let swept = search.store.sweep(filed.clone(), next, BATCH).await?;
            for block in swept.blocks.into_iter().filter(|it| in_store(it.first)) {
                if block.first >= until {
                    return Ok(reading.done(None));
                }
                if let Some(rest) = reading.forwards(block, from, until).await? {
                    return Ok(reading.done(Some(rest)));
                }
            }
            way = swept.rest;
        }
        for block in waiting.into_values() {
            if block.first + block.rows <= from || block.first >= until {
                continue;
            }
            if let Some(rest) = reading.forwards(block, from, until).await? {
                return Ok(reading.done(Some(rest)));
            }
        }
        Ok(reading.done(None))
    }

    /// How many rows the log has.
    pub(crate) fn rows(&self) -> u64 {
        self.extent().rows
    }

    /// The runs that are in memory alone.
    pub(super) fn waiting(&self) -> BTreeMap<u64, Block> {
        let writer = self.lock();
        writer
            .runs
            .blocks()
            .map(|block| (block.first, block))
            .collect()
    }
}

/// The rows that were found so far.
struct Reading<'a> {
    log: &'a AuditLog,
    keys: &'a Arc<PersonalKeys>,
    filter: &'a Arc<Filter>,
    limit: usize,
    rows: Vec<FoundRow>,
    read: usize,
}

impl<'a> Reading<'a> {
    fn of(log: &'a AuditLog, search: &Search<'a>) -> Self {
        Self {
            log,
            keys: search.keys,
            filter: search.filter,
            limit: search.limit,
            rows: Vec::new(),
            read: 0,
        }
    }

    fn done(mut self, rest: Option<u64>) -> FoundRows {
        // Rows of the last run that were too many: the next answer begins behind the last one shown.
        let cut = self.rows.len() > self.limit;
        self.rows.truncate(self.limit);
        let last = self.rows.last().map(FoundRow::sequence);
        FoundRows {
            rest: match (cut, last) {
                (true, Some(last)) => Some(last),
                _ => rest.filter(|rest| *rest > 0),
            },
            runs: self.read,
            rows: self.rows,
        }
    }

    /// Takes in a run from its end. Whether that is enough.
    async fn backwards(&mut self, block: Block, before: u64) -> Result<bool, ReadError> {
        let found = self.wanted(block).await?;
        let older = found.into_iter().filter(|row| row.sequence() < before);
        self.rows.extend(older.rev());
        Ok(self.rows.len() >= self.limit || self.read >= MOST_READ)
    }

    /// Takes in a run from its beginning. If that is enough: the row to go on with.
    async fn forwards(
        &mut self,
        block: Block,
        from: u64,
        until: u64,
    ) -> Result<Option<u64>, ReadError> {
        let found = self.wanted(block).await?;
        for row in found {
            if row.sequence() < from || row.sequence() >= until {
                continue;
            }
            if self.rows.len() >= self.limit {
                return Ok(Some(row.sequence()));
            }
            self.rows.push(row);
        }
        let is_enough = self.rows.len() >= self.limit || self.read >= MOST_READ;
        Ok(is_enough.then_some(block.first + block.rows))
    }

    async fn wanted(&mut self, block: Block) -> Result<Vec<FoundRow>, ReadError> {
        self.read += 1;
        let path = segments::path(&self.log.directory, block.segment);
        let (filter, keys) = (Arc::clone(self.filter), Arc::clone(self.keys));
        let read = tokio::task::spawn_blocking(move || {
            read_block(&path, block, |row| filter.takes(&row.row, &keys))
        });
        let read = read.await.map_err(std::io::Error::other)?;
        match read {
            // Retention has taken it meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            read => Ok(read?),
        }
    }
}
