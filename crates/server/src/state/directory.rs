//! Files for their owner alone, and the lock that gives the directory one server.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::error::StartError;

/// A state directory that this process has for itself. Dropping it gives it back.
pub(crate) struct Directory {
    path: PathBuf,
    lock: File,
}

impl Directory {
    /// Takes the directory, making it if need be.
    pub(crate) fn take(path: &Path) -> Result<Self, StartError> {
        private_directory(path)?;
        let path = fs::canonicalize(path).map_err(|source| file_error(path, source))?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|source| file_error(&lock_path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, lock }),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it is a help, not a condition: a lock without a name is still a lock.
                let _unreadable = (&lock).take(200).read_to_string(&mut holder);
                let holder = match holder.trim() {
                    "" => "another server".to_owned(),
                    named => named.to_owned(),
                };
                Err(StartError::DirectoryInUse {
                    directory: path,
                    holder,
                })
            }
            Err(TryLockError::Error(source)) => Err(file_error(&lock_path, source)),
        }
    }

    /// Says in the lock file who holds it.
    pub(crate) fn name_holder(&mut self, url: &str) -> Result<(), StartError> {
        let text = format!("the server at {url} (process {})\n", std::process::id());
        let written = self
            .lock
            .set_len(0)
            .and_then(|()| self.lock.rewind())
            .and_then(|()| self.lock.write_all(text.as_bytes()));
        written.map_err(|source| file_error(&self.path.join("lock"), source))
    }

    /// The directory's canonical path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A directory in it, made if need be.
    pub(crate) fn subdirectory(&self, name: &str) -> Result<PathBuf, StartError> {
        let path = self.path.join(name);
        private_directory(&path)?;
        Ok(path)
    }
}

fn private_directory(path: &Path) -> Result<(), StartError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| file_error(path, source))
}

/// Reads a file that holds a secret; `None` if there is none. A file that others could read is
/// refused: what it holds may be known.
pub(crate) fn read_private(path: &Path) -> Result<Option<Vec<u8>>, StartError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(file_error(path, source)),
    };
    let metadata = file.metadata().map_err(|source| file_error(path, source))?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(StartError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    // Sized up front: a growing buffer would leave copies of a secret behind.
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    file.read_to_end(&mut bytes)
        .map_err(|source| file_error(path, source))?;
    Ok(Some(bytes))
}

/// Writes a file so that it is there whole or not at all, readable by its owner alone.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StartError> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".new");
    let partial = PathBuf::from(partial);
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        match path.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: io::Error) -> StartError {
    StartError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_second_server_is_told_who_has_the_directory() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/state");
        let mut first = Directory::take(&path).unwrap();
        first.name_holder("https://localhost:8443").unwrap();
        let second = Directory::take(&path).map(|_| ()).unwrap_err();
        let text = second.to_string();
        assert!(text.contains("https://localhost:8443"), "{text}");
        assert!(text.contains(&std::process::id().to_string()), "{text}");
        drop(first);
        Directory::take(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn secrets_lie_in_files_for_their_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("some.key");
        assert!(read_private(&path).unwrap().is_none());
        write_private(&path, b"first").unwrap();
        write_private(&path, b"second").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(read_private(&path).unwrap().unwrap(), b"second");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = read_private(&path).unwrap_err();
        assert!(refused.to_string().contains("640"), "{refused}");
    }
}
