//! The history of requests: what was sent and what came back, with references in the place of secrets. It
//! is kept in a sealed file that only the open vault can read; a request that is sent while the vault is
//! locked is not kept.

use serde::{Deserialize, Serialize};

use crate::{
    compose::Composed,
    error::Failure,
    exchange::{Exchange, SendRequest},
    time::UnixMillis,
};

/// Which entries, the newest first. A field that is absent leaves out nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(default)]
pub struct HistoryFilter {
    /// A text in the method, URL, name, key or request id, in any case.
    pub text: Option<String>,
    /// The name of the key that signed.
    pub key: Option<String>,
    /// The first digit of the status; 0 for requests that have no answer.
    pub status_class: Option<u8>,
    /// The host, with or without its port.
    pub host: Option<String>,
    /// Not before this.
    pub since: Option<UnixMillis>,
    /// The page: entries older than the one with this id.
    pub before: Option<u64>,
    /// How many at most; 100 if absent, never more than 1,000.
    pub limit: Option<u32>,
}

/// One entry, as far as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HistoryRow {
    /// Names the entry; ascending with time.
    pub id: u64,
    /// When it was sent.
    pub at: UnixMillis,
    /// The request's name, if it was saved under one.
    pub name: Option<String>,
    /// The method.
    pub method: String,
    /// The absolute URL, with references in the place of secrets.
    pub url: String,
    /// Host and port.
    pub host: String,
    /// The key that signed.
    pub key: Option<String>,
    /// The status; absent if there was no answer.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub failure: Option<String>,
    /// How long it took, in milliseconds.
    pub total_ms: f64,
    /// The platform's id for the request.
    pub request_id: Option<String>,
}

/// A page of the history.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HistoryPage {
    /// The entries, the newest first.
    pub rows: Vec<HistoryRow>,
    /// Whether older ones fit the filter too.
    pub more: bool,
    /// How many entries there are in all.
    pub total: u64,
    /// How many entries of the file can't be read: they are damaged.
    pub unreadable: u64,
}

/// One entry whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HistoryEntry {
    /// What a list shows of it.
    pub row: HistoryRow,
    /// The request as it can be sent again. A credential that was typed by hand is not kept:
    /// `{{secret:NAME}}` stands in its place.
    pub request: Composed,
    /// What came back. Of a long body only the beginning is kept.
    pub exchange: Option<Exchange>,
    /// Why nothing came back.
    pub failure: Option<Failure>,
}

/// Names an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryId {
    /// Its id.
    pub id: u64,
}

/// Names entries to be removed, or put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRemoveArgs {
    /// Their ids; those that are not there count as removed already.
    pub ids: Vec<u64>,
}

/// How many entries were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HistoryRemoved {
    /// How many.
    pub removed: u64,
}

/// How many entries were put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HistoryRestored {
    /// How many.
    pub restored: u64,
}

/// Names two entries to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryCompareArgs {
    /// The one.
    pub left: u64,
    /// The other.
    pub right: u64,
}

/// How two answers differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Comparison {
    /// Both statuses; absent where there was no answer.
    pub status: (Option<u16>, Option<u16>),
    /// Header lines that differ.
    pub headers: Vec<HeaderDifference>,
    /// The bodies line by line; JSON is set out in lines first. Empty if they are the same.
    pub body: Vec<DiffLine>,
    /// Whether the bodies are the same bytes.
    pub same_body: bool,
    /// Why the bodies were not compared line by line: they are no text, or too long.
    pub body_note: Option<String>,
}

/// A header whose lines differ between two answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HeaderDifference {
    /// Its name in lower case.
    pub name: String,
    /// Its lines in the one answer.
    pub left: Vec<String>,
    /// Its lines in the other.
    pub right: Vec<String>,
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DiffLine {
    /// Where it stands.
    pub side: DiffSide,
    /// The line without its end.
    pub text: String,
}

/// Where a line of a comparison stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DiffSide {
    /// In both.
    Both,
    /// In the one alone.
    Left,
    /// In the other alone.
    Right,
}

/// A request that a program sent by itself, and what came back.
#[derive(Serialize, Deserialize)]
pub struct SentElsewhere {
    /// When it was sent.
    pub at: UnixMillis,
    /// The request. It took nothing out of the vault.
    pub request: SendRequest,
    /// What came back.
    pub came_back: Result<Exchange, Failure>,
}
