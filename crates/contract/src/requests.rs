//! Requests that come from files of other programs, and go to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::window::{Draft, ForeignText};

/// What became of imported files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The folder that was written to, absolute.
    pub folder: String,
    /// The requests, in the files' order.
    pub requests: Vec<RequestRow>,
    /// The environments.
    pub environments: Vec<EnvironmentFile>,
    /// What was taken out. None of it was written.
    pub secrets: Vec<SecretTaken>,
    /// What did not come in, or not as it stood.
    pub problems: Vec<FileProblem>,
}

/// A saved request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestRow {
    /// Its file, from the folder.
    pub path: String,
    /// The name for people.
    pub name: String,
    /// The method.
    pub method: String,
    /// The URL with its placeholders.
    pub url: String,
}

/// A saved environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentFile {
    /// Its file, from the folder.
    pub path: String,
    /// The name for people.
    pub name: String,
}

/// A secret that stood in a file, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SecretTaken {
    /// The variable that stands in its place, such as `secret:bearer_token`.
    pub variable: String,
    /// Where it stood.
    pub place: String,
    /// What it was taken for.
    pub kind: String,
}

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FileProblem {
    /// The file, as it was named.
    pub file: String,
    /// Where in it: `LINE:COLUMN`, or a JSON pointer; absent if nowhere in particular.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub place: Option<String>,
    /// What is wrong, and what became of it.
    pub message: String,
}

/// A request as a program, or as a file of another program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ExportedRequest {
    /// What it is written in.
    pub format: String,
    /// The text.
    pub text: String,
    /// What the reader has to know, a sentence each.
    pub notes: Vec<String>,
    /// The variables of the process that it needs.
    pub variables: Vec<ExportedVariable>,
    /// Secrets that the saved request held, against the rules; variables stand in their places.
    pub secrets: Vec<SecretTaken>,
}

/// A variable of the process that an exported request needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ExportedVariable {
    /// Its name.
    pub name: String,
    /// The placeholder that it stands for.
    pub stands_for: String,
}

/// What is understood of a text that was pasted into the window. It holds none of its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ForeignRead {
    /// What it is written in, such as `curl` or `postman`.
    pub format: String,
    /// How many requests it holds.
    pub total: u32,
    /// The first of them.
    pub requests: Vec<ForeignRow>,
    /// What was taken out.
    pub secrets: Vec<SecretTaken>,
    /// What was not understood.
    pub problems: Vec<FileProblem>,
}

/// A request of a foreign text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ForeignRow {
    /// The name for people.
    pub name: String,
    /// The method.
    pub method: String,
    /// The URL with its placeholders.
    pub url: String,
}

/// Takes the requests of a foreign text into the window.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OpenForeign {
    /// The text.
    pub text: ForeignText,
    /// Which secrets become keys of the vault: the key's name, by the secret's variable.
    pub keep: BTreeMap<String, String>,
}

/// The requests of a foreign text, taken into the window.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ForeignOpened {
    /// The requests. A key that was added to the vault is named by its id.
    pub drafts: Vec<Draft>,
    /// The names of the keys that were added to the vault.
    pub added: Vec<String>,
}
