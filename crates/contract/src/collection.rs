//! A folder of saved requests and environments: plain files that a person chose a place for.
//!
//! Every operation names the folder by its absolute path; a `path` is relative to it, with `/` between its
//! parts, and never leads out of it. A file's `version` is a hash of its bytes: who saves says which version
//! was loaded, and a file that was changed since by somebody else is not overwritten
//! ([`ErrorCode::Conflict`](crate::error::ErrorCode::Conflict)).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::compose::Composed;

/// Names a folder of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderArgs {
    /// Its absolute path.
    pub folder: String,
}

/// Names a file or folder in a folder of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PathArgs {
    /// The folder's absolute path.
    pub folder: String,
    /// The path in it.
    pub path: String,
}

/// What a folder of requests holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Collection {
    /// Its absolute path, canonical.
    pub folder: String,
    /// Its name for people.
    pub name: String,
    /// Folders and requests in their order, each folder before what is in it.
    pub entries: Vec<CollectionEntry>,
    /// The environments, by name.
    pub environments: Vec<EnvironmentRow>,
    /// Files that can't be read, each with what is wrong.
    pub problems: Vec<CollectionProblem>,
    /// Changes when any file of the folder does: whoever watches asks again and compares.
    pub version: String,
}

/// A request or folder of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CollectionEntry {
    /// The path in the folder.
    pub path: String,
    /// The name for people.
    pub name: String,
    /// The method; absent for a folder.
    pub method: Option<String>,
    /// The URL with its placeholders; absent for a folder.
    pub url: Option<String>,
    /// How many folders it lies in, below the collection itself.
    pub depth: u32,
}

/// An environment of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct EnvironmentRow {
    /// Its file in the folder, such as `environments/sandbox.toml`.
    pub path: String,
    /// The name for people.
    pub name: String,
    /// Whether it is production.
    pub production: bool,
}

/// A file that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CollectionProblem {
    /// The file in the folder.
    pub path: String,
    /// One sentence with line and column.
    pub message: String,
}

/// A saved request as it was loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SavedRequest {
    /// The path in the folder.
    pub path: String,
    /// The request.
    pub request: Composed,
    /// The file's version.
    pub version: String,
}

/// Saves a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SaveRequest {
    /// The folder's absolute path.
    pub folder: String,
    /// Where it is saved: the path of its file, or of the folder (`` for the collection itself) that a new
    /// file is made in.
    pub path: String,
    /// The request.
    pub request: Composed,
    /// The version that was loaded; absent for a new file.
    pub version: Option<String>,
}

/// Renames or moves a request or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct MoveEntry {
    /// The collection's absolute path.
    pub folder: String,
    /// What is moved: its path in the collection.
    pub path: String,
    /// The folder that it goes to, by its path; where it is if absent.
    pub to: Option<String>,
    /// Its new name for people; the old one if absent.
    pub name: Option<String>,
}

/// Where something is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Placed {
    /// The path in the folder.
    pub path: String,
    /// The file's version; absent for a folder.
    pub version: Option<String>,
}

/// What was removed: enough to put it back with `collection.restore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RemovedEntry {
    /// The collection's absolute path.
    pub folder: String,
    /// Each file's path and text.
    pub files: Vec<(String, String)>,
}

/// An environment as it was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct EnvironmentView {
    /// Its file in the folder; empty for a new one.
    pub path: String,
    /// The name for people.
    pub name: String,
    /// Whether it is production: a stop stands before a request then.
    pub production: bool,
    /// The values by name; each may hold placeholders, or be a reference `sr://NAME/FIELD`.
    pub variables: BTreeMap<String, String>,
    /// The file's version; absent for a new one.
    pub version: Option<String>,
}

/// Saves an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SaveEnvironment {
    /// The folder's absolute path.
    pub folder: String,
    /// The environment.
    pub environment: EnvironmentView,
}

/// Makes a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct NewFolder {
    /// The collection's absolute path.
    pub folder: String,
    /// The folder that it is made in, by its path; `` for the collection itself.
    pub path: String,
    /// Its name for people.
    pub name: String,
}
