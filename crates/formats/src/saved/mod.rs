//! Our own files: requests, environments, folders. TOML, one file each; docs/REQUESTS.md describes them.
//!
//! What is written is read as the same value, and written again as the same bytes. Nothing that is as
//! it is by default is written.

mod read;
mod write;

pub use read::{read_environment, read_folder, read_request};
pub use write::{write_environment, write_folder, write_request};

/// How a request's file name ends.
pub const REQUEST_SUFFIX: &str = ".request.toml";
/// The folder of environments, beside the requests.
pub const ENVIRONMENTS: &str = "environments";
/// What a folder says of itself.
pub const FOLDER_FILE: &str = "folder.toml";

/// What a folder says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folder {
    /// The name for people; the directory's own if absent.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its place among its neighbours: ascending, those without one last, by name.
    pub order: Option<u32>,
}
