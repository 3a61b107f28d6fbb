//! Parts of an answer's body, as the window asks for them.

use serde::{Deserialize, Serialize};

/// How a body's text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum BodyForm {
    /// As it came.
    Raw,
    /// JSON indented, one value a line; anything else as it came.
    Pretty,
}

/// Asks for some rows of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RowsOfBody {
    /// The body.
    pub id: u64,
    /// How it is laid out.
    pub form: BodyForm,
    /// The first row, from 0.
    pub from: u64,
    /// How many; fewer come if they are long.
    pub count: u64,
}

/// Some rows of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BodyRows {
    /// How many rows the body has.
    pub total: u64,
    /// Those that were asked for.
    pub rows: Vec<BodyRow>,
}

/// A row of a body: a line, or a part of a long one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BodyRow {
    /// The line's number, from 1; `null` for the further rows of a long line.
    pub line: Option<u32>,
    /// The text, without a line end.
    pub text: String,
}

/// Asks where some words stand in a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FindInBody {
    /// The body.
    pub id: u64,
    /// How it is laid out.
    pub form: BodyForm,
    /// The words.
    pub text: String,
    /// Whether capitals matter.
    pub match_case: bool,
}

/// Where some words stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BodyMatches {
    /// How often.
    pub total: u64,
    /// Where; the first 5,000.
    pub places: Vec<BodyMatch>,
}

/// One place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BodyMatch {
    /// The row, from 0.
    pub row: u64,
    /// The first column, in UTF-16 units.
    pub from: u64,
    /// The column behind the last.
    pub to: u64,
}
