//! The forms that a request is exported in.

use std::{fmt, str::FromStr};

use super::{Plan, go, javascript, python, rust};
use crate::{curl, har, http_file};

/// What a request is exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A curl command for a POSIX shell.
    Curl,
    /// A block of a `.http` file.
    Http,
    /// An HTTP archive.
    Har,
    /// Python with `requests`.
    Python,
    /// JavaScript with `fetch`.
    JavaScript,
    /// Rust with `reqwest`.
    Rust,
    /// Go with `net/http`.
    Go,
}

impl Language {
    /// Every form.
    pub const ALL: [Self; 7] = [
        Self::Curl,
        Self::Http,
        Self::Har,
        Self::Python,
        Self::JavaScript,
        Self::Rust,
        Self::Go,
    ];

    /// Its name in commands.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Http => "http",
            Self::Har => "har",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::Rust => "rust",
            Self::Go => "go",
        }
    }

    /// Writes what `plan` has to send, for the request called `name`.
    #[must_use]
    pub fn write(self, name: &str, plan: &Plan) -> String {
        match self {
            Self::Curl => curl::write(plan),
            Self::Http => http_file::write(name, plan),
            Self::Har => har::write(plan),
            Self::Python => python(plan),
            Self::JavaScript => javascript(plan),
            Self::Rust => rust(plan),
            Self::Go => go(plan),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(id: &str) -> Result<Self, UnknownLanguage> {
        let mut all = Self::ALL.into_iter();
        all.find(|language| language.id() == id)
            .ok_or(UnknownLanguage)
    }
}

/// There is no such form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {list}", list = Language::ALL.map(Language::id).join(", "))]
pub struct UnknownLanguage;
