//! The log's files: `audit/00000000.log` and so on.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// The path of a segment.
pub(super) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:08}.log"))
}

/// The numbers of the segments that are there, in order.
pub(super) fn numbers(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let number: Option<u64> = name
            .to_str()
            .and_then(|name| name.strip_suffix(".log"))
            .and_then(|digits| digits.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Removes the segments before `number`, the oldest first.
pub(super) fn remove_before(directory: &Path, number: u64) -> io::Result<()> {
    for old in numbers(directory)?.into_iter().filter(|it| *it < number) {
        fs::remove_file(path(directory, old))?;
    }
    File::open(directory)?.sync_all()
}

/// Makes a segment's file, for its owner alone. One that is there is left from an attempt that
/// failed before its first row: it is begun anew.
pub(super) fn create(directory: &Path, number: u64) -> io::Result<File> {
    let path = path(directory, number);
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)?;
    file.set_len(0)?;
    // The name must survive a power cut as the rows do.
    File::open(directory)?.sync_all()?;
    Ok(file)
}

/// Opens a segment's file to go on with.
pub(super) fn append(directory: &Path, number: u64) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .open(path(directory, number))
}
