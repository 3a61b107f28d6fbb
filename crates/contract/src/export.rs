//! Exports of the platform's audit log, each with a proof that can be checked later
//! (docs/AUDIT-FORMAT.md). Which rows is an [`AuditQuery`](crate::audit::AuditQuery).

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// JSON Lines: each row an [`AuditRowView`](crate::manage::AuditRowView).
    Jsonl,
    /// CSV (RFC 4180) with a line of names. No field is a formula to a spreadsheet.
    Csv,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Jsonl, Self::Csv];

    /// Its name, and what files of it end with.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ExportFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.into_iter().find(|format| format.as_str() == text);
        known.ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// Exports have no such format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("format is {0:?}, not jsonl or csv")]
pub struct UnknownFormat(pub String);

/// What the platform signs of an export: `GET /manage/v1/audit/export` ends with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ExportProof {
    /// The log's id, in hex.
    pub log: String,
    /// How the rows are written.
    pub format: ExportFormat,
    /// What rows had to fit: the parameters that were given.
    pub filters: BTreeMap<String, String>,
    /// How many rows were exported.
    pub rows: u64,
    /// How many bytes they are.
    pub bytes: u64,
    /// SHA-256 of these bytes, in hex, as `sha256sum` prints it.
    pub sha256: String,
    /// The first row of the log that was looked at.
    pub first_row: u64,
    /// The row behind the last one that was looked at.
    pub end_row: u64,
    /// The chain's link before `first_row`, in hex.
    pub link_before: String,
    /// The chain's link before `end_row`, in hex.
    pub link_after: String,
    /// The real time.
    pub at: UnixMillis,
    /// A signed checkpoint over all rows before `end_row`, in hex, as those that
    /// [`VerifyAudit`](crate::audit::VerifyAudit) takes.
    pub checkpoint: String,
    /// The signature of all of the above but the checkpoint, in hex.
    pub signature: String,
}

/// The last line of `GET /manage/v1/audit/export`, which is no row. If it is a
/// [`FailureDocument`](crate::error::FailureDocument), or missing, the export is incomplete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportEnd {
    /// The proof of the bytes before this line.
    pub proof: ExportProof,
}

/// The answer to `POST /manage/v1/audit/export/verify`: what the platform says to a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ExportVerification {
    /// Whether nothing was found.
    pub ok: bool,
    /// How many of the rows that were looked at retention has cut off since: what they were is
    /// vouched for by the signature, not by the log any more.
    pub rows_cut: u64,
    /// The first bad row of the log, if one is bad.
    pub first_bad: Option<u64>,
    /// What is wrong, in one sentence.
    pub problem: Option<String>,
}
