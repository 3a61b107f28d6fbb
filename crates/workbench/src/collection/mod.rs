//! A folder of saved requests and environments: listing, loading, saving, moving, removing.
//!
//! Plain files that other programs change too: what was changed since it was loaded is not overwritten,
//! and what is removed can be put back. No vault is needed.

mod entries;
mod environments;
mod requests;

pub use entries::list;
pub(crate) use entries::{move_entry, new_folder, remove, restore};
pub(crate) use environments::{load as load_environment, save as save_environment};
pub(crate) use requests::{duplicate, load, save};

use std::{fs, io, path::Path};

use strongroom_contract::error::{ErrorCode, Failure};

use crate::folder::{Folder, version};

/// Writes a file unless it was changed since `loaded` was; a new one unless there is one.
fn write(folder: &Folder, path: &str, text: &str, loaded: Option<&str>) -> Result<String, Failure> {
    let place = folder.place(path)?;
    let there = match fs::read(&place) {
        Ok(bytes) => Some(version(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unwritable(path, &error)),
    };
    if there.as_deref() != loaded {
        let what = match (&there, loaded) {
            (None, _) => "was removed since it was loaded",
            (_, None) => "is there already",
            _ => "was changed by another program since it was loaded",
        };
        return Err(Failure::new(ErrorCode::Conflict, format!("{path} {what}"))
            .hint("load it again and compare, or save under another name; nothing was overwritten")
            .details(serde_json::json!({ "version": there })));
    }
    replace(&place, text.as_bytes()).map_err(|error| unwritable(path, &error))?;
    Ok(version(text.as_bytes()))
}

/// Replaces a file as a whole, with the mode that it had: a reader sees the old content or the new one.
fn replace(place: &Path, content: &[u8]) -> io::Result<()> {
    let above = place.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(above)?;
    io::Write::write_all(&mut beside, content)?;
    let permissions = match fs::metadata(place) {
        Ok(found) => found.permissions(),
        // Nothing here is a secret: as any file of the person's own.
        Err(_) => std::os::unix::fs::PermissionsExt::from_mode(0o644),
    };
    beside.as_file().set_permissions(permissions)?;
    beside.as_file().sync_all()?;
    beside.persist(place)?;
    Ok(())
}

fn unwritable(path: &str, error: &io::Error) -> Failure {
    Failure::new(
        ErrorCode::Storage,
        format!("{path:?} can't be written: {error}"),
    )
    .hint("free some space on the disk, or let the folder be written; what was there is as it was")
}

/// The names of the files in the folder at `path`.
fn names_in(folder: &Folder, path: &str) -> Result<Vec<String>, Failure> {
    let place = folder.place(path)?;
    let found = fs::read_dir(place).map_err(|error| crate::folder::missing(path, &error))?;
    Ok(found
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect())
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The folder that `path` lies in, and its own name.
fn parted(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
