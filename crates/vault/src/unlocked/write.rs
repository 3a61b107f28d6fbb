//! Changing items. Each change is one transaction: done and durable, or nothing.

use rusqlite::{Transaction, params};
use strongroom_contract::{
    time::UnixMillis,
    vault::{ItemView, VersionState},
};

use super::{SelectError, Unlocked};
use crate::{
    damage::Damage,
    file::{StorageError, changed_one},
    ids::ItemId,
    item::{
        Changes, InvalidItem, Item, ItemName, NewItem, Overview, SecretFields, Version, check_hosts,
    },
    manifest::{Change, RowKey},
    padding::TooLong,
    record::{Record, SealedRecord},
    unlock::forget_journal,
};

/// Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// No item, or more than one.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// What was given can't be stored.
    #[error(transparent)]
    Invalid(#[from] InvalidItem),
    /// It is too long.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// Another item has the name.
    #[error("there is an item '{0}' already")]
    NameTaken(String),
    /// An item that is about to be removed has the name.
    #[error("the item '{0}' is about to be removed, and its name is not free yet")]
    NameNotYetFree(String),
    /// The item has no such version.
    #[error("the item '{item}' has no version {version}")]
    NoVersion {
        /// The item's name.
        item: String,
        /// The version asked for.
        version: u32,
    },
    /// Only a revoked version that is not the newest may be pruned.
    #[error(
        "version {version} of the item '{item}' must be kept: only revoked ones are pruned, and the newest never"
    )]
    MustBeKept {
        /// The item's name.
        item: String,
        /// The version asked for.
        version: u32,
    },
    /// Bytes of the file are damaged.
    #[error(transparent)]
    Damaged(Damage),
    /// The file could not be written; the error says whether the vault is open for reading only.
    #[error(transparent)]
    Storage(StorageError),
}

impl From<StorageError> for WriteError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Damaged(damage) => Self::Damaged(damage),
            other => Self::Storage(other),
        }
    }
}

impl Unlocked {
    /// Whether an item of this name could be added now.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if the vault can't be written, or the name can't be had.
    pub fn check_add(&self, name: &str) -> Result<(), WriteError> {
        self.file.writable()?;
        self.check_free(&ItemName::parse(name).map_err(InvalidItem::from)?, None)
    }

    /// Adds an item, with the first version of its secret in use.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn add(&mut self, item: &NewItem, now: UnixMillis) -> Result<&Item, WriteError> {
        self.file.writable()?;
        self.check_free(&item.name, None)?;
        check_hosts(&item.hosts)?;
        if item.secret.is_empty() {
            return Err(InvalidItem::NoSecret.into());
        }
        let id = ItemId::random();
        let secret = Record::Secret(id, 1).seal(&self.keys, &item.secret.to_bytes())?;
        self.put(id, Overview::new(item, now), 1, Some(&secret))
    }

    /// Changes an item's overview.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn update(
        &mut self,
        selector: &str,
        changes: Changes,
        now: UnixMillis,
    ) -> Result<&Item, WriteError> {
        self.file.writable()?;
        let item = self.find(selector)?;
        if let Some(name) = &changes.name {
            self.check_free(name, Some(item.id))?;
        }
        let (id, revision, mut overview) = next_overview(item, now);
        changes.apply(&mut overview)?;
        self.put(id, overview, revision, None)
    }

    /// Adds a version of an item's secret; answers with its number. One that is current takes over
    /// from the one that was, which is retiring from then on.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn add_version(
        &mut self,
        selector: &str,
        secret: &SecretFields,
        state: VersionState,
        now: UnixMillis,
    ) -> Result<u32, WriteError> {
        self.file.writable()?;
        if secret.is_empty() {
            return Err(InvalidItem::NoSecret.into());
        }
        let (id, revision, mut overview) = next_overview(self.find(selector)?, now);
        let version = overview.next_version();
        overview.versions.push(Version {
            version,
            state: VersionState::Staged,
            created: now.0,
        });
        overview.set_state(version, state);
        let secret = Record::Secret(id, version).seal(&self.keys, &secret.to_bytes())?;
        self.put(id, overview, revision, Some(&secret))?;
        Ok(version)
    }

    /// Changes the state of one version. One that becomes current takes over from the one that was,
    /// which is retiring from then on.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn set_version_state(
        &mut self,
        selector: &str,
        version: u32,
        state: VersionState,
        now: UnixMillis,
    ) -> Result<&Item, WriteError> {
        self.file.writable()?;
        let (id, revision, mut overview) = next_overview(self.find(selector)?, now);
        if !overview.has_version(version) {
            return Err(WriteError::NoVersion {
                item: overview.name.as_str().to_owned(),
                version,
            });
        }
        overview.set_state(version, state);
        self.put(id, overview, revision, None)
    }

    /// Removes a revoked version of an item's secret for good.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn prune(
        &mut self,
        selector: &str,
        version: u32,
        now: UnixMillis,
    ) -> Result<(), WriteError> {
        self.file.writable()?;
        let (id, revision, mut overview) = next_overview(self.find(selector)?, now);
        let item = overview.name.as_str().to_owned();
        let found = overview.versions.iter().find(|v| v.version == version);
        let found = *found.ok_or_else(|| WriteError::NoVersion {
            item: item.clone(),
            version,
        })?;
        // The newest number is what the next one is counted from.
        let newest = found.version + 1 == overview.next_version();
        if found.state != VersionState::Revoked || newest {
            return Err(WriteError::MustBeKept { item, version });
        }
        overview.versions.retain(|known| known.version != version);
        let sealed = Record::Overview(id, revision).seal(&self.keys, &overview.to_bytes())?;
        let keys = &self.keys;
        self.ledger
            .commit(&mut self.file.connection, |transaction| {
                sealed.write(transaction)?;
                Ok(vec![
                    sealed.leaf(keys),
                    delete_secret(transaction, id, version)?,
                ])
            })?;
        forget_journal(&self.file);
        self.items.insert(Item {
            id,
            revision,
            overview,
        });
        Ok(())
    }

    /// Removes an item and every version of its secret for good; answers with what it was.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn remove(&mut self, selector: &str) -> Result<ItemView, WriteError> {
        self.file.writable()?;
        let item = self.find(selector)?;
        let (id, revision, view) = (item.id, item.revision, item.view());
        self.delete(id, revision, &view)?;
        self.items.remove(id);
        Ok(view)
    }

    /// Hides an item that is about to be removed, until it is put back, or removed by
    /// [`Unlocked::remove_aside`]. Nothing is written: whoever unlocks the vault next finds it again.
    /// Its name stays taken, so that it can always be put back.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if there is no such item, or it could not be removed later.
    pub fn set_aside(&mut self, selector: &str) -> Result<ItemView, WriteError> {
        self.file.writable()?;
        let item = self.find(selector)?;
        let (id, view) = (item.id, item.view());
        self.items.set_aside(id);
        Ok(view)
    }

    /// Puts an item back that was set aside, by its name or id.
    ///
    /// # Errors
    ///
    /// [`SelectError`] if none of these was.
    pub fn put_back(&mut self, selector: &str) -> Result<&Item, SelectError> {
        self.items.put_back(selector)
    }

    /// Removes an item that was set aside, by its id, for good.
    ///
    /// # Errors
    ///
    /// [`WriteError`]; the item stays set aside.
    pub fn remove_aside(&mut self, id: ItemId) -> Result<ItemView, WriteError> {
        self.file.writable()?;
        let aside = self.items.aside().iter().find(|item| item.id == id);
        let item = aside.ok_or_else(|| SelectError::NotFound(id.to_string()))?;
        let (revision, view) = (item.revision, item.view());
        self.delete(id, revision, &view)?;
        self.items.take_aside(|item| item.id == id);
        Ok(view)
    }

    fn delete(&mut self, id: ItemId, revision: u32, view: &ItemView) -> Result<(), WriteError> {
        self.ledger
            .commit(&mut self.file.connection, |transaction| {
                let gone = transaction
                    .prepare_cached("DELETE FROM overview WHERE id = ?1 AND version = ?2")?
                    .execute(params![id.as_bytes(), revision])?;
                changed_one(gone, &RowKey::Overview(id).to_string())?;
                let mut changes = vec![(RowKey::Overview(id), None)];
                for version in &view.versions {
                    changes.push(delete_secret(transaction, id, version.version)?);
                }
                Ok(changes)
            })?;
        forget_journal(&self.file);
        Ok(())
    }

    fn check_free(&self, name: &ItemName, except: Option<ItemId>) -> Result<(), WriteError> {
        let taken = self.items.named(name).any(|item| Some(item.id) != except);
        if taken {
            return Err(WriteError::NameTaken(name.as_str().to_owned()));
        }
        if self
            .items
            .aside()
            .iter()
            .any(|item| item.name() == name.as_str())
        {
            return Err(WriteError::NameNotYetFree(name.as_str().to_owned()));
        }
        Ok(())
    }

    /// Writes an overview, and with it a version of the secret.
    fn put(
        &mut self,
        id: ItemId,
        overview: Overview,
        revision: u32,
        secret: Option<&SealedRecord>,
    ) -> Result<&Item, WriteError> {
        let sealed = Record::Overview(id, revision).seal(&self.keys, &overview.to_bytes())?;
        let keys = &self.keys;
        self.ledger
            .commit(&mut self.file.connection, |transaction| {
                let mut changes = Vec::with_capacity(2);
                for record in [Some(&sealed), secret].into_iter().flatten() {
                    record.write(transaction)?;
                    changes.push(record.leaf(keys));
                }
                Ok(changes)
            })?;
        self.items.insert(Item {
            id,
            revision,
            overview,
        });
        self.items
            .get(id)
            .ok_or_else(|| SelectError::NotFound(id.to_string()).into())
    }
}

/// An item's overview, to be changed: its id, its next revision, a copy with the time of the change.
fn next_overview(item: &Item, now: UnixMillis) -> (ItemId, u32, Overview) {
    let mut overview = item.overview.clone();
    overview.modified = now.0;
    (item.id, item.revision.saturating_add(1), overview)
}

fn delete_secret(
    transaction: &Transaction<'_>,
    id: ItemId,
    version: u32,
) -> Result<Change, StorageError> {
    let row = RowKey::Secret(id, version);
    let gone = transaction
        .prepare_cached("DELETE FROM secret WHERE id = ?1 AND version = ?2")?
        .execute(params![id.as_bytes(), version])?;
    changed_one(gone, &row.to_string())?;
    Ok((row, None))
}
