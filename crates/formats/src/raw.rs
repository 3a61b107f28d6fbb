//! HTTP/1.1 requests as bytes (RFC 9112), kept exactly, with what is odd about them.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    import::{Import, name_of, split_url, take_content_type, typed_body},
    problem::{Place, Problem},
    request::{Body, Entry, Method, SavedRequest},
    template,
};

/// A request as it stands, borrowed from its bytes.
pub struct RawRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The request target, as it stands.
    pub target: &'a str,
    /// The version, such as `HTTP/1.1`; empty if the line has none.
    pub version: &'a str,
    /// The header lines in order.
    pub fields: Vec<RawField<'a>>,
    /// What comes behind the empty line, as it stands.
    pub body: &'a [u8],
    /// What is odd: bare line feeds, white space where none belongs, folded lines, a length that is not
    /// the body's.
    pub oddities: Vec<Problem>,
}

/// A header line as it stands.
#[derive(Clone, Copy)]
pub struct RawField<'a> {
    /// The name, in the case it is written in, without white space.
    pub name: &'a str,
    /// The value's bytes between the colon and the line's end, white space included.
    pub raw_value: &'a [u8],
}

impl<'a> RawField<'a> {
    /// The value without the optional white space around it (RFC 9110, section 5.5).
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        let mut value = self.raw_value;
        while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
            value = rest;
        }
        value
    }
}

impl<'a> RawRequest<'a> {
    /// Reads one request. Empty lines before it are passed over.
    ///
    /// # Errors
    ///
    /// [`Problem`] with the line, if there is no request line or a line is no header.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        let mut lines = Lines {
            rest: bytes,
            number: 0,
            bare: None,
        };
        let mut oddities = Vec::new();
        let start = loop {
            match lines.next() {
                Some(line) if line.iter().all(u8::is_ascii_whitespace) => {}
                Some(line) => break line,
                None => {
                    return Err(Problem::new(
                        Place::Whole,
                        "there is no request here: expected a line such as POST /path HTTP/1.1",
                    ));
                }
            }
        };
        let (method, target, version) = request_line(start, lines.number, &mut oddities)?;
        let mut fields: Vec<RawField<'a>> = Vec::new();
        let mut ended = false;
        while let Some(line) = lines.next() {
            if line.is_empty() {
                ended = true;
                break;
            }
            let place = |column| Place::Line {
                line: lines.number,
                column,
            };
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                oddities.push(Problem::new(
                    place(1),
                    "this header line is folded, which RFC 9112, section 5.2 forbids to senders; it is kept with the line before",
                ));
                let Some(last) = fields.last_mut() else {
                    return Err(Problem::new(
                        place(1),
                        "white space stands before the first header",
                    ));
                };
                last.raw_value = joined(bytes, last.raw_value, line);
                continue;
            }
            let colon = line.iter().position(|&byte| byte == b':').ok_or_else(|| {
                Problem::new(
                    place(1),
                    "this line is no header: expected name: value, or an empty line before the body",
                )
            })?;
            let name = line.get(..colon).unwrap_or_default();
            let trimmed = name.trim_ascii();
            if trimmed.len() != name.len() {
                oddities.push(Problem::new(
                    place(trimmed.len() + 1),
                    "white space stands before the colon, which servers refuse (RFC 9112, section 5.1)",
                ));
            }
            let name = std::str::from_utf8(trimmed)
                .ok()
                .filter(|name| name.parse::<Method>().is_ok())
                .ok_or_else(|| {
                    Problem::new(
                        place(1),
                        "this is no header name: letters, digits and !#$%&'*+-.^_`|~ before the colon",
                    )
                })?;
            let raw_value = line.get(colon + 1..).unwrap_or_default();
            if raw_value.contains(&b'\r') || raw_value.contains(&0) {
                oddities.push(Problem::new(
                    place(colon + 2),
                    format!("the value of {name} holds a bare CR or a NUL"),
                ));
            }
            if raw_value.len() > 1 && raw_value.ends_with(b" ") {
                oddities.push(Problem::new(
                    place(line.len()),
                    format!("white space ends the line of {name}; it is no part of the value"),
                ));
            }
            fields.push(RawField { name, raw_value });
        }
        if let Some(line) = lines.bare {
            oddities.push(Problem::new(
                Place::Line { line, column: 1 },
                "lines end with a bare LF; on the wire they end with CR LF (RFC 9112, section 2.2)",
            ));
        }
        if !ended {
            oddities.push(Problem::new(
                Place::Line {
                    line: lines.number,
                    column: 1,
                },
                "no empty line ends the headers; the body, if there was one, is missing",
            ));
        }
        let mut request = Self {
            method,
            target,
            version,
            fields,
            body: lines.rest,
            oddities,
        };
        request.check_length();
        Ok(request)
    }

    /// The value of the first line called `name`, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(RawField::value)
    }

    /// The content: the body, without the framing of chunks where it has some that is whole.
    #[must_use]
    pub fn content(&self) -> Cow<'a, [u8]> {
        let chunked = self
            .header("transfer-encoding")
            .is_some_and(|value| value.to_ascii_lowercase().ends_with(b"chunked"));
        match chunked.then(|| dechunked(self.body)).flatten() {
            Some(content) => Cow::Owned(content),
            None => Cow::Borrowed(self.body),
        }
    }

    fn check_length(&mut self) {
        let Some(value) = self.header("content-length") else {
            return;
        };
        let length: Option<usize> = std::str::from_utf8(value)
            .ok()
            .and_then(|text| text.parse().ok());
        match length {
            Some(length) if length == self.body.len() => {}
            Some(length) => self.oddities.push(Problem::new(
                Place::Whole,
                format!(
                    "content-length says {length}, and the body here has {} bytes",
                    self.body.len()
                ),
            )),
            None => self
                .oddities
                .push(Problem::new(Place::Whole, "content-length is no number")),
        }
    }
}

/// Reads a raw request as one of ours. The target goes to the host that the `host` header names, over
/// HTTPS.
#[must_use]
pub fn parse(bytes: &[u8]) -> Import {
    let raw = match RawRequest::parse(bytes) {
        Ok(raw) => raw,
        Err(problem) => return Import::failed(problem),
    };
    let mut import = Import::default();
    let content = raw.content().into_owned();
    let url = if raw.target.contains("://") {
        raw.target.to_owned()
    } else {
        match raw.header("host").map(String::from_utf8_lossy) {
            Some(host) => format!("https://{host}{}", raw.target),
            None => {
                import.problems.push(Problem::new(
                    Place::Whole,
                    "there is no host header; {{base_url}} stands for where it goes",
                ));
                format!("{{{{base_url}}}}{}", template::escape(raw.target))
            }
        }
    };
    let url = if raw.header("host").is_some() || raw.target.contains("://") {
        template::escape(&url)
    } else {
        url
    };
    let mut headers = Vec::new();
    for field in &raw.fields {
        if FRAMING
            .iter()
            .any(|name| field.name.eq_ignore_ascii_case(name))
        {
            continue;
        }
        match std::str::from_utf8(field.value()) {
            Ok(value) => {
                let value = value.replace(['\r', '\n', '\0'], " ");
                headers.push(Entry::new(field.name, template::escape(&value)));
            }
            Err(_) => import.problems.push(Problem::new(
                Place::Whole,
                format!("the header {} is no UTF-8 and is left out", field.name),
            )),
        }
    }
    let body = body_of(content, &mut headers);
    let (url, query) = split_url(&url);
    let method = raw.method.parse().unwrap_or_default();
    import.add(SavedRequest {
        name: name_of(raw.method, &url),
        method,
        url,
        query,
        headers,
        body,
        ..SavedRequest::default()
    });
    import.problems.extend(raw.oddities);
    import
}

/// Headers that the sender writes itself.
pub(crate) const FRAMING: [&str; 4] = ["host", "content-length", "connection", "transfer-encoding"];

/// Bytes as a body, by their content type.
pub(crate) fn body_of(bytes: Vec<u8>, headers: &mut Vec<Entry>) -> Option<Body> {
    if bytes.is_empty() {
        return None;
    }
    Some(match String::from_utf8(bytes) {
        Ok(text) => typed_body(template::escape(&text), headers),
        Err(error) => Body::Binary {
            bytes: error.into_bytes(),
            content_type: take_content_type(headers).map(|(_, line)| line.value),
        },
    })
}

/// Base64 as bytes, for formats that carry bytes so.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD
        .decode(text.split_ascii_whitespace().collect::<String>())
        .ok()
}

fn request_line<'a>(
    line: &'a [u8],
    number: usize,
    oddities: &mut Vec<Problem>,
) -> Result<(&'a str, &'a str, &'a str), Problem> {
    let place = Place::Line {
        line: number,
        column: 1,
    };
    let expected = || {
        Problem::new(
            place.clone(),
            "this is no request line: expected METHOD TARGET HTTP/1.1, such as GET /path HTTP/1.1",
        )
    };
    let line = std::str::from_utf8(line).map_err(|_| expected())?;
    let (method, rest) = line.trim_start().split_once(' ').ok_or_else(expected)?;
    if method.parse::<Method>().is_err() || method.starts_with("HTTP/") {
        return Err(expected());
    }
    let rest = rest.trim();
    let (target, version) = match rest.rsplit_once(' ') {
        Some((target, version)) if version.starts_with("HTTP/") => (target.trim_end(), version),
        _ => {
            oddities.push(Problem::new(
                place.clone(),
                "the request line has no version; HTTP/1.1 is meant",
            ));
            (rest, "")
        }
    };
    if target.is_empty() {
        return Err(expected());
    }
    if target.contains(char::is_whitespace) {
        oddities.push(Problem::new(
            place,
            "the target holds a space, which belongs percent-encoded",
        ));
    }
    Ok((method, target, version))
}

struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
    /// The first line that ends with LF alone.
    bare: Option<usize>,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') else {
            let line = self.rest;
            self.rest = &[];
            return Some(line);
        };
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Some(line.strip_suffix(b"\r").unwrap_or_else(|| {
            self.bare.get_or_insert(self.number);
            line
        }))
    }
}

/// A value and the folded line behind it, with what stands between, from the bytes they are both of.
fn joined<'a>(bytes: &'a [u8], value: &[u8], line: &[u8]) -> &'a [u8] {
    let begin = value.as_ptr().addr() - bytes.as_ptr().addr();
    let end = line.as_ptr().addr() + line.len() - bytes.as_ptr().addr();
    bytes.get(begin..end).unwrap_or_default()
}

/// The content of a chunked body (RFC 9112, section 7.1); `None` if it is not whole.
fn dechunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let end = rest.iter().position(|&byte| byte == b'\n')?;
        let line = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = line.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = rest.get(end + 1..)?;
        if size == 0 {
            return Some(content);
        }
        content.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?;
        rest = rest
            .strip_prefix(b"\r\n")
            .or_else(|| rest.strip_prefix(b"\n"))?;
    }
}
