//! Reading rows back: the newest, or the one of a request.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    net::{IpAddr, Ipv6Addr},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use strongroom_contract::{explain::Rule, manage::AuditRowView, time::UnixMillis};
use strongroom_policy::{
    audit::{Kind, StoredRow, split_record},
    key::ClientId,
};

use super::{AuditLog, segments};
use crate::{
    face::RequestId,
    store::{Block, PersonalKeys, Store, StoreError},
};

/// How long after a request's arrival its row may be written, at most; with some room for a clock
/// that was corrected meanwhile.
const WRITTEN_WITHIN: Duration = Duration::from_secs(180);
const BEFORE: Duration = Duration::from_secs(10);
/// How many runs are asked of the store at once.
const BATCH: u64 = 16;

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

/// A row that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundRow {
    sequence: u64,
    at: UnixMillis,
    id: RequestId,
    act: String,
    app_id: Option<String>,
    secret_id: Option<u32>,
    personal: Option<(ClientId, Vec<u8>)>,
    route: String,
    /// The status that was answered.
    pub(crate) status: u16,
    /// The rule that refused it.
    pub(crate) rule: Option<Rule>,
    duration_us: u32,
}

impl FoundRow {
    fn of(stored: &StoredRow<'_>) -> Self {
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
            personal: row
                .personal
                .map(|personal| (ClientId(personal.key_id), personal.sealed.to_vec())),
            route,
            status: row.status,
            rule: row.rule,
            duration_us: row.duration_us,
        }
    }

    /// The row as it is shown; without a source if its client was erased.
    pub(crate) fn view(&self, keys: &PersonalKeys) -> AuditRowView {
        let source = self.personal.as_ref().and_then(|(client, sealed)| {
            let plain = keys.of(*client)?.open(&self.id.0, sealed).ok()?;
            let address = plain.expose_secret().first_chunk::<16>()?;
            Some(IpAddr::V6(Ipv6Addr::from(*address)).to_canonical())
        });
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
    /// The rows before `before` (all if absent), the newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store or a file can't be read.
    pub(crate) async fn page(
        &self,
        store: &Store,
        limit: usize,
        before: Option<u64>,
    ) -> Result<Vec<FoundRow>, ReadError> {
        // The store has signed numbers.
        let before = before.unwrap_or(u64::MAX).min(i64::MAX as u64);
        // Memory before the store: a run on its way there is seen in one or both.
        let mut blocks: Vec<_> = self.unwritten().into_values().collect();
        blocks.retain(|block| block.first < before);
        let mut lowest = before;
        let mut rows = Vec::new();
        loop {
            while let Some(block) = blocks.pop() {
                lowest = lowest.min(block.first);
                let mut of_block = self.read_block(block).await?;
                of_block.retain(|row| row.sequence < before);
                rows.extend(of_block.into_iter().rev());
                if rows.len() >= limit {
                    rows.truncate(limit);
                    return Ok(rows);
                }
            }
            blocks = store.blocks_before(lowest, BATCH).await?;
            blocks.reverse();
            if blocks.is_empty() {
                return Ok(rows);
            }
        }
    }

    /// The row of a request.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the store or a file can't be read.
    pub(crate) async fn find(
        &self,
        store: &Store,
        id: RequestId,
    ) -> Result<Option<FoundRow>, ReadError> {
        let earliest = id.time().0.saturating_sub(BEFORE.as_millis() as u64);
        let latest = id.time().after(WRITTEN_WITHIN).0;
        if latest > i64::MAX as u64 {
            return Ok(None);
        }
        let mut blocks = self.unwritten();
        blocks.retain(|_, block| block.latest >= earliest && block.earliest <= latest);
        let stored = store.blocks_between(earliest, latest).await?;
        blocks.extend(stored.into_iter().map(|block| (block.first, block)));
        for block in blocks.into_values() {
            let rows = self.read_block(block).await?;
            if let Some(found) = rows.into_iter().find(|row| row.id == id) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn unwritten(&self) -> BTreeMap<u64, Block> {
        let blocks = self.lock().runs.all();
        blocks
            .into_iter()
            .map(|block| (block.first, block))
            .collect()
    }

    async fn read_block(&self, block: Block) -> Result<Vec<FoundRow>, ReadError> {
        let path = segments::path(&self.directory, block.segment);
        let read = tokio::task::spawn_blocking(move || read_block(path, block));
        Ok(read.await.map_err(io::Error::other)??)
    }
}

/// Whether the run of rows is where the index says.
pub(crate) fn is_at(directory: &Path, block: Block) -> bool {
    let rows = read_block(segments::path(directory, block.segment), block);
    rows.is_ok_and(|rows| {
        let first = rows.first().map(FoundRow::sequence);
        first == Some(block.first) && rows.len() as u64 == block.rows
    })
}

fn read_block(path: PathBuf, block: Block) -> io::Result<Vec<FoundRow>> {
    let mut bytes = vec![0; usize::try_from(block.bytes).unwrap_or(0)];
    File::open(path)?.read_exact_at(&mut bytes, block.offset)?;
    let mut rows = Vec::new();
    let mut rest = bytes.as_slice();
    while let Ok(Some((record, after))) = split_record(rest) {
        if record.kind == Kind::Row
            && let Ok(row) = StoredRow::decode(record.body)
        {
            rows.push(FoundRow::of(&row));
        }
        rest = after;
    }
    Ok(rows)
}
