//! A vault whose keys are in memory.

mod items;
mod read;
mod write;

use strongroom_contract::vault::{Freshness, Verification};
use strongroom_crypto::Key;

pub use items::SelectError;
pub(crate) use items::{Items, each_overview, open_overview};
pub use read::ReadError;
pub use write::WriteError;

use crate::{
    device::DeviceKeys,
    file::File,
    item::Item,
    keys::Keys,
    locked::{self, Locked, Status},
    manifest::{Anchor, Ledger},
    unlock::{Burn, Opened, forget_journal},
    verify,
};

/// An unlocked vault: overviews are decrypted, secrets are opened one at a time on demand.
pub struct Unlocked {
    pub(crate) keys: Keys,
    pub(crate) ledger: Ledger,
    pub(crate) items: Items,
    pub(crate) device: Option<DeviceKeys>,
    pub(crate) file: File,
    burn: Burn,
    freshness: Freshness,
}

impl Unlocked {
    pub(crate) fn new(file: File, opened: Opened) -> Self {
        // From here on rows are read one at a time: the pages that unlocking read may go.
        if let Err(error) = file.connection.execute_batch("PRAGMA shrink_memory") {
            tracing::debug!(%error, "the page cache stays");
        }
        Self {
            keys: opened.keys,
            ledger: opened.ledger,
            items: opened.items,
            device: opened.device,
            file,
            burn: opened.burn,
            freshness: opened.freshness,
        }
    }

    /// What could be said of it while it was locked.
    #[must_use]
    pub fn status(&self) -> Status {
        locked::status(&self.file)
    }

    /// Whether the code that opened it is used up.
    #[must_use]
    pub const fn burn(&self) -> &Burn {
        &self.burn
    }

    /// Whether it is the newest copy that this machine has seen.
    #[must_use]
    pub const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The present state, to be kept beside the device secret after every change.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        self.ledger.anchor()
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every item, by name.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.by_name()
    }

    /// The item of a name, an id, or an id's first eight or more digits.
    ///
    /// # Errors
    ///
    /// [`SelectError`] if there is none, or more than one.
    pub fn find(&self, selector: &str) -> Result<&Item, SelectError> {
        self.items.find(selector)
    }

    /// The key of the history of requests, which is a file of its own, and the epoch that it is of.
    #[must_use]
    pub fn history_key(&self) -> (Key, u32) {
        (self.keys.history.duplicate(), self.keys.epoch)
    }

    /// Checks everything: structure, every row against the manifest, every seal.
    #[must_use]
    pub fn verify(&self) -> Verification {
        verify::unlocked(self)
    }

    /// Locks the vault: every key and every decrypted overview goes from memory.
    #[must_use]
    pub fn lock(self) -> Locked {
        if self.file.read_only.is_none() {
            forget_journal(&self.file);
        }
        Locked { file: self.file }
    }
}
