//! A vault whose file is open and whose keys are not there.

use std::path::{Path, PathBuf};

use strongroom_contract::vault::Verification;

use crate::{
    create::holder,
    damage::Damage,
    device::{DeviceKeys, DeviceSecret},
    enrolment::last_code_day,
    file::{File, StorageError},
    ids::{Generation, VaultId},
    verify,
};

/// How SQLite makes a change atomic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Journal {
    /// A write-ahead log, emptied after every change that must leave no trace.
    #[default]
    Wal,
    /// A rollback journal: for synced folders and USB sticks, where one file is all there must be.
    Rollback,
}

/// A locked vault. Its file belongs to this value alone until it is dropped.
pub struct Locked {
    pub(crate) file: File,
}

/// An operation that takes its subject by value gives it back when it is refused.
pub struct Refused<T, E> {
    /// The subject, as it was.
    pub back: T,
    /// Why.
    pub error: E,
}

impl<T, E> Refused<T, E> {
    pub(crate) fn new(back: T, error: impl Into<E>) -> Box<Self> {
        Box::new(Self {
            back,
            error: error.into(),
        })
    }
}

/// What can be said of a vault without its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The vault's id.
    pub vault_id: VaultId,
    /// The number of the device secret that it opens with.
    pub generation: Generation,
    /// The last day on which a code works (`YYYY-MM-DD`, UTC).
    pub last_code_day: String,
    /// Whether it can't be written.
    pub read_only: bool,
}

/// The vault's file could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("there is no vault at {0}")]
    NotFound(PathBuf),
    /// There is something else.
    #[error("{0} is not a Strongroom vault, or its first bytes are damaged")]
    NotAVault(PathBuf),
    /// Another process owns it.
    #[error("another process has the vault open{}", holder(*.pid))]
    InUse {
        /// Its process id, where it is known.
        pid: Option<u32>,
    },
    /// A format that this version does not know.
    #[error("the vault has format {found}; this version of Strongroom knows format 1")]
    UnknownFormat {
        /// The file's.
        found: i32,
    },
    /// A crash has left changes beside the file that only a writable disk lets in.
    #[error("{0} has unfinished changes beside it, and its folder can't be written")]
    UnfinishedChanges(PathBuf),
    /// Its bytes are damaged.
    #[error(transparent)]
    Damaged(Damage),
    /// It could not be read.
    #[error(transparent)]
    Storage(StorageError),
}

impl From<StorageError> for OpenError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Damaged(damage) => Self::Damaged(damage),
            other => Self::Storage(other),
        }
    }
}

impl Locked {
    /// Opens the file at `path`, and checks what can be checked without keys: that nobody else has
    /// it, its format, its structure, its tables, its header. Where it can't be written, it is opened
    /// read-only.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says which of these failed.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, Journal::default())
    }

    /// The same with a choice of journal.
    ///
    /// # Errors
    ///
    /// As [`Locked::open`].
    pub fn open_with(path: &Path, journal: Journal) -> Result<Self, OpenError> {
        File::open(path, journal).map(|file| Self { file })
    }

    /// What can be said of it.
    #[must_use]
    pub fn status(&self) -> Status {
        status(&self.file)
    }

    /// Whether `secret` is this vault's device secret. Costs next to nothing: Argon2id does not run.
    #[must_use]
    pub fn device_secret_fits(&self, secret: &DeviceSecret) -> bool {
        let header = &self.file.header;
        let keys = DeviceKeys::new(secret, header.vault, header.generation);
        self.file.sealed.fits_device(&keys)
    }

    /// Checks structure and checksums; what lies inside the seals needs an unlocked vault.
    #[must_use]
    pub fn verify(&self) -> Verification {
        verify::locked(&self.file)
    }
}

pub(crate) fn status(file: &File) -> Status {
    Status {
        vault_id: file.header.vault,
        generation: file.header.generation,
        last_code_day: last_code_day(&file.header.layout),
        read_only: file.read_only.is_some(),
    }
}
