//! A folder of saved requests on disk: where its files are, in which order, and what they hold.
//!
//! A path in the folder has `/` between its parts and never leads out of it, not by a symbolic link either.

pub(crate) mod convert;

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_crypto::hash;
use strongroom_formats::{
    Environment, SavedRequest,
    saved::{self, ENVIRONMENTS, FOLDER_FILE, REQUEST_SUFFIX},
};

/// How many requests and folders are looked at.
const MOST_ENTRIES: usize = 10_000;
/// How deep folders may lie in one another.
const MOST_DEEP: u32 = 16;
/// The longest file that is read as one of ours.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// A folder of requests.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

/// What lies in a folder of requests, in order, each folder before what is in it.
#[derive(Default)]
pub(crate) struct Walk {
    pub(crate) entries: Vec<Entry>,
    /// Files that can't be read: path and what is wrong.
    pub(crate) problems: Vec<(String, String)>,
}

/// A request or a folder.
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) depth: u32,
    /// `None` for a folder.
    pub(crate) request: Option<Box<SavedRequest>>,
}

/// A file of ours with the version that was read.
pub(crate) struct Versioned<T> {
    pub(crate) content: T,
    pub(crate) version: String,
}

impl Folder {
    /// The folder at an absolute path.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] if the path is not absolute, [`ErrorCode::NotFound`] if there is no folder.
    pub(crate) fn open(path: &str) -> Result<Self, Failure> {
        if !Path::new(path).is_absolute() {
            return Err(Failure::new(
                ErrorCode::Usage,
                format!("{path:?} is not an absolute path of a folder of requests"),
            )
            .hint("choose the folder again"));
        }
        let root = fs::canonicalize(path)
            .ok()
            .filter(|root| root.is_dir())
            .ok_or_else(|| {
                Failure::new(ErrorCode::NotFound, format!("there is no folder {path}"))
                    .hint("it may have been moved: choose the folder again")
            })?;
        Ok(Self { root })
    }

    /// Its path, canonical.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Its name for people.
    pub(crate) fn name(&self) -> String {
        let own = read_text(&self.root.join(FOLDER_FILE))
            .ok()
            .and_then(|text| saved::read_folder(&text).ok()?.name);
        own.unwrap_or_else(|| file_name(&self.root))
    }

    /// Where `path` in the folder lies. What is above it exists.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Usage`] if it leads out of the folder, [`ErrorCode::NotFound`] if what is above it is
    /// not there.
    pub(crate) fn place(&self, path: &str) -> Result<PathBuf, Failure> {
        let outside = || {
            Failure::new(
                ErrorCode::Usage,
                format!("{path:?} leads out of the folder of requests"),
            )
            .hint("give a path below the folder, with / between its parts")
        };
        let relative = Path::new(path);
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        if !relative.components().all(plain) || path.contains('\\') {
            return Err(outside());
        }
        let place = self.root.join(relative);
        // A link within the way, or at its end, may lead elsewhere.
        let existing = if place.exists() {
            place.as_path()
        } else {
            place.parent().unwrap_or(&self.root)
        };
        let canonical = fs::canonicalize(existing).map_err(|error| missing(path, &error))?;
        if !canonical.starts_with(&self.root) {
            return Err(outside());
        }
        Ok(place)
    }

    /// A request's file.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotFound`]; [`ErrorCode::Usage`] with line and column if it is malformed.
    pub(crate) fn request(&self, path: &str) -> Result<Versioned<SavedRequest>, Failure> {
        self.read(path, saved::read_request)
    }

    /// An environment's file.
    ///
    /// # Errors
    ///
    /// As [`Folder::request`].
    pub(crate) fn environment_at(&self, path: &str) -> Result<Versioned<Environment>, Failure> {
        self.read(path, saved::read_environment)
    }

    /// An environment by its name or by its file: `sandbox`, `sandbox.toml`, `environments/sandbox.toml`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotFound`] with those that there are; as [`Folder::request`] otherwise.
    pub(crate) fn environment(&self, called: &str) -> Result<Environment, Failure> {
        let mut names = Vec::new();
        for path in self.environment_paths() {
            let file = path.rsplit('/').next().unwrap_or_default();
            if called == path || called == file || format!("{called}.toml") == file {
                return Ok(self.environment_at(&path)?.content);
            }
            if let Ok(environment) = self.environment_at(&path) {
                if environment.content.name.eq_ignore_ascii_case(called) {
                    return Ok(environment.content);
                }
                names.push(environment.content.name);
            }
        }
        let known = if names.is_empty() {
            format!("the folder has none: add one in {ENVIRONMENTS}/")
        } else {
            format!("it has {}", names.join(", "))
        };
        Err(Failure::new(
            ErrorCode::NotFound,
            format!("the folder has no environment {called:?}"),
        )
        .hint(known))
    }

    /// The files of its environments, in order.
    pub(crate) fn environment_paths(&self) -> Vec<String> {
        let Ok(found) = fs::read_dir(self.root.join(ENVIRONMENTS)) else {
            return Vec::new();
        };
        let mut paths: Vec<String> = found
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".toml") && !name.starts_with('.'))
            .map(|name| format!("{ENVIRONMENTS}/{name}"))
            .collect();
        paths.sort();
        paths
    }

    /// All requests and folders.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`] if the folder itself cannot be read.
    pub(crate) fn walk(&self) -> Result<Walk, Failure> {
        let mut walk = Walk::default();
        self.walk_into(&self.root, "", 0, &mut walk)
            .map_err(|error| {
                Failure::new(
                    ErrorCode::Storage,
                    format!("{} can't be read: {error}", self.root.display()),
                )
            })?;
        Ok(walk)
    }

    fn walk_into(&self, place: &Path, at: &str, depth: u32, walk: &mut Walk) -> io::Result<()> {
        let mut folders = Vec::new();
        let mut requests = Vec::new();
        for entry in fs::read_dir(place)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = if at.is_empty() {
                name.clone()
            } else {
                format!("{at}/{name}")
            };
            // Links are not followed: they could lead out, or round and round.
            let kind = entry.file_type()?;
            let hidden = name.starts_with('.') || name == "node_modules";
            if kind.is_dir() && !hidden && !(at.is_empty() && name == ENVIRONMENTS) {
                let about = self.about(&path, &entry.path(), walk);
                let shown = about.name.unwrap_or(name);
                folders.push((about.order.unwrap_or(u32::MAX), path, shown));
            } else if kind.is_file() && name.ends_with(REQUEST_SUFFIX) {
                match self.request(&path) {
                    Ok(request) => requests.push((
                        request.content.order.unwrap_or(u32::MAX),
                        path,
                        request.content,
                    )),
                    Err(failure) => walk.problems.push((path, failure.message)),
                }
            }
        }
        folders.sort();
        requests.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        for (_, path, request) in requests {
            walk.entries.push(Entry {
                path,
                name: request.name.clone(),
                depth,
                request: Some(Box::new(request)),
            });
        }
        for (_, path, name) in folders {
            let place = place.join(path.rsplit('/').next().unwrap_or_default());
            walk.entries.push(Entry {
                path: path.clone(),
                name,
                depth,
                request: None,
            });
            if depth + 1 < MOST_DEEP && walk.entries.len() < MOST_ENTRIES {
                self.walk_into(&place, &path, depth + 1, walk)?;
            } else {
                walk.problems
                    .push((path, "there is too much below it to be listed".to_owned()));
            }
        }
        Ok(())
    }

    /// What a folder says of itself; what is wrong with that is noted.
    fn about(&self, path: &str, place: &Path, walk: &mut Walk) -> saved::Folder {
        let file = place.join(FOLDER_FILE);
        if !file.exists() {
            return saved::Folder::default();
        }
        let said = read_text(&file)
            .map_err(|error| error.to_string())
            .and_then(|text| saved::read_folder(&text).map_err(|problem| problem.to_string()));
        said.unwrap_or_else(|problem| {
            walk.problems
                .push((format!("{path}/{FOLDER_FILE}"), problem));
            saved::Folder::default()
        })
    }

    fn read<T>(
        &self,
        path: &str,
        parse: impl FnOnce(&str) -> Result<T, strongroom_formats::Problem>,
    ) -> Result<Versioned<T>, Failure> {
        let text = read_text(&self.place(path)?).map_err(|error| missing(path, &error))?;
        let content = parse(&text).map_err(|problem| {
            Failure::new(ErrorCode::Usage, problem.in_file(path).to_string())
                .hint("mend the file; docs/REQUESTS.md says what may stand there")
        })?;
        Ok(Versioned {
            content,
            version: version(text.as_bytes()),
        })
    }

    /// The bytes of a file that a request's body names, by its path from the folder that the request at
    /// `request` lies in.
    ///
    /// # Errors
    ///
    /// As [`Folder::place`].
    pub(crate) fn beside(&self, request: Option<&str>, path: &str) -> Result<PathBuf, Failure> {
        match request.and_then(|request| request.rsplit_once('/')) {
            Some((above, _)) => self.place(&format!("{above}/{path}")),
            None => self.place(path),
        }
    }
}

/// What tells one content of a file from another.
pub(crate) fn version(bytes: &[u8]) -> String {
    hash::sha256(&[bytes])
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn read_text(path: &Path) -> io::Result<String> {
    let found = fs::metadata(path)?;
    if !found.is_file() || found.len() > MOST_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no file, or longer than 16 MiB",
        ));
    }
    fs::read_to_string(path)
}

/// A file that cannot be read.
pub(crate) fn missing(path: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::new(
            ErrorCode::NotFound,
            format!("{path:?} is not in the folder of requests"),
        )
        .hint("it may have been moved or removed: list the folder again"),
        _ => Failure::new(
            ErrorCode::Storage,
            format!("{path:?} can't be read: {error}"),
        ),
    }
}
