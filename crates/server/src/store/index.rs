//! The index of the audit log: where in its files runs of rows lie, and what is in each run.
//!
//! A run of rows has a line with the combinations of key, act, route, status and rule that occur in
//! it ([`Facet`]) and the sources ([`Source`]), each as a number of four bytes. A question is answered
//! by the combinations that fit it, and then by the runs that have one of them; only those runs are
//! read from the files. Rows one by one would be as much work to write as the log itself.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use rusqlite::{Transaction, params};
use strongroom_contract::explain::Rule;
use strongroom_policy::{audit::Row, credential::AppId, key::ClientId};

use super::{
    Store, StoreError,
    issued::write_last_used,
    limits::{count_days, forget_days},
};
use crate::keys::Use;

/// A run of consecutive rows in one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    /// The sequence of its first row.
    pub(crate) first: u64,
    /// How many rows.
    pub(crate) rows: u64,
    /// The segment's number.
    pub(crate) segment: u64,
    /// Where the record of its first row begins in the segment, in bytes.
    pub(crate) offset: u64,
    /// How many bytes the records of its rows take. They can have rows of the runs beside it, too.
    pub(crate) bytes: u64,
    /// The earliest real time of its rows, in milliseconds.
    pub(crate) earliest: u64,
    /// The latest.
    pub(crate) latest: u64,
    /// The earliest of the platform's time.
    pub(crate) earliest_at: u64,
    /// The latest.
    pub(crate) latest_at: u64,
}

impl Block {
    /// Whether a row is of the run.
    pub(crate) const fn has(&self, sequence: u64) -> bool {
        self.first <= sequence && sequence < self.first + self.rows
    }
}

/// What rows are about: everything of them that is not of one request alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Facet {
    /// The key.
    pub(crate) app_id: Option<AppId>,
    /// `request`, or the management act.
    pub(crate) act: Cow<'static, str>,
    /// The route's method.
    pub(crate) method: Cow<'static, str>,
    /// The route's path.
    pub(crate) path: Cow<'static, str>,
    /// The status that was answered.
    pub(crate) status: u16,
    /// The rule that refused it.
    pub(crate) rule: Option<Rule>,
}

impl Facet {
    /// What a row is about.
    pub(crate) fn of(row: &Row<'_>) -> Self {
        Self {
            app_id: row.key.and_then(|key| key.parse().ok()),
            act: Cow::Owned(row.act.to_owned()),
            method: Cow::Owned(row.method.to_owned()),
            path: Cow::Owned(row.path.to_owned()),
            status: row.status,
            rule: row.rule,
        }
    }

    /// The key's public id; empty if there is none.
    pub(crate) fn app_id(&self) -> &str {
        self.app_id.as_ref().map_or("", AppId::as_str)
    }

    /// Whether a row is about this.
    pub(crate) fn is_of(&self, row: &Row<'_>) -> bool {
        self.status == row.status
            && self.rule == row.rule
            && self.app_id() == row.key.unwrap_or_default()
            && self.path == row.path
            && self.method == row.method
            && self.act == row.act
    }
}

/// Where rows came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    /// Whose requests they are.
    pub(crate) client: ClientId,
    /// What stands for the address.
    pub(crate) hash: [u8; 16],
}

/// A run with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// Where it lies.
    pub(crate) block: Block,
    /// The day of its rows by the platform's time, counted from 1970-01-01.
    pub(crate) day: u64,
    /// What its rows are about.
    pub(crate) facets: Vec<Facet>,
    /// The slots that rows of each facet took.
    pub(crate) taken: Vec<u32>,
    /// Where they came from.
    pub(crate) sources: Vec<Source>,
}

impl Store {
    /// The last run of the index.
    pub(crate) async fn last_block(&self) -> Result<Option<Block>, StoreError> {
        let mut blocks = self
            .blocks("ORDER BY first DESC LIMIT 1", Vec::new())
            .await?;
        Ok(blocks.pop())
    }

    /// Whether the runs follow each other without a gap, from the row `first` on.
    pub(crate) async fn is_index_whole(&self, first: u64) -> Result<bool, StoreError> {
        self.database
            .run(move |connection| {
                let (begins, ends, rows): (Option<u64>, Option<u64>, Option<u64>) = connection
                    .query_row(
                        "SELECT min(first), max(first + rows), sum(rows) FROM audit_blocks",
                        [],
                        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                    )?;
                Ok::<_, StoreError>(match (begins, ends, rows) {
                    (Some(begins), Some(ends), Some(rows)) => {
                        begins == first && ends - begins == rows
                    }
                    _ => true,
                })
            })
            .await
    }

    /// Runs that hold rows of real times from `earliest` to `latest`, in milliseconds.
    pub(crate) async fn blocks_between(
        &self,
        earliest: u64,
        latest: u64,
    ) -> Result<Vec<Block>, StoreError> {
        let clause = "WHERE latest >= ?1 AND earliest <= ?2 ORDER BY first";
        self.blocks(clause, vec![earliest, latest]).await
    }

    /// Writes down runs, counts the slots that their rows took, and notes when keys and their secrets
    /// were last used; a run that begins as a stored one does replaces it.
    pub(crate) async fn put_runs(
        &self,
        runs: Vec<Run>,
        used: Vec<(AppId, Use)>,
    ) -> Result<(), StoreError> {
        self.database
            .transact_recoverable(move |transaction| {
                count_days(transaction, &runs)?;
                write_runs(transaction, &runs)?;
                write_last_used(transaction, &used)?;
                Ok(())
            })
            .await
    }

    /// Replaces the runs of a segment that begin before row `end`.
    pub(crate) async fn replace_runs(
        &self,
        segment: u64,
        end: u64,
        runs: Vec<Run>,
    ) -> Result<(), StoreError> {
        // The store has signed numbers.
        let end = end.min(i64::MAX as u64);
        self.database
            .run(move |connection| {
                let transaction = connection.transaction()?;
                transaction.execute(
                    "DELETE FROM audit_blocks WHERE segment = ?1 AND first < ?2",
                    [segment, end],
                )?;
                write_runs(&transaction, &runs)?;
                transaction.commit()?;
                Ok::<_, StoreError>(())
            })
            .await
    }

    /// The earliest and the latest of the platform's time in a segment; `None` if the index has
    /// nothing of it.
    pub(crate) async fn segment_times(
        &self,
        segment: u64,
    ) -> Result<Option<(u64, u64)>, StoreError> {
        self.database
            .run(move |connection| {
                let times: (Option<u64>, Option<u64>) = connection.query_row(
                    "SELECT min(earliest_at), max(latest_at) FROM audit_blocks WHERE segment = ?1",
                    [segment],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )?;
                Ok::<_, StoreError>(times.0.zip(times.1))
            })
            .await
    }

    /// Forgets the runs of segments before `segment`, which are gone.
    pub(crate) async fn forget_segments_before(&self, segment: u64) -> Result<(), StoreError> {
        self.database
            .run(move |connection| {
                let transaction = connection.transaction()?;
                forget(&transaction, "segment < ?1", segment)?;
                transaction.commit()?;
                Ok::<_, StoreError>(())
            })
            .await
    }

    /// Forgets the index, so that it is made anew from the files.
    pub(crate) async fn clear_index(&self) -> Result<(), StoreError> {
        self.database
            .run(|connection| {
                let transaction = connection.transaction()?;
                forget(&transaction, "segment >= ?1", 0)?;
                transaction.execute("DELETE FROM audit_facets", [])?;
                transaction.execute("DELETE FROM audit_sources", [])?;
                forget_days(&transaction)?;
                transaction.commit()?;
                Ok::<_, StoreError>(())
            })
            .await
    }

    async fn blocks(
        &self,
        clause: &'static str,
        values: Vec<u64>,
    ) -> Result<Vec<Block>, StoreError> {
        self.database
            .run(move |connection| {
                let mut statement = connection
                    .prepare_cached(&format!("SELECT {COLUMNS} FROM audit_blocks {clause}"))?;
                let blocks = statement
                    .query_map(rusqlite::params_from_iter(values), block)?
                    .collect::<Result<_, _>>()?;
                Ok::<_, StoreError>(blocks)
            })
            .await
    }
}

/// The columns of a [`Block`].
pub(super) const COLUMNS: &str =
    "first, rows, segment, offset, bytes, earliest, latest, earliest_at, latest_at";

/// A row of [`COLUMNS`].
pub(super) fn block(row: &rusqlite::Row<'_>) -> rusqlite::Result<Block> {
    Ok(Block {
        first: row.get(0)?,
        rows: row.get(1)?,
        segment: row.get(2)?,
        offset: row.get(3)?,
        bytes: row.get(4)?,
        earliest: row.get(5)?,
        latest: row.get(6)?,
        earliest_at: row.get(7)?,
        latest_at: row.get(8)?,
    })
}

/// Forgets runs by a condition on `segment`.
fn forget(
    transaction: &Transaction<'_>,
    condition: &'static str,
    segment: u64,
) -> rusqlite::Result<()> {
    for table in [
        "audit_blocks",
        "audit_facet_segments",
        "audit_source_segments",
    ] {
        transaction.execute(&format!("DELETE FROM {table} WHERE {condition}"), [segment])?;
    }
    Ok(())
}

fn write_runs(transaction: &Transaction<'_>, runs: &[Run]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO audit_blocks
         (first, rows, segment, offset, bytes, earliest, latest, earliest_at, latest_at, facets, sources)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let mut known = Known::default();
    for run in runs {
        let block = run.block;
        let mut facets = Vec::with_capacity(4 * run.facets.len());
        for facet in &run.facets {
            let id = known.facet(transaction, facet, block.segment)?;
            facets.extend_from_slice(&id.to_le_bytes());
        }
        let mut sources = Vec::with_capacity(4 * run.sources.len());
        for source in &run.sources {
            if let Some(id) = known.source(transaction, *source, block.segment)? {
                sources.extend_from_slice(&id.to_le_bytes());
            }
        }
        insert.execute(params![
            block.first,
            block.rows,
            block.segment,
            block.offset,
            block.bytes,
            block.earliest,
            block.latest,
            block.earliest_at,
            block.latest_at,
            facets,
            sources,
        ])?;
    }
    Ok(())
}

/// Numbers that were asked for already, and the segments that they were noted in.
#[derive(Default)]
struct Known<'r> {
    facets: HashMap<&'r Facet, u32>,
    sources: HashMap<Source, Option<u32>>,
    facet_segments: HashSet<(u32, u64)>,
    source_segments: HashSet<(u32, u64)>,
}

impl<'r> Known<'r> {
    fn facet(
        &mut self,
        transaction: &Transaction<'_>,
        facet: &'r Facet,
        segment: u64,
    ) -> rusqlite::Result<u32> {
        let id = match self.facets.get(facet) {
            Some(id) => *id,
            None => {
                let id = facet_id(transaction, facet)?;
                self.facets.insert(facet, id);
                id
            }
        };
        if self.facet_segments.insert((id, segment)) {
            transaction
                .prepare_cached("INSERT OR IGNORE INTO audit_facet_segments VALUES (?1, ?2)")?
                .execute(params![id, segment])?;
        }
        Ok(id)
    }

    /// `None` for a client that was erased since.
    fn source(
        &mut self,
        transaction: &Transaction<'_>,
        source: Source,
        segment: u64,
    ) -> rusqlite::Result<Option<u32>> {
        let id = match self.sources.get(&source) {
            Some(id) => *id,
            None => {
                let id = source_id(transaction, source)?;
                self.sources.insert(source, id);
                id
            }
        };
        if let Some(id) = id
            && self.source_segments.insert((id, segment))
        {
            transaction
                .prepare_cached("INSERT OR IGNORE INTO audit_source_segments VALUES (?1, ?2)")?
                .execute(params![id, segment])?;
        }
        Ok(id)
    }
}

fn facet_id(transaction: &Transaction<'_>, facet: &Facet) -> rusqlite::Result<u32> {
    let values = params![
        facet.app_id(),
        facet.act,
        facet.method,
        facet.path,
        facet.status,
        facet.rule.map_or("", Rule::id),
    ];
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO audit_facets (app_id, act, method, path, status, rule)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(values)?;
    transaction
        .prepare_cached(
            "SELECT id FROM audit_facets WHERE app_id = ?1 AND act = ?2 AND method = ?3
             AND path = ?4 AND status = ?5 AND rule = ?6",
        )?
        .query_row(values, |row| row.get(0))
}

fn source_id(transaction: &Transaction<'_>, source: Source) -> rusqlite::Result<Option<u32>> {
    use rusqlite::OptionalExtension as _;
    let values = params![source.hash, source.client.0];
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO audit_sources (hash, client) SELECT ?1, ?2
             WHERE EXISTS (SELECT 1 FROM clients WHERE id = ?2 AND personal_key IS NOT NULL)",
        )?
        .execute(values)?;
    transaction
        .prepare_cached("SELECT id FROM audit_sources WHERE hash = ?1 AND client = ?2")?
        .query_row(values, |row| row.get(0))
        .optional()
}
