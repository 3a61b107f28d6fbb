//! Reading rows back: those of a run, or the one of a request.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::Path, time::Duration};

use strongroom_contract::{explain::Rule, manage::AuditRowView, time::UnixMillis};
use strongroom_policy::{
    audit::{StoredRow, split_record},
    key::ClientId,
};

use super::{AuditLog, segments};
use crate::{
    face::RequestId,
    faults::is_scenario,
    store::{Block, PersonalKeys, Store, StoreError},
};

/// How long after a request's arrival its row may be written, at most; with some room for a clock
/// that was corrected meanwhile.
const WRITTEN_WITHIN: Duration = Duration::from_secs(180);
const BEFORE: Duration = Duration::from_secs(10);

/// Rows can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file can't be read.
    #[error("the audit log can't be read: {0}")]
    File(#[from] io::Error),
}

/// Where a request came from, for who has its client's key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SealedSource {
    client: ClientId,
    bound: RequestId,
    sealed: Vec<u8>,
}

/// A row that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundRow {
    sequence: u64,
    at: UnixMillis,
    id: RequestId,
    /// [`AuditRowView::act`].
    pub(crate) act: String,
    app_id: Option<String>,
    secret_id: Option<u32>,
    personal: Option<SealedSource>,
    route: String,
    /// The status that was answered.
    pub(crate) status: u16,
    /// The rule that refused it.
    pub(crate) rule: Option<Rule>,
    duration_us: u32,
    /// How many slots it took.
    pub(crate) taken: u32,
}

impl FoundRow {
    pub(super) fn of(stored: &StoredRow<'_>) -> Self {
        let row = &stored.row;
        let mut route = format!("{} {}", row.method, row.path);
        if row.count > 1 {
            route.push_str(&format!(" ({} requests)", row.count));
        }
        Self {
            sequence: stored.sequence,
            at: row.platform,
            id: RequestId(row.request.0),
            act: row.act.to_owned(),
            app_id: row.key.map(str::to_owned),
            secret_id: row.secret.map(|id| id.0),
            personal: row.personal.map(|personal| SealedSource {
                client: ClientId(personal.key_id),
                bound: RequestId(personal.bound.0),
                sealed: personal.sealed.to_vec(),
            }),
            route,
            status: row.status,
            rule: row.rule,
            duration_us: row.duration_us,
            taken: if row.slot_taken { row.cost } else { 0 },
        }
    }

    /// The platform's time.
    pub(crate) fn at(&self) -> UnixMillis {
        self.at
    }

    /// The row as it is shown; without a source if its client was erased.
    pub(crate) fn view(&self, keys: &PersonalKeys) -> AuditRowView {
        let personal = self.personal.as_ref();
        let source = personal.and_then(|it| keys.open_source(it.client, &it.bound.0, &it.sealed));
        AuditRowView {
            sequence: self.sequence,
            at: self.at,
            request_id: self.id.to_string(),
            act: self.act.clone(),
            app_id: self.app_id.clone(),
            secret_id: self.secret_id,
            source: source.map(|address| address.to_string()),
            route: self.route.clone(),
            status: self.status,
            rule: self.rule,
            duration_us: self.duration_us,
        }
    }

    /// The row's number.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl AuditLog {
    /// The row of a request's answer.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store or a file can't be read.
    pub(crate) async fn find(
        &self,
        store: &Store,
        id: RequestId,
    ) -> Result<Option<FoundRow>, ReadError> {
        let mut rows = self.find_all(store, id).await?;
        rows.retain(|row| !is_scenario(&row.act));
        Ok(rows.pop())
    }

    /// The rows of a request, in their order: that of its answer, and what a scenario did to it.
    ///
    /// # Errors
    ///
    /// As [`AuditLog::find`].
    pub(crate) async fn find_all(
        &self,
        store: &Store,
        id: RequestId,
    ) -> Result<Vec<FoundRow>, ReadError> {
        let earliest = id.time().0.saturating_sub(BEFORE.as_millis() as u64);
        let latest = id.time().after(WRITTEN_WITHIN).0;
        if latest > i64::MAX as u64 {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let mut blocks = self.waiting();
        blocks.retain(|_, block| block.latest >= earliest && block.earliest <= latest);
        let stored = store.blocks_between(earliest, latest).await?;
        blocks.extend(stored.into_iter().map(|block| (block.first, block)));
        for block in blocks.into_values() {
            let path = segments::path(&self.directory, block.segment);
            let read = tokio::task::spawn_blocking(move || {
                read_block(&path, block, |stored| stored.row.request.0 == id.0)
            });
            found.extend(read.await.map_err(io::Error::other)??);
            // A scenario's row stands before that of the answer.
            if found.last().is_some_and(|row| !is_scenario(&row.act)) {
                break;
            }
        }
        Ok(found)
    }
}

/// Whether the run of rows is where the index says.
pub(crate) fn is_at(directory: &Path, block: Block) -> bool {
    let rows = read_block(&segments::path(directory, block.segment), block, |_| true);
    rows.is_ok_and(|rows| {
        let first = rows.first().map(FoundRow::sequence);
        first == Some(block.first) && rows.len() as u64 == block.rows
    })
}

/// The rows of a run that are wanted.
pub(super) fn read_block(
    path: &Path,
    block: Block,
    wanted: impl Fn(&StoredRow<'_>) -> bool,
) -> io::Result<Vec<FoundRow>> {
    let mut bytes = vec![0; usize::try_from(block.bytes).unwrap_or(0)];
    File::open(path)?.read_exact_at(&mut bytes, block.offset)?;
    let mut rows = Vec::new();
    let mut rest = bytes.as_slice();
    while let Ok(Some((record, after))) = split_record(rest) {
        // A record can have rows of the run before or behind, too.
        let of_run = record
            .rows()
            .flatten()
            .filter(|row| block.has(row.sequence));
        rows.extend(of_run.filter(&wanted).map(|row| FoundRow::of(&row)));
        rest = after;
    }
    Ok(rows)
}
