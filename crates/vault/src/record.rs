//! A record's row: a data key of its own for each write, wrapped; and the padded body under it.
//!
//! ```text
//! wrap = AES-256-GCM(overview or item key, aad = frame("strongroom/v1/wrap", vault id, table, row id, version, epoch), data key)
//! body = AES-256-GCM(data key, aad = frame("strongroom/v1/body", vault id, table, row id, version, field class), padded content)
//! ```
//!
//! The epoch stands in the wrap alone: a new root key wraps the data keys anew and leaves the bodies.

use rusqlite::{Connection, Transaction, params};
use strongroom_crypto::{
    Key, SecretBytes,
    aead::{self, Cipher},
    framing::Frame,
};

use crate::{
    damage::Damage,
    file::{StorageError, changed_one},
    header::WRAPPED_LEN,
    ids::ItemId,
    keys::Keys,
    manifest::{Leaf, RowKey},
    padding::{self, TooLong},
};

/// Which record: an item's overview in its so-manieth version, or one version of its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Record {
    Overview(ItemId, u32),
    Secret(ItemId, u32),
}

/// A record as it goes into its row.
pub(crate) struct SealedRecord {
    record: Record,
    epoch: u32,
    wrap: Vec<u8>,
    body: Vec<u8>,
}

impl Record {
    /// Seals `content` under a fresh data key.
    pub(crate) fn seal(self, keys: &Keys, content: &SecretBytes) -> Result<SealedRecord, TooLong> {
        let padded = padding::pad(content)?;
        let data_key = Key::random();
        let wrap = self
            .wrapping_key(keys)
            .seal(self.wrap_aad(keys).as_bytes(), data_key.expose_secret());
        let body =
            Cipher::new(&data_key).seal(self.body_aad(keys).as_bytes(), padded.expose_secret());
        Ok(SealedRecord {
            record: self,
            epoch: keys.epoch,
            wrap,
            body,
        })
    }

    /// Opens a row's two seals: the padded content.
    pub(crate) fn open(self, keys: &Keys, wrap: &[u8], body: &[u8]) -> Result<SecretBytes, Damage> {
        let damage = || {
            Damage::new(
                self.row().to_string(),
                "it does not open with the vault's keys",
            )
        };
        let data_key = self
            .wrapping_key(keys)
            .open(self.wrap_aad(keys).as_bytes(), wrap)
            .map_err(|_| damage())?;
        let data_key = Key::from_slice(data_key.expose_secret()).ok_or_else(damage)?;
        Cipher::new(&data_key)
            .open(self.body_aad(keys).as_bytes(), body)
            .map_err(|_| damage())
    }

    /// Reads and opens the record's row: the padded content; `None` if there is no such row.
    pub(crate) fn read(
        self,
        connection: &Connection,
        keys: &Keys,
    ) -> Result<Option<SecretBytes>, StorageError> {
        let query = match self {
            Self::Overview(..) => "SELECT wrap, body FROM overview WHERE id = ?1 AND version = ?2",
            Self::Secret(..) => "SELECT wrap, body FROM secret WHERE id = ?1 AND version = ?2",
        };
        let mut statement = connection.prepare_cached(query)?;
        let mut rows = statement.query(params![self.id().as_bytes(), self.version()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let (wrap, body) = (row.get_ref(0)?.as_blob(), row.get_ref(1)?.as_blob());
        let (Ok(wrap), Ok(body)) = (wrap, body) else {
            return Err(Damage::new(self.row().to_string(), "it holds no bytes").into());
        };
        Ok(Some(self.open(keys, wrap, body)?))
    }

    /// Where the record stands in the manifest.
    pub(crate) const fn row(self) -> RowKey {
        match self {
            Self::Overview(id, _) => RowKey::Overview(id),
            Self::Secret(id, version) => RowKey::Secret(id, version),
        }
    }

    const fn id(self) -> ItemId {
        match self {
            Self::Overview(id, _) | Self::Secret(id, _) => id,
        }
    }

    const fn version(self) -> u32 {
        match self {
            Self::Overview(_, version) | Self::Secret(_, version) => version,
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Overview(..) => "overview",
            Self::Secret(..) => "secret",
        }
    }

    const fn wrapping_key(self, keys: &Keys) -> &Cipher {
        match self {
            Self::Overview(..) => &keys.overview,
            Self::Secret(..) => &keys.item,
        }
    }

    fn wrap_aad(self, keys: &Keys) -> Frame {
        self.place("strongroom/v1/wrap", keys)
            .number(keys.epoch.into())
    }

    fn body_aad(self, keys: &Keys) -> Frame {
        // The one field class of each table so far. A later one cannot be taken for it.
        self.place("strongroom/v1/body", keys)
            .bytes(self.table().as_bytes())
    }

    fn place(self, purpose: &str, keys: &Keys) -> Frame {
        Frame::of(purpose)
            .bytes(keys.vault.as_bytes())
            .bytes(self.table().as_bytes())
            .bytes(self.id().as_bytes())
            .number(self.version().into())
    }
}

impl SealedRecord {
    /// The record's leaf.
    pub(crate) fn leaf(&self, keys: &Keys) -> (RowKey, Option<Leaf>) {
        let row = self.record.row();
        let version = self.record.version();
        let leaf = Leaf::record(
            &keys.manifest,
            row,
            version,
            self.epoch,
            &self.wrap,
            &self.body,
        );
        (row, Some(leaf))
    }

    /// Writes the row: a secret's and an item's first are new, a later overview takes the place of
    /// the one before.
    pub(crate) fn write(&self, transaction: &Transaction<'_>) -> Result<(), StorageError> {
        let (id, version) = (self.record.id(), self.record.version());
        let statement = match self.record {
            Record::Overview(_, 1) => {
                "INSERT INTO overview (id, version, epoch, wrap, body) VALUES (?1, ?2, ?3, ?4, ?5)"
            }
            Record::Overview(..) => {
                "UPDATE overview SET version = ?2, epoch = ?3, wrap = ?4, body = ?5 \
                 WHERE id = ?1 AND version = ?2 - 1"
            }
            Record::Secret(..) => {
                "INSERT INTO secret (id, version, epoch, wrap, body) VALUES (?1, ?2, ?3, ?4, ?5)"
            }
        };
        let changed = transaction.prepare_cached(statement)?.execute(params![
            id.as_bytes(),
            version,
            self.epoch,
            self.wrap,
            self.body
        ])?;
        changed_one(changed, &self.record.row().to_string())
    }
}

/// Whether the two seals of a row are as long as seals of records are.
pub(crate) fn has_shape(wrap: usize, body: usize) -> bool {
    let padded = body.checked_sub(aead::OVERHEAD);
    wrap == WRAPPED_LEN && padded.is_some_and(padding::is_padded_len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ids::VaultId, keys::RootKey};

    fn keys() -> Keys {
        Keys::derive(&RootKey(Key::random()), VaultId::random(), 1)
    }

    #[test]
    fn a_row_opens_at_its_own_place_and_age_only() {
        let keys = keys();
        let id = ItemId::random();
        let here = Record::Secret(id, 2);
        let sealed = here.seal(&keys, &SecretBytes::copy_of(b"content")).unwrap();
        let opens =
            |record: Record, keys: &Keys| record.open(keys, &sealed.wrap, &sealed.body).is_ok();
        assert!(opens(here, &keys));
        assert!(!opens(Record::Secret(id, 1), &keys));
        assert!(!opens(Record::Secret(ItemId::random(), 2), &keys));
        assert!(!opens(Record::Overview(id, 2), &keys));
        assert!(!opens(
            here,
            &Keys {
                vault: VaultId::random(),
                ..self::keys()
            }
        ));
        let root = RootKey(Key::random());
        let [first, next] = [1, 2].map(|epoch| Keys::derive(&root, keys.vault, epoch));
        let sealed = here
            .seal(&first, &SecretBytes::copy_of(b"content"))
            .unwrap();
        assert!(here.open(&first, &sealed.wrap, &sealed.body).is_ok());
        assert!(here.open(&next, &sealed.wrap, &sealed.body).is_err());
    }

    #[test]
    fn seals_of_two_writes_do_not_mix() {
        let (keys, here) = (keys(), Record::Overview(ItemId::random(), 1));
        let [one, two] = [b"one", b"two"]
            .map(|content| here.seal(&keys, &SecretBytes::copy_of(content)).unwrap());
        assert!(here.open(&keys, &one.wrap, &two.body).is_err());
    }

    #[test]
    fn the_body_does_not_know_the_epoch() {
        let (keys, here) = (keys(), Record::Secret(ItemId::random(), 1));
        let before = here.body_aad(&keys);
        let after = here.body_aad(&Keys {
            epoch: 2,
            vault: keys.vault,
            ..self::keys()
        });
        assert_eq!(before.as_bytes(), after.as_bytes());
    }

    proptest! {
        #[test]
        fn content_comes_back_and_no_flipped_row_opens(
            content in prop::collection::vec(any::<u8>(), 0..600),
            flip in any::<prop::sample::Index>(),
            bit in 0..8u8,
        ) {
            let (keys, here) = (keys(), Record::Secret(ItemId::random(), 1));
            let mut sealed = here.seal(&keys, &SecretBytes::copy_of(&content)).unwrap();
            prop_assert!(has_shape(sealed.wrap.len(), sealed.body.len()));
            let opened = here.open(&keys, &sealed.wrap, &sealed.body).unwrap();
            prop_assert_eq!(padding::unpad(&opened), Some(&content[..]));
            let at = flip.index(sealed.wrap.len() + sealed.body.len());
            match sealed.wrap.get_mut(at) {
                Some(byte) => *byte ^= 1 << bit,
                None => sealed.body[at - WRAPPED_LEN] ^= 1 << bit,
            }
            prop_assert!(here.open(&keys, &sealed.wrap, &sealed.body).is_err());
        }
    }
}
