//! Files that belong to their owner alone.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    },
    path::Path,
};

use crate::os::process;

/// Creates `directory` and those above it, each 0700; one that exists stays as it is.
///
/// # Errors
///
/// The system's own.
pub fn create_private_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

/// Who may enter a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Its owner, who is us.
    OursAlone,
    /// We own it, and others may enter it.
    OursShared,
    /// It belongs to somebody else, or is no directory (a symbolic link is none).
    NotOurs,
}

/// Looks at who may enter `directory`, without following a symbolic link at its end.
///
/// # Errors
///
/// The system's own; the directory may be missing.
pub fn privacy(directory: &Path) -> io::Result<Privacy> {
    let found = fs::symlink_metadata(directory)?;
    Ok(if !found.is_dir() || found.uid() != process::uid() {
        Privacy::NotOurs
    } else if found.mode() & 0o077 == 0 {
        Privacy::OursAlone
    } else {
        Privacy::OursShared
    })
}

/// Lets nobody but the owner into `directory`.
///
/// # Errors
///
/// The system's own.
pub fn make_private(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
}

/// Lets nobody but the owner read and write `file`.
///
/// # Errors
///
/// The system's own.
pub fn make_file_private(file: &Path) -> io::Result<()> {
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))
}

/// Writes a new file, 0600 and on disk when this returns; a file that exists is never touched.
///
/// # Errors
///
/// The system's own; [`io::ErrorKind::AlreadyExists`] if there is a file.
pub fn write_new_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file would look like a damaged one.
        drop(fs::remove_file(path));
    }
    written?;
    sync_directory_of(path)
}

/// Replaces a file as a whole, 0600 and on disk when this returns: a reader sees the old content
/// or the new one.
///
/// # Errors
///
/// The system's own; the old content stays.
pub fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", process_unique()));
    let beside = path.with_file_name(name);
    write_new_private(&beside, content)?;
    if let Err(error) = fs::rename(&beside, path) {
        drop(fs::remove_file(&beside));
        return Err(error);
    }
    sync_directory_of(path)
}

/// Opens a log to append to, 0600. One that has grown past `limit` bytes starts again.
///
/// # Errors
///
/// The system's own.
pub fn open_log(path: &Path, limit: u64) -> io::Result<File> {
    let grown = fs::metadata(path).is_ok_and(|found| found.len() > limit);
    if grown {
        fs::remove_file(path)?;
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Two threads of one process must not write the same temporary file either.
fn process_unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(
        "{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_new_file_is_private_and_never_replaces_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        write_new_private(&path, b"first").unwrap();
        assert_eq!(mode(&path), 0o600);
        let again = write_new_private(&path, b"second").unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn replacing_leaves_nothing_beside_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        replace_private(&path, b"first").unwrap();
        replace_private(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_is_not_taken_for_our_directory() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        make_private(dir.path()).unwrap();
        assert_eq!(privacy(dir.path()).unwrap(), Privacy::OursAlone);
        assert_eq!(privacy(&link).unwrap(), Privacy::NotOurs);
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o750)).unwrap();
        assert_eq!(privacy(dir.path()).unwrap(), Privacy::OursShared);
    }

    #[test]
    fn a_log_that_has_grown_starts_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        open_log(&path, 10)
            .unwrap()
            .write_all(b"0123456789")
            .unwrap();
        open_log(&path, 10).unwrap().write_all(b"a").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"0123456789a");
        open_log(&path, 10).unwrap().write_all(b"b").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"b");
    }
}
