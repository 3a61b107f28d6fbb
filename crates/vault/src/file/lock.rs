//! One owner: an advisory lock on a file beside the vault, which holds the owner's process id.
//!
//! The lock is the operating system's, so it goes with the process however that ends. The file stays:
//! removing it would let two processes lock two files of one name.

use std::{
    fs::{self, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use super::place;

/// The lock, held until it is dropped.
pub(crate) struct Lock(fs::File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would do, were it not for a process being started at this moment: until it runs its
        // own program it holds a copy of every open file.
        if let Err(error) = self.0.unlock() {
            tracing::debug!(%error, "the lock goes when its file is closed");
        }
    }
}

pub(crate) enum LockError {
    /// Another process (or another owner in this one) holds it.
    Held {
        pid: Option<u32>,
    },
    Io(io::Error),
}

impl Lock {
    /// Takes the lock of the vault at `vault`.
    pub(crate) fn take(vault: &Path) -> Result<Self, LockError> {
        let path = beside(vault);
        let mut file = place::options()
            .read(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(LockError::Io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let pid = match file.read_to_string(&mut holder) {
                    Ok(_) => holder.trim().parse().ok(),
                    Err(_) => None,
                };
                return Err(LockError::Held { pid });
            }
            Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
        }
        // Who holds the lock is a courtesy: on a full disk the lock stands without it.
        let named = file
            .set_len(0)
            .and_then(|()| file.write_all(format!("{}\n", std::process::id()).as_bytes()));
        if let Err(error) = named {
            tracing::debug!(%error, "the lock's holder could not be written");
        }
        Ok(Self(file))
    }

    /// Takes the lock on a disk that can't be written, if its file is there: an owner elsewhere on a
    /// writable mount of the same folder has made it.
    pub(crate) fn take_existing(vault: &Path) -> Result<Option<Self>, LockError> {
        let Ok(file) = fs::File::open(beside(vault)) else {
            return Ok(None);
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Err(LockError::Held { pid: None }),
            Err(TryLockError::Error(_)) => Ok(None),
        }
    }
}

fn beside(vault: &Path) -> PathBuf {
    place::with_suffix(vault, ".lock")
}
