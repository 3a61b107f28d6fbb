//! A run: the requests of a folder in order, with values carried on, and whether each answer was as
//! expected.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{error::Failure, exchange::SendOptions, time::UnixMillis};

/// What is run, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(default)]
pub struct RunArgs {
    /// The folder of requests, as an absolute path.
    pub folder: String,
    /// The environment, by name or by its file's name.
    pub environment: Option<String>,
    /// Variables that come before those of the environment.
    pub variables: BTreeMap<String, String>,
    /// Only these: paths in the folder (a folder means all in it) or names of requests. All if empty.
    pub only: Vec<String>,
    /// Whether the first that fails ends the run.
    pub bail: bool,
    /// How the requests are sent.
    pub options: SendOptions,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RunReport {
    /// The folder's name for people.
    pub name: String,
    /// The environment's name.
    pub environment: Option<String>,
    /// When it began.
    pub started: UnixMillis,
    /// How long it took, in milliseconds.
    pub total_ms: f64,
    /// How many requests were as expected.
    pub passed: u32,
    /// How many were not, or have no answer.
    pub failed: u32,
    /// How many were not sent, since the run ended before.
    pub skipped: u32,
    /// The requests in order.
    pub steps: Vec<RunStep>,
}

/// One request of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RunStep {
    /// Its path in the folder.
    pub path: String,
    /// Its name.
    pub name: String,
    /// The method.
    pub method: String,
    /// The URL as it was sent, with references in the place of secrets; with its placeholders if it was
    /// not sent.
    pub url: String,
    /// How it went.
    pub outcome: Outcome,
    /// The status; absent without an answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub total_ms: f64,
    /// The platform's id for the request.
    pub request_id: Option<String>,
    /// What was expected, and what there was.
    pub checks: Vec<CheckResult>,
    /// The variables that were set from the answer.
    pub captured: Vec<String>,
    /// Why there is no answer.
    pub failure: Option<Failure>,
}

/// How one request of a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "RunOutcome"))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Not as expected, or without an answer.
    Failed,
    /// Not sent.
    Skipped,
}

/// What was expected of an answer, and what there was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CheckResult {
    /// What was looked at, such as `status`, `header content-type` or `json $.status`.
    pub what: String,
    /// What it had to be, in words.
    pub expected: String,
    /// What it was, in words.
    pub observed: String,
    /// Whether it held.
    pub passed: bool,
}
