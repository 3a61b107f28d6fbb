//! Foreign files as they lie on a disk: which format one has, and reading it.

use std::{fmt, str::FromStr};

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use crate::{
    curl, har, http_file,
    import::Import,
    openapi, postman,
    problem::{Place, Problem},
    raw,
};

/// How much of a file is looked at to tell its format.
const LOOKED_AT: usize = 64 * 1024;

/// What a foreign file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// curl command lines.
    Curl,
    /// A `.http` file.
    Http,
    /// An environment file beside a `.http` file.
    HttpEnvironments,
    /// A Postman collection or environment.
    Postman,
    /// An OpenAPI description.
    OpenApi,
    /// An HTTP archive.
    Har,
    /// One request as bytes.
    Raw,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Curl,
        Self::Http,
        Self::HttpEnvironments,
        Self::Postman,
        Self::OpenApi,
        Self::Har,
        Self::Raw,
    ];

    /// Its name in commands.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Http => "http",
            Self::HttpEnvironments => "http-env",
            Self::Postman => "postman",
            Self::OpenApi => "openapi",
            Self::Har => "har",
            Self::Raw => "raw",
        }
    }

    /// The format of a file, by what it holds and then by its name; `None` if neither tells.
    #[must_use]
    pub fn of(file_name: &str, bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let name = file_name.to_ascii_lowercase();
        if name.ends_with(".env.json") {
            return Some(Self::HttpEnvironments);
        }
        if bytes.trim_ascii_start().starts_with(b"{") {
            return of_json(bytes).or_else(|| name.ends_with(".har").then_some(Self::Har));
        }
        let start = String::from_utf8_lossy(bytes.get(..LOOKED_AT).unwrap_or(bytes));
        if name.ends_with(".http") || name.ends_with(".rest") {
            return Some(Self::Http);
        }
        let is_openapi = |line: &str| line.starts_with("openapi:") || line.starts_with("swagger:");
        if name.ends_with(".yaml") || name.ends_with(".yml") || start.lines().any(is_openapi) {
            return Some(Self::OpenApi);
        }
        let first = start.lines().find(|line| !line.trim().is_empty())?;
        if first.trim_end().ends_with(" HTTP/1.1") || first.trim_end().ends_with(" HTTP/1.0") {
            return Some(Self::Raw);
        }
        let is_curl = |line: &str| {
            let line = line
                .trim_start()
                .trim_start_matches(['$', '>'])
                .trim_start();
            line.starts_with("curl ") || line.starts_with("curl.exe ")
        };
        if start.lines().any(is_curl) {
            return Some(Self::Curl);
        }
        first.starts_with("###").then_some(Self::Http)
    }

    /// Reads a file. What comes in holds the file's secrets: see [`Import::without_secrets`].
    #[must_use]
    pub fn parse(self, bytes: &[u8]) -> Import {
        match self {
            Self::Curl | Self::Http => match text(bytes) {
                Ok(text) if self == Self::Curl => curl::parse(text),
                Ok(text) => http_file::parse(text),
                Err(problem) => Import::failed(problem),
            },
            Self::HttpEnvironments => http_file::parse_environments(bytes),
            Self::Postman => postman::parse(bytes),
            Self::OpenApi => openapi::parse(bytes),
            Self::Har => har::parse(bytes, None),
            Self::Raw => raw::parse(bytes),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(id: &str) -> Result<Self, UnknownFormat> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.id() == id).ok_or(UnknownFormat)
    }
}

/// There is no such format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {list}", list = Format::ALL.map(Format::id).join(", "))]
pub struct UnknownFormat;

fn text(bytes: &[u8]) -> Result<&str, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let sound = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        Problem::new(Place::at(&sound, sound.len()), "this is not UTF-8")
    })
}

/// By the names at the top of an object, as far as it can be read.
fn of_json(bytes: &[u8]) -> Option<Format> {
    let mut format = None;
    // A malformed rest is told by the parser, with its place.
    let _ = serde_json::Deserializer::from_slice(bytes).deserialize_map(Top(&mut format));
    format
}

struct Top<'a>(&'a mut Option<Format>);

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let format = match name.as_str() {
                "openapi" | "swagger" => Format::OpenApi,
                "item" | "values" | "_postman_variable_scope" => Format::Postman,
                "log" => Format::Har,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *self.0 = Some(format);
            // What is left over is no error here: the rest is not read.
            return Ok(());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_by_what_the_file_holds() {
        for (name, bytes, expected) in [
            (
                "x.json",
                "{\"info\": {}, \"item\": [",
                Some(Format::Postman),
            ),
            (
                "x.json",
                "\u{feff}{\"openapi\": \"3.1.0\", !",
                Some(Format::OpenApi),
            ),
            ("x.json", "{\"log\": {}}", Some(Format::Har)),
            ("x.har", "{ !", Some(Format::Har)),
            ("x.json", "{\"a\": 1}", None),
            (
                "http-client.env.json",
                "{\"a\": {}}",
                Some(Format::HttpEnvironments),
            ),
            ("x.yaml", "# x\ninfo:\n", Some(Format::OpenApi)),
            ("x", "info: 1\nopenapi: 3.1.0\n", Some(Format::OpenApi)),
            ("x.txt", "# try\n$ curl https://h", Some(Format::Curl)),
            ("x.txt", "\r\nGET / HTTP/1.1\r\n", Some(Format::Raw)),
            ("x.http", "GET / HTTP/1.1\n", Some(Format::Http)),
            ("x", "### a\nGET https://h\n", Some(Format::Http)),
            ("x", "hello", None),
            ("x", "", None),
        ] {
            assert_eq!(Format::of(name, bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_format_is_named_as_it_says() {
        for format in Format::ALL {
            assert_eq!(format.id().parse(), Ok(format));
        }
        assert_eq!("x".parse::<Format>(), Err(UnknownFormat));
    }
}
