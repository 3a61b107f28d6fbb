//! A folder of saved requests as it lies on disk.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_formats::saved::{ENVIRONMENTS, FOLDER_FILE, REQUEST_SUFFIX};

/// The longest foreign file that is read, in bytes.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// How deep folders may lie in one another.
const MOST_DEEP: usize = 16;

/// Reads a file whole.
///
/// # Errors
///
/// [`ErrorCode::NotFound`], [`ErrorCode::Storage`], [`ErrorCode::Usage`] if it is no file or longer than
/// 64 MiB.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        return Err(Failure::new(
            ErrorCode::Usage,
            format!("{} is a folder, not a file", path.display()),
        ));
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err(Failure::new(
            ErrorCode::Usage,
            format!(
                "{} is longer than 64 MiB, the most that is read",
                path.display()
            ),
        ));
    }
    Ok(bytes)
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let code = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ErrorCode::NotFound,
        _ => ErrorCode::Storage,
    };
    Failure::new(code, format!("can't read {}: {error}", path.display()))
}

/// The names in a folder, none if there is no such folder.
pub(super) fn names_in(place: &Path) -> Vec<String> {
    let Ok(found) = fs::read_dir(place) else {
        return Vec::new();
    };
    found
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect()
}

/// The files of ours below a folder: requests, environments, and what folders say of themselves. Links are
/// not followed: they could lead out, or round and round.
pub(super) fn files_of_ours(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(found) = fs::read_dir(&folder) else {
            continue;
        };
        let is_environments = folder == root.join(ENVIRONMENTS);
        for entry in found.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            if kind.is_dir() && !name.starts_with('.') && depth < MOST_DEEP {
                folders.push((entry.path(), depth + 1));
            }
            let is_ours = name.ends_with(REQUEST_SUFFIX)
                || name == FOLDER_FILE
                || (is_environments && name.ends_with(".toml"));
            if kind.is_file() && is_ours {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// The names of the secrets that files below a folder have placeholders for.
pub(super) fn secrets_named(root: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in files_of_ours(root) {
        let text = fs::read_to_string(path).unwrap_or_default();
        for after in text.split("secret:").skip(1) {
            let is_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
            let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
            names.extend(after.get(..end).map(str::to_owned));
        }
    }
    names
}

/// Writes new files, all of them or none: what was written is removed again unless it is kept.
pub(super) struct Writer {
    root: PathBuf,
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    is_kept: bool,
}

impl Writer {
    /// Writes below `root`, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`].
    pub(super) fn into_folder(root: &Path) -> Result<Self, Failure> {
        let mut writer = Self {
            root: root.to_owned(),
            files: Vec::new(),
            folders: Vec::new(),
            is_kept: false,
        };
        writer.folder(root)?;
        writer.root = fs::canonicalize(root).map_err(|error| unwritable(root, &error))?;
        Ok(writer)
    }

    /// The folder, absolute.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a file that is not there yet, at a path from the folder.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`], also if a file came there in the meantime.
    pub(super) fn file(&mut self, path: &str, text: &str) -> Result<(), Failure> {
        let place = self.root.join(path);
        if let Some(above) = place.parent() {
            self.folder(above)?;
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&place)
            .map_err(|error| unwritable(&place, &error))?;
        self.files.push(place.clone());
        file.write_all(text.as_bytes())
            .map_err(|error| unwritable(&place, &error))
    }

    /// Keeps what was written.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }

    fn folder(&mut self, place: &Path) -> Result<(), Failure> {
        if place.as_os_str().is_empty() || place.is_dir() {
            return Ok(());
        }
        if let Some(above) = place.parent() {
            self.folder(above)?;
        }
        fs::create_dir(place).map_err(|error| unwritable(place, &error))?;
        self.folders.push(place.to_owned());
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // What can't be removed again is left; the failure on its way says which write failed.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn unwritable(place: &Path, error: &io::Error) -> Failure {
    Failure::new(
        ErrorCode::Storage,
        format!("can't write {}: {error}", place.display()),
    )
    .hint(
        "nothing was imported; free some space, or choose a folder that can be written with --into",
    )
}
