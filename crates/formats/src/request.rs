//! A request as it is composed and saved: with variables in it, unsigned, without a secret.

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::expect::{Capture, Expectations};

/// A saved request. Every text may hold placeholders (see [`crate::template`]), filled in before it is
/// signed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SavedRequest {
    /// The name for people. Not unique.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its place among its neighbours in a folder: ascending, those without one last, by file name.
    pub order: Option<u32>,
    /// The method.
    pub method: Method,
    /// The URL. It may hold a query, which is sent as it stands, before that of `query`.
    pub url: String,
    /// The query table: names and values as they read, percent-encoded when sent (see [`crate::query`]).
    pub query: Vec<Entry>,
    /// The header lines in order. Names may repeat.
    pub headers: Vec<Entry>,
    /// The content.
    pub body: Option<Body>,
    /// How it is signed.
    pub auth: Option<Auth>,
    /// What the answer must be.
    pub expect: Expectations,
    /// What is carried on from the answer to later requests.
    pub capture: Vec<Capture>,
    /// How it is sent.
    pub options: Options,
}

impl SavedRequest {
    /// The whole URL: `url` with the enabled entries of the query table, its placeholders in place.
    #[must_use]
    pub fn full_url(&self) -> String {
        crate::query::join(&self.url, &self.query)
    }

    /// The value of the first enabled header line called `name`, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|line| line.enabled && line.name.eq_ignore_ascii_case(name))
            .map(|line| line.value.as_str())
    }

    /// The content type that is sent unless a header says another: what the body implies. A multipart
    /// body's boundary is the sender's to choose, so none is given for it.
    #[must_use]
    pub fn implied_content_type(&self) -> Option<&str> {
        if self.header("content-type").is_some() {
            return None;
        }
        match &self.body {
            Some(Body::Json(_)) => Some("application/json"),
            Some(Body::Form(_)) => Some("application/x-www-form-urlencoded"),
            Some(
                Body::Text { content_type, .. }
                | Body::File { content_type, .. }
                | Body::Binary { content_type, .. },
            ) => content_type.as_deref(),
            Some(Body::Multipart(_)) | None => None,
        }
    }
}

/// A method: a token (RFC 9110, section 9.1), case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Method(String);

impl Method {
    /// `GET`.
    #[must_use]
    pub fn get() -> Self {
        Self("GET".to_owned())
    }

    /// `POST`.
    #[must_use]
    pub fn post() -> Self {
        Self("POST".to_owned())
    }

    /// The method.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Method {
    fn default() -> Self {
        Self::get()
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Method {
    type Err = NotAMethod;

    fn from_str(text: &str) -> Result<Self, NotAMethod> {
        if text.is_empty() || text.len() > 64 || !text.bytes().all(is_token_byte) {
            return Err(NotAMethod);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Method {
    type Error = NotAMethod;

    fn try_from(text: String) -> Result<Self, NotAMethod> {
        text.parse()
    }
}

/// A text is not a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a method is one word of letters, digits and !#$%&'*+-.^_`|~, such as GET")]
pub struct NotAMethod;

/// Whether `byte` may stand in a token (RFC 9110, section 5.6.2).
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// One line of a query, header, form or variable table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Whether it is sent. One that is not stays in the table.
    pub enabled: bool,
}

impl Entry {
    /// A line that is sent.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            enabled: true,
        }
    }

    /// The same, kept but not sent.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }
}

/// A request's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// JSON, byte for byte as it is sent.
    Json(String),
    /// A form, sent as `application/x-www-form-urlencoded`.
    Form(Vec<Entry>),
    /// Parts, sent as `multipart/form-data` (RFC 7578).
    Multipart(Vec<Part>),
    /// Text, byte for byte as it is sent.
    Text {
        /// The text.
        text: String,
        /// What the content type is.
        content_type: Option<String>,
    },
    /// A file's bytes.
    File {
        /// The file, as a path from the request's folder.
        path: String,
        /// What the content type is.
        content_type: Option<String>,
    },
    /// Bytes that are no text. They hold no placeholders.
    Binary {
        /// The bytes.
        bytes: Vec<u8>,
        /// What the content type is.
        content_type: Option<String>,
    },
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// What it holds.
    pub content: Content,
    /// What the part's content type is.
    pub content_type: Option<String>,
    /// Whether it is sent.
    pub enabled: bool,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(String),
    /// A file's bytes.
    File {
        /// The file, as a path from the request's folder.
        path: String,
        /// The name it is sent under, if not the path's last part.
        file_name: Option<String>,
    },
}

/// How a request is signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Auth {
    /// The item of the vault: `sr://NAME`, or a variable that stands for that.
    pub key: Option<String>,
    /// The scheme's id, such as `rfc9421-hmac-sha256`. The item's own if absent; `none` for no
    /// signature where a folder or environment has one.
    pub scheme: Option<String>,
    /// What the scheme is told beside the key, such as a region; it comes before what the item says.
    pub settings: BTreeMap<String, String>,
}

/// How a request is sent. There is no option to leave a certificate unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether redirects are followed rather than shown.
    pub follow_redirects: bool,
    /// After how many milliseconds the request is given up; the sender's default if absent.
    pub timeout_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_a_token() {
        for method in ["GET", "get", "M-SEARCH", "X!#$%&'*+-.^_`|~"] {
            assert_eq!(method.parse::<Method>().unwrap().as_str(), method);
        }
        for other in [
            "",
            "GE T",
            "GET\r\n",
            "GÄT",
            "{{m}}",
            "(",
            "a,b",
            &"A".repeat(65),
        ] {
            assert_eq!(other.parse::<Method>(), Err(NotAMethod), "{other:?}");
        }
    }

    #[test]
    fn a_header_of_ones_own_is_what_the_content_type_is() {
        let mut request = SavedRequest {
            body: Some(Body::Json("{}".to_owned())),
            ..SavedRequest::default()
        };
        assert_eq!(request.implied_content_type(), Some("application/json"));
        request.headers = vec![Entry::new("Content-Type", "text/plain").disabled()];
        assert_eq!(request.implied_content_type(), Some("application/json"));
        request.headers.push(Entry::new("CONTENT-TYPE", "a/b"));
        assert_eq!(request.implied_content_type(), None);
        assert_eq!(request.header("content-type"), Some("a/b"));
    }
}
