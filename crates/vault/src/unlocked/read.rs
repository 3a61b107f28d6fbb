//! Reading one field of one version of one item.

use strongroom_crypto::SecretText;

use super::{SelectError, Unlocked};
use crate::{
    damage::Damage,
    file::StorageError,
    item::{Item, SecretFields},
    padding,
    record::Record,
};

/// The field could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No item, or more than one.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// The item has no such version.
    #[error("the item '{item}' has no version {version}")]
    NoVersion {
        /// The item's name.
        item: String,
        /// The version asked for.
        version: u32,
    },
    /// Every version is staged, retiring or revoked.
    #[error("no version of the item '{0}' is current: name one")]
    NoneCurrent(String),
    /// The item has no such field, or it is empty.
    #[error("the item '{item}' has no field '{field}'; it has {}", fields.join(", "))]
    NoField {
        /// The item's name.
        item: String,
        /// The field asked for.
        field: String,
        /// Those that it has.
        fields: Vec<String>,
    },
    /// Bytes of the file are damaged.
    #[error(transparent)]
    Damaged(Damage),
    /// The file could not be read.
    #[error(transparent)]
    Storage(StorageError),
}

impl From<StorageError> for ReadError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Damaged(damage) => Self::Damaged(damage),
            other => Self::Storage(other),
        }
    }
}

impl Unlocked {
    /// One field of an item, as `sr://NAME/FIELD` names it: a secret one (`secret`, …) of the given
    /// version, or else of the current one; or one of the overview (`id`, `name`, `provider`,
    /// `base_url`, `scheme`, `notes`). Nothing else is decrypted, and nothing is kept.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is no such item, version or field, or the row is damaged.
    pub fn secret(
        &self,
        selector: &str,
        field: &str,
        version: Option<u32>,
    ) -> Result<SecretText, ReadError> {
        let item = self.find(selector)?;
        if let Some(public) = item.public_field(field) {
            let value = public.ok_or_else(|| no_field(item, field, &SecretFields::default()))?;
            return Ok(SecretText::new(value.to_owned()));
        }
        let version = match version {
            Some(version) if item.overview.has_version(version) => version,
            Some(version) => {
                return Err(ReadError::NoVersion {
                    item: item.name().to_owned(),
                    version,
                });
            }
            None => item
                .current_version()
                .ok_or_else(|| ReadError::NoneCurrent(item.name().to_owned()))?,
        };
        let fields = self.read_version(item, version)?;
        let error = no_field(item, field, &fields);
        fields.take(field).ok_or(error)
    }

    pub(crate) fn read_version(
        &self,
        item: &Item,
        version: u32,
    ) -> Result<SecretFields, StorageError> {
        let record = Record::Secret(item.id, version);
        let damage = |problem| Damage::new(record.row().to_string(), problem);
        let padded = record
            .read(&self.file.connection, &self.keys)?
            .ok_or_else(|| damage("it is missing"))?;
        let fields = padding::unpad(&padded).and_then(SecretFields::from_bytes);
        fields.ok_or_else(|| damage("its content can't be read").into())
    }
}

fn no_field(item: &Item, field: &str, secret: &SecretFields) -> ReadError {
    let public = crate::item::PUBLIC_FIELDS
        .iter()
        .copied()
        .filter(|name| item.public_field(name).flatten().is_some());
    ReadError::NoField {
        item: item.name().to_owned(),
        field: field.to_owned(),
        fields: public.chain(secret.names()).map(str::to_owned).collect(),
    }
}
