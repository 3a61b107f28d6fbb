//! Where files lie: names beside the vault, rights, and appearing whole or not at all.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// `path` with something added to its file name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Options for writing a file that its owner alone may read.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whether others than the owner may read or write the file.
pub(crate) fn is_open_to_others(path: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        Ok(metadata.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        drop(metadata);
        Ok(false)
    }
}

/// Gives a finished file its name, durably, and never takes the place of another.
///
/// The caller holds the vault's lock, so that between looking and renaming nobody of ours comes in.
pub(crate) fn install(finished: &Path, name: &Path) -> io::Result<()> {
    fs::File::open(finished)?.sync_all()?;
    match fs::hard_link(finished, name) {
        Ok(()) => fs::remove_file(finished)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // A file system without hard links, such as FAT on a USB stick.
        Err(_) => {
            if fs::symlink_metadata(name).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(finished, name)?;
        }
    }
    sync_folder(name)
}

/// Makes the names in a file's folder durable, where the system can.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix)
        && let Some(folder) = path.parent()
    {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Removes a file that is there, with what SQLite may have left beside it.
pub(crate) fn discard(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match fs::remove_file(with_suffix(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
