//! The decrypted overviews, by id and by name.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use crate::{
    damage::Damage,
    file::StorageError,
    ids::ItemId,
    item::{Item, ItemName, Overview},
    keys::Keys,
    padding,
    record::Record,
};

/// An id may be cut to so many digits, if they are one item's alone.
const LEAST_DIGITS: usize = 8;

#[derive(Default)]
pub(crate) struct Items {
    by_id: HashMap<ItemId, Item>,
    names: BTreeSet<(ItemName, ItemId)>,
    /// About to be removed: found by nobody, and still there.
    aside: Vec<Item>,
}

/// The selector does not name one item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// None has this name or id.
    #[error("there is no item '{0}'")]
    NotFound(String),
    /// More than one has.
    #[error("'{selector}' may mean any of {}", candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        selector: String,
        /// The items that it fits, each as `NAME (ID)`.
        candidates: Vec<String>,
    },
}

impl Items {
    /// Opens every overview.
    pub(crate) fn load(connection: &Connection, keys: &Keys) -> Result<Self, StorageError> {
        let mut items = Self::default();
        each_overview(connection, |id, revision, wrap, body| {
            let overview = open_overview(keys, id, revision, wrap, body)?;
            items.insert(Item {
                id,
                revision,
                overview,
            });
            Ok(())
        })?;
        Ok(items)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn by_name(&self) -> impl Iterator<Item = &Item> {
        self.names.iter().filter_map(|(_, id)| self.by_id.get(id))
    }

    pub(crate) fn get(&self, id: ItemId) -> Option<&Item> {
        self.by_id.get(&id)
    }

    /// Puts an item in, in the place of the one with its id.
    pub(crate) fn insert(&mut self, item: Item) {
        self.remove(item.id);
        self.names.insert((item.overview.name.clone(), item.id));
        self.by_id.insert(item.id, item);
    }

    pub(crate) fn remove(&mut self, id: ItemId) -> Option<Item> {
        let item = self.by_id.remove(&id)?;
        self.names.remove(&(item.overview.name.clone(), id));
        Some(item)
    }

    /// Hides an item; its name is not free yet.
    pub(crate) fn set_aside(&mut self, id: ItemId) {
        if let Some(item) = self.remove(id) {
            self.aside.push(item);
        }
    }

    /// Shows an item again that was set aside.
    pub(crate) fn put_back(&mut self, selector: &str) -> Result<&Item, SelectError> {
        let item = self
            .take_aside(|item| item.name() == selector || item.id.to_string() == selector)
            .ok_or_else(|| SelectError::NotFound(selector.to_owned()))?;
        let id = item.id;
        self.insert(item);
        self.get(id)
            .ok_or_else(|| SelectError::NotFound(selector.to_owned()))
    }

    /// Takes an item out of those that were set aside.
    pub(crate) fn take_aside(&mut self, is_meant: impl Fn(&Item) -> bool) -> Option<Item> {
        let at = self.aside.iter().position(is_meant)?;
        Some(self.aside.remove(at))
    }

    /// The items that were set aside, the first one first.
    pub(crate) fn aside(&self) -> &[Item] {
        &self.aside
    }

    /// The items of exactly this name: one, as long as nobody else has written the file.
    pub(crate) fn named(&self, name: &ItemName) -> impl Iterator<Item = &Item> {
        let lowest = (name.clone(), ItemId([0; 16]));
        self.names
            .range(lowest..)
            .take_while(move |(other, _)| other == name)
            .filter_map(|(_, id)| self.by_id.get(id))
    }

    pub(crate) fn find(&self, selector: &str) -> Result<&Item, SelectError> {
        let name = ItemName::parse(selector).ok();
        let mut found: Vec<&Item> = name
            .iter()
            .flat_map(|name| self.named(name))
            .chain(self.with_id(selector))
            .collect();
        found.dedup_by_key(|item| item.id);
        match found.as_slice() {
            [] => Err(SelectError::NotFound(selector.to_owned())),
            [item] => Ok(item),
            several => Err(SelectError::Ambiguous {
                selector: selector.to_owned(),
                candidates: several
                    .iter()
                    .map(|item| format!("{} ({})", item.name(), item.id))
                    .collect(),
            }),
        }
    }

    fn with_id(&self, selector: &str) -> impl Iterator<Item = &Item> {
        let digits = selector.to_ascii_lowercase();
        let plausible = digits.len() >= LEAST_DIGITS
            && digits.len() <= 32
            && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let items = plausible.then(|| self.by_id.values());
        items
            .into_iter()
            .flatten()
            .filter(move |item| item.id.to_string().starts_with(&digits))
    }
}

/// Walks over the rows of the overviews: id, revision, wrap, body.
pub(crate) fn each_overview(
    connection: &Connection,
    mut visit: impl FnMut(ItemId, u32, &[u8], &[u8]) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let mut statement = connection.prepare("SELECT id, version, wrap, body FROM overview")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = ItemId(row.get(0)?);
        let (wrap, body) = (row.get_ref(2)?.as_blob(), row.get_ref(3)?.as_blob());
        let (Ok(wrap), Ok(body)) = (wrap, body) else {
            return Err(Damage::new(format!("overview {id}"), "it holds no bytes").into());
        };
        visit(id, row.get(1)?, wrap, body)?;
    }
    Ok(())
}

/// Opens and reads one overview.
pub(crate) fn open_overview(
    keys: &Keys,
    id: ItemId,
    revision: u32,
    wrap: &[u8],
    body: &[u8],
) -> Result<Overview, Damage> {
    let record = Record::Overview(id, revision);
    let padded = record.open(keys, wrap, body)?;
    padding::unpad(&padded)
        .and_then(Overview::from_bytes)
        .ok_or_else(|| Damage::new(record.row().to_string(), "its content can't be read"))
}
