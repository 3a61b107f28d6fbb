//! What an answer must be, and what is carried on from it.

use std::{fmt, str::FromStr};

use serde_json::Value;

/// What the answer must be. Nothing is expected where nothing is said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expectations {
    /// The status is one of these, if there are any.
    pub status: Vec<StatusMatch>,
    /// The whole exchange takes at most as many milliseconds.
    pub time_ms: Option<u64>,
    /// What header lines must be.
    pub headers: Vec<HeaderCheck>,
    /// What the body's JSON must be.
    pub json: Vec<JsonCheck>,
    /// A file with a JSON Schema that the body satisfies, as a path from the request's folder.
    pub schema: Option<String>,
}

impl Expectations {
    /// Whether nothing is expected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A status, or a class of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusMatch {
    /// This status, 100 to 599.
    Exactly(u16),
    /// Any status with this first digit, 1 to 5.
    Class(u8),
}

impl StatusMatch {
    /// A status.
    ///
    /// # Errors
    ///
    /// [`NotAStatus`] if it is not from 100 to 599.
    pub const fn exactly(status: u16) -> Result<Self, NotAStatus> {
        match status {
            100..=599 => Ok(Self::Exactly(status)),
            _ => Err(NotAStatus),
        }
    }

    /// Whether `status` is meant.
    #[must_use]
    pub const fn matches(self, status: u16) -> bool {
        match self {
            Self::Exactly(one) => one == status,
            Self::Class(class) => status / 100 == class as u16,
        }
    }
}

impl fmt::Display for StatusMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{class}xx"),
        }
    }
}

impl FromStr for StatusMatch {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        match text.as_bytes() {
            [digit @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => Ok(Self::Class(digit - b'0')),
            _ => Self::exactly(text.parse().map_err(|_| NotAStatus)?),
        }
    }
}

/// A text or number is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a status is a number from 100 to 599, or a class such as \"2xx\"")]
pub struct NotAStatus;

/// What the lines of one header must be.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderCheck {
    /// The name, in any case.
    pub name: String,
    /// What must hold for one of its lines; for [`Check::Absent`], that there is none.
    pub check: Check,
}

/// What one place of the body's JSON must be.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonCheck {
    /// The place: a JSONPath (RFC 9535), such as `$.payin.status`.
    pub path: String,
    /// What must hold for one of the nodes there; for [`Check::Absent`], that there is none.
    pub check: Check,
}

/// What must hold for a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// It is this value. Texts may hold placeholders. A header's value is text.
    Equals(Value),
    /// It is a text with this in it, or an array with this text in it.
    Contains(String),
    /// It is a text that this regular expression finds something in.
    Matches(String),
    /// It is a number, and this or more.
    AtLeast(f64),
    /// It is a number, and this or less.
    AtMost(f64),
}

/// A value that is carried on from the answer to the requests after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The variable that it becomes.
    pub name: String,
    /// Where it comes from.
    pub from: Source,
}

/// Where a captured value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The first node of a JSONPath (RFC 9535): a text as it is, anything else as JSON.
    Json(String),
    /// The first line of a header.
    Header(String),
    /// The whole body, as text.
    Body,
    /// The status.
    Status,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_or_a_class_of_them() {
        let class: StatusMatch = "2xx".parse().unwrap();
        assert!(class.matches(204) && !class.matches(301));
        let one: StatusMatch = "404".parse().unwrap();
        assert!(one.matches(404) && !one.matches(405));
        for wrong in ["", "99", "600", "6xx", "2x", "2xxx", "-200", "2e2"] {
            assert_eq!(wrong.parse::<StatusMatch>(), Err(NotAStatus), "{wrong:?}");
        }
    }
}
