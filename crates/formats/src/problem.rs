//! What was wrong with a file, and where.

use std::fmt;

/// Where in a file something stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// Nowhere in particular.
    #[default]
    Whole,
    /// A line and a column, both from 1; columns count characters.
    Line {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A JSON pointer (RFC 6901) into a JSON or YAML document.
    Pointer(String),
}

impl Place {
    /// The place of byte `offset` of `text`; of its end if that is beyond it.
    #[must_use]
    pub fn at(text: &str, offset: usize) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |newline| newline + 1);
        let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default())
            .chars()
            .count()
            + 1;
        Self::Line { line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line { line, column } => write!(f, "{line}:{column}"),
            Self::Pointer(pointer) => f.write_str(pointer),
        }
    }
}

/// Something that did not come in as it stands, or not at all. It quotes no value that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{separator}{place}{colon}{message}",
    file = .file.as_deref().unwrap_or_default(),
    separator = if .file.is_some() && *.place != Place::Whole { ":" } else { "" },
    colon = if .file.is_some() || *.place != Place::Whole { ": " } else { "" })]
pub struct Problem {
    /// The file's name, as the caller gave it.
    pub file: Option<String>,
    /// Where in it.
    pub place: Place,
    /// What was wrong, what was expected, what became of it.
    pub message: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            file: None,
            place,
            message: message.into(),
        }
    }

    /// The same in the file called `file`.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "ä\nöü b";
        assert_eq!(Place::at(text, 0).to_string(), "1:1");
        assert_eq!(Place::at(text, text.find('b').unwrap()).to_string(), "2:4");
        assert_eq!(Place::at(text, 999).to_string(), "2:5");
        assert_eq!(Place::at("a\n", 2).to_string(), "2:1");
    }

    #[test]
    fn a_problem_names_file_and_place() {
        let problem = Problem::new(Place::Line { line: 3, column: 9 }, "no");
        assert_eq!(problem.to_string(), "3:9: no");
        assert_eq!(problem.in_file("a.http").to_string(), "a.http:3:9: no");
        let pointer = Problem::new(Place::Pointer("/paths".to_owned()), "no");
        assert_eq!(pointer.in_file("a.json").to_string(), "a.json:/paths: no");
        assert_eq!(Problem::new(Place::Whole, "no").to_string(), "no");
        let whole = Problem::new(Place::Whole, "no").in_file("f");
        assert_eq!(whole.to_string(), "f: no");
    }
}
