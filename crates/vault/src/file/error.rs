//! What SQLite and the file system answer, sorted by what a person can do about it.

use std::io;

use rusqlite::ErrorCode;

use crate::damage::Damage;

/// The file could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// No room.
    #[error("the disk is full")]
    Full,
    /// The disk, the folder or the file is read-only.
    #[error("the vault's file or its folder can't be written")]
    ReadOnly,
    /// Another program has the file open.
    #[error("another program has the vault's file open")]
    Busy,
    /// The file's structure is damaged.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// Anything else that the system said.
    #[error("the vault's file could not be read or written: {0}")]
    Io(String),
}

impl StorageError {
    /// Whether reading may go on although this writing failed.
    pub(crate) const fn leaves_readable(&self) -> bool {
        matches!(self, Self::Full | Self::ReadOnly | Self::Io(_))
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error;
        match &error {
            Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                    Self::ReadOnly
                }
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed => Self::Io(error.to_string()),
                // A statement of ours that SQLite can't carry out means that the file is not as we
                // made it.
                _ => Self::Damaged(Damage::new("structure", error.to_string())),
            },
            _ => Self::Damaged(Damage::new("structure", error.to_string())),
        }
    }
}

impl From<io::Error> for StorageError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Io(error.to_string()),
        }
    }
}

/// A statement that names one row must have changed one row: where it has not, the tree of the file
/// does not lead to a row that is there.
pub(crate) fn changed_one(changed: usize, place: &str) -> Result<(), StorageError> {
    if changed == 1 {
        return Ok(());
    }
    Err(Damage::new(place, "a row that is there can't be found by its key").into())
}
