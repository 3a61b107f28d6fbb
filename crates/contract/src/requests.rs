//! Requests that come from files of other programs, and go to them.

use serde::Serialize;

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
pub struct FileProblem {
    /// The file, as it was named.
    pub file: String,
    /// Where in it: `LINE:COLUMN`, or a JSON pointer; absent if nowhere in particular.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What is wrong, and what became of it.
    pub message: String,
}

/// A request as a program, or as a file of another program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
pub struct ExportedVariable {
    /// Its name.
    pub name: String,
    /// The placeholder that it stands for.
    pub stands_for: String,
}
