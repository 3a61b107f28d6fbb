//! The chain of states, and the one way to change the file.
//!
//! `head = HMAC(k, frame("strongroom/v1/head", vault id, counter, tree, predecessor))`
//!
//! The file keeps the last 1,024 states, each in the slot `counter mod 1024`.

use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use strongroom_crypto::{framing::Frame, mac::HmacSha256};

use super::{Anchor, AnchorMismatch, Change, Leaf, RowKey, Tree};
use crate::{
    damage::Damage,
    file::StorageError,
    ids::{ItemId, VaultId},
    keys::Keys,
};

/// How many states the file remembers.
const KEPT: u64 = 1_024;

/// The present state, proven against the rows, with what is needed to make the next.
pub(crate) struct Ledger {
    vault: VaultId,
    tree: Tree,
    counter: u64,
    head: [u8; 32],
}

/// One remembered state.
struct State {
    counter: u64,
    tree: [u8; 32],
    predecessor: [u8; 32],
    head: [u8; 32],
}

impl Ledger {
    /// A ledger before its first state.
    pub(crate) fn empty(keys: &Keys) -> Self {
        Self {
            vault: keys.vault,
            tree: Tree::new(Arc::clone(&keys.manifest), []),
            counter: 0,
            head: [0; 32],
        }
    }

    /// Reads every row, and proves that together they are the newest state in the file. `header` is
    /// the header's MAC under the root key.
    pub(crate) fn load(
        connection: &Connection,
        keys: &Keys,
        header: &[u8; 32],
    ) -> Result<Self, StorageError> {
        let states = read_states(connection, keys)?;
        let newest = states
            .last()
            .ok_or_else(|| Damage::new("manifest", "it is missing"))?;
        let ledger = Self {
            vault: keys.vault,
            tree: read_tree(connection, &keys.manifest, keys.epoch, header)?,
            counter: newest.counter,
            head: newest.head,
        };
        if ledger.tree.top() != newest.tree {
            return Err(Damage::new(
                "manifest",
                "the rows are not those that were written last: some are missing, old or not its own",
            )
            .into());
        }
        Ok(ledger)
    }

    /// Reads every row again, and tells which are not as this ledger knows them.
    pub(crate) fn compare(
        &self,
        connection: &Connection,
        epoch: u32,
        header: &[u8; 32],
    ) -> Result<Vec<RowKey>, StorageError> {
        let now = read_tree(connection, self.tree.key(), epoch, header)?;
        Ok(self.tree.differences(&now))
    }

    /// Checks the remembered states again.
    pub(crate) fn check_history(
        &self,
        connection: &Connection,
        keys: &Keys,
    ) -> Result<(), StorageError> {
        let newest = read_states(connection, keys)?.pop();
        if newest.is_some_and(|s| (s.counter, s.head) == (self.counter, self.head)) {
            return Ok(());
        }
        Err(Damage::new(
            "manifest",
            "its newest state is not the one that was written last",
        )
        .into())
    }

    pub(crate) fn anchor(&self) -> Anchor {
        Anchor {
            counter: self.counter,
            hash: self.head,
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = RowKey> {
        self.tree.rows()
    }

    /// Whether `anchor` is one of the states that led here.
    pub(crate) fn compare_anchor(
        &self,
        connection: &Connection,
        anchor: Anchor,
    ) -> Result<Result<(), AnchorMismatch>, StorageError> {
        if anchor.counter > self.counter {
            return Ok(Err(AnchorMismatch::Older {
                file: self.counter,
                seen: anchor.counter,
            }));
        }
        let mut statement = connection.prepare("SELECT head FROM history WHERE counter = ?1")?;
        let counter = i64::try_from(anchor.counter).unwrap_or(i64::MAX);
        let mut rows = statement.query([counter])?;
        let known = match rows.next()? {
            Some(row) => row.get::<_, [u8; 32]>(0)? == anchor.hash,
            None => false,
        };
        Ok(if known {
            Ok(())
        } else {
            Err(AnchorMismatch::Diverged)
        })
    }

    /// Changes the file: what `write` does to the rows, whose new leaves it answers with, and the new
    /// state, in one transaction. If it fails, nothing has changed.
    pub(crate) fn commit(
        &mut self,
        connection: &mut Connection,
        write: impl FnOnce(&Transaction<'_>) -> Result<Vec<Change>, StorageError>,
    ) -> Result<(), StorageError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let undo = {
            let changes = write(&transaction)?;
            self.tree.apply(&changes)
        };
        let next = State {
            counter: self.counter + 1,
            tree: self.tree.top(),
            predecessor: self.head,
            head: head(
                self.tree.key(),
                self.vault,
                self.counter + 1,
                &self.tree.top(),
                &self.head,
            ),
        };
        let committed = write_state(&transaction, &next)
            .and_then(|()| transaction.commit().map_err(StorageError::from));
        if let Err(error) = committed {
            self.tree.apply(&undo);
            return Err(error);
        }
        self.counter = next.counter;
        self.head = next.head;
        Ok(())
    }
}

fn head(
    key: &HmacSha256,
    vault: VaultId,
    counter: u64,
    tree: &[u8; 32],
    predecessor: &[u8; 32],
) -> [u8; 32] {
    let frame = Frame::of("strongroom/v1/head")
        .bytes(vault.as_bytes())
        .number(counter)
        .bytes(tree)
        .bytes(predecessor);
    key.tag(&[frame.as_bytes()]).into_public()
}

fn write_state(transaction: &Transaction<'_>, state: &State) -> Result<(), StorageError> {
    let [slot, counter] =
        [state.counter % KEPT, state.counter].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO history (slot, counter, tree, predecessor, head) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            slot,
            counter,
            state.tree,
            state.predecessor,
            state.head
        ])?;
    Ok(())
}

/// The remembered states, oldest first: each made with the manifest key, each following the one
/// before, none missing.
fn read_states(connection: &Connection, keys: &Keys) -> Result<Vec<State>, StorageError> {
    let damage = |problem: &str| StorageError::from(Damage::new("manifest", problem));
    let mut states: Vec<State> = Vec::new();
    let mut statement = connection
        .prepare("SELECT slot, counter, tree, predecessor, head FROM history ORDER BY counter")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let [slot, counter] = [row.get::<_, i64>(0)?, row.get::<_, i64>(1)?];
        let counter = u64::try_from(counter).map_err(|_| damage("a counter is negative"))?;
        let state = State {
            counter,
            tree: row.get(2)?,
            predecessor: row.get(3)?,
            head: row.get(4)?,
        };
        let made = head(
            &keys.manifest,
            keys.vault,
            counter,
            &state.tree,
            &state.predecessor,
        );
        if state.head != made || u64::try_from(slot) != Ok(counter % KEPT) {
            return Err(damage("a remembered state was changed"));
        }
        let follows = match states.last() {
            Some(before) => (state.counter, state.predecessor) == (before.counter + 1, before.head),
            // The first of all states has none before it.
            None => state.counter != 1 || state.predecessor == [0; 32],
        };
        if !follows {
            return Err(damage("a remembered state is missing"));
        }
        states.push(state);
    }
    let kept = states.last().map_or(0, |newest| newest.counter.min(KEPT));
    if states.len() as u64 == kept {
        return Ok(states);
    }
    Err(damage("a remembered state is missing"))
}

fn read_tree(
    connection: &Connection,
    key: &Arc<HmacSha256>,
    epoch: u32,
    header: &[u8; 32],
) -> Result<Tree, StorageError> {
    let mut leaves = vec![(RowKey::Header, Leaf::header(key, header))];
    let mut statement = connection.prepare("SELECT chunk, sealed FROM totp")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let chunk = u64::try_from(row.get::<_, i64>(0)?)
            .map_err(|_| Damage::new("table of codes", "a chunk's number is negative"))?;
        let sealed = blob(row, 1)?;
        leaves.push((RowKey::Totp(chunk), Leaf::totp(key, chunk, sealed)));
    }
    read_records(
        connection,
        "overview",
        |id, _| RowKey::Overview(id),
        key,
        epoch,
        &mut leaves,
    )?;
    read_records(
        connection,
        "secret",
        RowKey::Secret,
        key,
        epoch,
        &mut leaves,
    )?;
    Ok(Tree::new(Arc::clone(key), leaves))
}

fn read_records(
    connection: &Connection,
    table: &str,
    name: fn(ItemId, u32) -> RowKey,
    key: &HmacSha256,
    epoch: u32,
    leaves: &mut Vec<(RowKey, Leaf)>,
) -> Result<(), StorageError> {
    let query = format!("SELECT id, version, epoch, wrap, body FROM {table}");
    let mut statement = connection.prepare(&query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let version = row.get(1)?;
        let named = name(ItemId(row.get(0)?), version);
        if row.get::<_, u32>(2)? != epoch {
            let problem = "it belongs to another epoch of the root key";
            return Err(Damage::new(named.to_string(), problem).into());
        }
        let leaf = Leaf::record(key, named, version, epoch, blob(row, 3)?, blob(row, 4)?);
        leaves.push((named, leaf));
    }
    Ok(())
}

fn blob<'row>(row: &'row rusqlite::Row<'_>, column: usize) -> Result<&'row [u8], StorageError> {
    row.get_ref(column)?.as_blob().map_err(|_| {
        Damage::new("structure", "a column does not hold the type that it must").into()
    })
}
