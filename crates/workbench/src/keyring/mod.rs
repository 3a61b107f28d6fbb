//! The device secret and the anchor, outside of the vault's file: in the operating system's keyring
//! or in a key file.
//!
//! A device secret's name carries the vault's id and the secret's generation, so that a new one never
//! overwrites one that the file still needs: it is written under its own name, read back, the vault's
//! header is committed and reopened, and only then is the old one deleted.
//!
//! Everything here can block, a keyring even until somebody answers its prompt: call it off the
//! async threads and without holding the session.

mod key_file;
mod places;
mod secret_service;

use std::path::PathBuf;

use strongroom_contract::{
    error::{ErrorCode, Failure},
    vault::DeviceSecretPlace,
};
use strongroom_crypto::{Key, SecretBytes};
use strongroom_vault::{Generation, VaultId};

pub(crate) use self::places::Places;

/// Which device secret: of which vault, and the how manyeth of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretName {
    /// The vault's id, 32 hex digits.
    pub(crate) vault_id: String,
    /// 1 for the first, one more with every new device secret of the vault.
    pub(crate) generation: String,
}

impl SecretName {
    pub(crate) fn new(vault: VaultId, generation: Generation) -> Self {
        Self {
            vault_id: vault.to_string(),
            generation: generation.to_string(),
        }
    }
}

/// A place for device secrets and anchors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The operating system's keyring.
    Keyring,
    /// A file of the user's, by its absolute path.
    File(PathBuf),
}

impl Place {
    /// What was asked for, with the file's path made absolute: the owner's working directory is not
    /// the user's.
    pub(crate) fn of(place: &DeviceSecretPlace) -> Result<Self, Failure> {
        match place {
            DeviceSecretPlace::Keyring => Ok(Self::Keyring),
            DeviceSecretPlace::File(path) => {
                let path = PathBuf::from(path);
                if path.is_absolute() && path.file_name().is_some() {
                    Ok(Self::File(path))
                } else {
                    Err(Failure::new(
                        ErrorCode::Usage,
                        format!("the key file's path {} is not absolute", path.display()),
                    )
                    .hint("give the whole path, such as file:/media/stick/strongroom.key"))
                }
            }
        }
    }

    /// Whether a new secret could be stored here now, found out before anything else is done.
    ///
    /// # Errors
    ///
    /// As [`Place::store`].
    pub(crate) fn check_free(&self) -> Result<(), Failure> {
        match self {
            Self::Keyring => secret_service::check(),
            Self::File(path) => key_file::check_free(path),
        }
    }

    /// Stores a secret that is not there yet, and reads it back.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Conflict`] if there is one already, [`ErrorCode::Keyring`] or
    /// [`ErrorCode::Storage`] if it cannot be stored.
    pub(crate) fn store(&self, name: &SecretName, secret: &Key) -> Result<(), Failure> {
        match self {
            Self::Keyring => secret_service::store_secret(name, secret)?,
            Self::File(path) => key_file::store(path, name, secret)?,
        }
        if self.load(name)? == *secret {
            Ok(())
        } else {
            Err(Failure::new(
                ErrorCode::DeviceSecret,
                "the device secret reads back differently from how it was stored",
            )
            .hint("check the disk or the keyring, or choose another place with --device-secret"))
        }
    }

    /// Reads a secret.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::DeviceSecret`] if there is none of this name or it is damaged,
    /// [`ErrorCode::Keyring`] if the keyring does not answer.
    pub(crate) fn load(&self, name: &SecretName) -> Result<Key, Failure> {
        match self {
            Self::Keyring => secret_service::load_secret(name),
            Self::File(path) => key_file::load(path, name),
        }
    }

    /// Deletes a secret that no vault needs any more. One that is gone already is no error.
    ///
    /// # Errors
    ///
    /// The place does not answer or cannot be written.
    pub(crate) fn delete(&self, name: &SecretName) -> Result<(), Failure> {
        match self {
            Self::Keyring => secret_service::delete_secret(name),
            Self::File(path) => key_file::delete(path, name),
        }
    }

    /// Reads a vault's anchor; `None` if none was written yet.
    ///
    /// # Errors
    ///
    /// The place does not answer or cannot be read.
    pub(crate) fn load_anchor(&self, vault_id: &str) -> Result<Option<SecretBytes>, Failure> {
        match self {
            Self::Keyring => secret_service::load_anchor(vault_id),
            Self::File(path) => key_file::load_anchor(path, vault_id),
        }
    }

    /// Replaces a vault's anchor.
    ///
    /// # Errors
    ///
    /// The place does not answer or cannot be written.
    pub(crate) fn store_anchor(&self, vault_id: &str, anchor: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Keyring => secret_service::store_anchor(vault_id, anchor),
            Self::File(path) => key_file::store_anchor(path, vault_id, anchor),
        }
    }
}
