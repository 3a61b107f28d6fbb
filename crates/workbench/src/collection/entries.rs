//! What a folder holds, and where in it.

use std::{fs, path::Path};

use strongroom_contract::{
    collection::{
        Collection, CollectionEntry, CollectionProblem, EnvironmentRow, FolderArgs, MoveEntry,
        NewFolder, PathArgs, Placed, RemovedEntry,
    },
    error::{ErrorCode, Failure},
};
use strongroom_formats::{
    layout::{Names, stem},
    saved::{self, FOLDER_FILE, REQUEST_SUFFIX},
};

use super::{joined, names_in, parted, unwritable, write};
use crate::folder::{Folder, missing, version};

/// How many files are removed at once at most, so that they can be put back.
const MOST_REMOVED: usize = 2_000;

/// What a folder of requests holds.
///
/// # Errors
///
/// [`ErrorCode::NotFound`] if there is no such folder, [`ErrorCode::Storage`] if it cannot be read.
pub fn list(args: &FolderArgs) -> Result<Collection, Failure> {
    let folder = Folder::open(&args.folder)?;
    let walk = folder.walk()?;
    let mut problems = walk.problems;
    let mut environments = Vec::new();
    for path in folder.environment_paths() {
        match folder.environment_at(&path) {
            Ok(environment) => environments.push(EnvironmentRow {
                path,
                name: environment.content.name,
                production: environment.content.production,
            }),
            Err(failure) => problems.push((path, failure.message)),
        }
    }
    let entries = walk.entries.into_iter().map(|entry| CollectionEntry {
        path: entry.path,
        name: entry.name,
        method: entry
            .request
            .as_ref()
            .map(|request| request.method.to_string()),
        url: entry.request.map(|request| request.url),
        depth: entry.depth,
    });
    let mut collection = Collection {
        folder: folder.root().display().to_string(),
        name: folder.name(),
        entries: entries.collect(),
        environments,
        problems: problems
            .into_iter()
            .map(|(path, message)| CollectionProblem { path, message })
            .collect(),
        version: String::new(),
    };
    let listed = serde_json::to_vec(&collection).unwrap_or_default();
    collection.version = version(&listed);
    Ok(collection)
}

/// Renames or moves a request or folder. A name of a file follows the name for people.
///
/// # Errors
///
/// [`ErrorCode::NotFound`]; [`ErrorCode::Usage`] for a folder that is to go into itself.
pub(crate) fn move_entry(args: &MoveEntry) -> Result<Placed, Failure> {
    let folder = Folder::open(&args.folder)?;
    let from = existing(&folder, &args.path)?;
    let (above, own) = parted(&args.path);
    let to = args.to.as_deref().unwrap_or(above);
    let inside = to == args.path || to.starts_with(&format!("{}/", args.path));
    if from.is_dir() && inside {
        return Err(Failure::new(
            ErrorCode::Usage,
            "a folder can't be moved into itself",
        ));
    }
    let taken: Vec<String> = names_in(&folder, to)?
        .into_iter()
        .filter(|name| to != above || name != own)
        .collect();
    let mut names = Names::beside(taken.iter().map(String::as_str));
    if from.is_dir() {
        let name = args.name.as_deref();
        let path = joined(to, &free_folder(name.unwrap_or(own), &taken));
        let place = folder.place(&path)?;
        fs::rename(&from, &place).map_err(|error| unwritable(&path, &error))?;
        if let Some(name) = name {
            name_folder(&place, name).map_err(|error| unwritable(&path, &error))?;
        }
        return Ok(Placed {
            path,
            version: None,
        });
    }
    let mut request = folder.request(&args.path)?;
    if let Some(name) = &args.name {
        request.content.name.clone_from(name);
    }
    let file = match &args.name {
        Some(name) => names.request(name),
        None if taken.iter().any(|name| name == own) => names.request(&request.content.name),
        None => own.to_owned(),
    };
    let path = joined(to, &file);
    if args.name.is_some() {
        // In its old place first: if the rename fails, the request is whole.
        let text = saved::write_request(&request.content);
        request.version = write(&folder, &args.path, &text, Some(&request.version))?;
    }
    fs::rename(&from, folder.place(&path)?).map_err(|error| unwritable(&path, &error))?;
    Ok(Placed {
        path,
        version: Some(request.version),
    })
}

/// Makes a folder.
///
/// # Errors
///
/// [`ErrorCode::Storage`] if it cannot be made.
pub(crate) fn new_folder(args: &NewFolder) -> Result<Placed, Failure> {
    let folder = Folder::open(&args.folder)?;
    let path = joined(
        &args.path,
        &free_folder(&args.name, &names_in(&folder, &args.path)?),
    );
    let place = folder.place(&path)?;
    fs::create_dir(&place)
        .and_then(|()| name_folder(&place, &args.name))
        .map_err(|error| unwritable(&path, &error))?;
    Ok(Placed {
        path,
        version: None,
    })
}

/// Removes a request or folder. Of a folder, only files of ours are removed: one with others stays.
///
/// # Errors
///
/// [`ErrorCode::NotFound`]; [`ErrorCode::Refused`] for a folder that holds other files.
pub(crate) fn remove(args: &PathArgs) -> Result<RemovedEntry, Failure> {
    let folder = Folder::open(&args.folder)?;
    let place = existing(&folder, &args.path)?;
    let mut files = Vec::new();
    if place.is_dir() {
        read_all(&place, &args.path, &mut files)?;
    } else {
        files.push((args.path.clone(), text(&place, &args.path)?));
    }
    let removed = if place.is_dir() {
        fs::remove_dir_all(&place)
    } else {
        fs::remove_file(&place)
    };
    removed.map_err(|error| unwritable(&args.path, &error))?;
    Ok(RemovedEntry {
        folder: args.folder.clone(),
        files,
    })
}

/// Puts back what was removed. A file that is there meanwhile is not overwritten.
///
/// # Errors
///
/// [`ErrorCode::Conflict`] if there is one.
pub(crate) fn restore(args: &RemovedEntry) -> Result<(), Failure> {
    let folder = Folder::open(&args.folder)?;
    for (path, text) in &args.files {
        let mut above = String::new();
        let (parents, _) = parted(path);
        for part in parents.split('/').filter(|part| !part.is_empty()) {
            above = joined(&above, part);
            let place = folder.place(&above)?;
            if !place.is_dir() {
                fs::create_dir(&place).map_err(|error| unwritable(&above, &error))?;
            }
        }
        write(&folder, path, text, None)?;
    }
    Ok(())
}

fn existing(folder: &Folder, path: &str) -> Result<std::path::PathBuf, Failure> {
    let place = folder.place(path)?;
    if path.is_empty() || !place.exists() {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(missing(path, &error));
    }
    Ok(place)
}

fn read_all(place: &Path, path: &str, files: &mut Vec<(String, String)>) -> Result<(), Failure> {
    for entry in fs::read_dir(place).map_err(|error| missing(path, &error))? {
        let entry = entry.map_err(|error| missing(path, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let inner = joined(path, &name);
        let kind = entry.file_type().map_err(|error| missing(&inner, &error))?;
        let ours = name == FOLDER_FILE || name.ends_with(REQUEST_SUFFIX);
        if kind.is_dir() {
            read_all(&entry.path(), &inner, files)?;
        } else if kind.is_file() && ours && files.len() < MOST_REMOVED {
            files.push((inner.clone(), text(&entry.path(), &inner)?));
        } else {
            return Err(Failure::new(
                ErrorCode::Refused,
                format!("{inner:?} is not a saved request, so the folder is not removed"),
            )
            .hint("remove that file yourself first, or remove the requests one by one"));
        }
    }
    Ok(())
}

fn text(place: &Path, path: &str) -> Result<String, Failure> {
    fs::read_to_string(place).map_err(|error| missing(path, &error))
}

fn free_folder(name: &str, taken: &[String]) -> String {
    let stem = stem(name);
    let is_taken = |name: &str| taken.iter().any(|other| other.eq_ignore_ascii_case(name));
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    std::iter::once(stem.clone())
        .chain(numbered)
        .find(|name| !is_taken(name))
        .unwrap_or(stem)
}

/// Writes a folder's name for people into it, if the directory's own is another one.
fn name_folder(place: &Path, name: &str) -> std::io::Result<()> {
    let file = place.join(FOLDER_FILE);
    let mut about = fs::read_to_string(&file)
        .ok()
        .and_then(|text| saved::read_folder(&text).ok())
        .unwrap_or_default();
    about.name = Some(name.to_owned());
    super::replace(&file, saved::write_folder(&about).as_bytes())
}
