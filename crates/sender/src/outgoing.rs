//! A finished request: every byte of it is decided here, before anything is sent.

use std::fmt;

use http::Method;
use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_crypto::SecretBytes;

use crate::target::Target;

/// One header. Its value counts as a secret: it is wiped on drop and never printed.
pub struct Header {
    name: String,
    value: SecretBytes,
}

impl Header {
    /// A header whose name keeps its case on the wire.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is not a token (RFC 9110, section 5.1), or if the value holds a
    /// control character other than tab (RFC 9110, section 5.5). The value is never repeated.
    pub fn new(name: &str, value: SecretBytes) -> Result<Self, RequestError> {
        if name.is_empty() {
            return Err(RequestError::HeaderName(None));
        }
        if let Some(found) = name.chars().find(|character| !is_token(*character)) {
            return Err(RequestError::HeaderName(Some(found)));
        }
        let control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
        if let Some(found) = value.expose_secret().iter().copied().find(control) {
            return Err(RequestError::HeaderValue {
                name: name.to_owned(),
                line_end: matches!(found, b'\r' | b'\n'),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            value,
        })
    }

    /// The name as it goes on the wire.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value as it goes on the wire.
    #[must_use]
    pub const fn value(&self) -> &SecretBytes {
        &self.value
    }

    fn line(&self) -> (&str, &[u8]) {
        (&self.name, self.value.expose_secret())
    }
}

/// A header that the request did not have and needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// `Host` or `Content-Length`.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

impl Added {
    fn line(&self) -> (&str, &[u8]) {
        (self.name, self.value.as_bytes())
    }
}

/// A finished, already signed request. It is sent byte for byte.
pub struct Outgoing {
    method: Method,
    target: Target,
    headers: Vec<Header>,
    body: SecretBytes,
    host: Option<Added>,
    content_length: Option<Added>,
}

impl Outgoing {
    /// Puts a request together. `Host` is added in front and `Content-Length` at the end, each only
    /// if it is absent and needed (RFC 9112, section 3.2; RFC 9110, section 8.6).
    ///
    /// # Errors
    ///
    /// [`RequestError`] if `method` is not a token, or is `CONNECT`.
    pub fn new(
        method: &str,
        target: Target,
        headers: Vec<Header>,
        body: SecretBytes,
    ) -> Result<Self, RequestError> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| RequestError::Method)?;
        if method == Method::CONNECT {
            return Err(RequestError::Connect);
        }
        let given = |name: &str| {
            headers
                .iter()
                .any(|header| header.name.eq_ignore_ascii_case(name))
        };
        let expects_body = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
        let host = (!given("host")).then(|| Added {
            name: "Host",
            value: target.authority(),
        });
        let sized = given("content-length") || given("transfer-encoding");
        let content_length = (!sized && (expects_body || !body.is_empty())).then(|| Added {
            name: "Content-Length",
            value: body.len().to_string(),
        });
        Ok(Self {
            method,
            target,
            headers,
            body,
            host,
            content_length,
        })
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// Where it goes.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The headers as given, in order.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &SecretBytes {
        &self.body
    }

    /// What was added to the headers: `Host` goes before them, `Content-Length` after.
    pub fn added(&self) -> impl Iterator<Item = &Added> {
        self.host.iter().chain(&self.content_length)
    }

    pub(crate) const fn parsed_method(&self) -> &Method {
        &self.method
    }

    /// The values of every `Host` header that goes on the wire.
    pub(crate) fn host_values(&self) -> impl Iterator<Item = &[u8]> {
        self.headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case("host"))
            .map(|header| header.value.expose_secret())
    }

    /// Request line and header section (RFC 9112, sections 3 and 5), with the empty line.
    pub(crate) fn head(&self) -> SecretBytes {
        self.joined(&[], b"")
    }

    /// The head, with `added` behind the headers as given, and the body.
    pub(crate) fn message(&self, added: &[Header]) -> SecretBytes {
        self.joined(added, self.body.expose_secret())
    }

    fn joined(&self, added: &[Header], body: &[u8]) -> SecretBytes {
        let host = self.host.iter().map(Added::line);
        let given = self.headers.iter().chain(added).map(Header::line);
        let length = self.content_length.iter().map(Added::line);
        let fields = 4 * (self.headers.len() + added.len() + 2);
        let mut parts = Vec::with_capacity(fields + 6);
        parts.extend([
            self.method.as_str().as_bytes(),
            b" ",
            self.target.path_and_query().as_bytes(),
            b" HTTP/1.1\r\n",
        ]);
        for (name, value) in host.chain(given).chain(length) {
            parts.extend([name.as_bytes(), b": ", value, b"\r\n"]);
        }
        parts.extend([b"\r\n", body]);
        // One allocation of the right size: growing would leave copies of secrets behind.
        SecretBytes::new(parts.concat())
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(Header::name).collect();
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("target", &self.target)
            .field("header_names", &names)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(
            character,
            '!' | '#'
                | '$'
                | '%'
                | '&'
                | '\''
                | '*'
                | '+'
                | '-'
                | '.'
                | '^'
                | '_'
                | '`'
                | '|'
                | '~'
        )
}

/// A request that HTTP can't express.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The method is not a token.
    #[error("the method is malformed: expected a word such as GET or POST")]
    Method,
    /// `CONNECT` opens a tunnel and has no answer to show.
    #[error("the method CONNECT opens a tunnel through a proxy; it is not a request to a server")]
    Connect,
    /// A header's name is empty, or holds a character that is not allowed there. The name is not
    /// repeated: a value may have slipped into it.
    #[error("{}", header_name_problem(*.0))]
    HeaderName(Option<char>),
    /// A header's value holds a control character.
    #[error("the value of the header {name} holds a {}", if *.line_end { "line end" } else { "control character" })]
    HeaderValue {
        /// The header.
        name: String,
        /// Whether it is a carriage return or a line feed.
        line_end: bool,
    },
}

fn header_name_problem(found: Option<char>) -> String {
    found.map_or_else(
        || "a header's name is empty".to_owned(),
        |found| {
            format!(
                "a header's name holds {}: expected letters, digits and !#$%&'*+-.^_`|~",
                found.escape_debug()
            )
        },
    )
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        let hint = match &error {
            RequestError::Method | RequestError::Connect => {
                "use GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS"
            }
            RequestError::HeaderName(_) => "write a header as NAME: VALUE",
            RequestError::HeaderValue { line_end: true, .. } => {
                "a header is one line: drop the line end, which may come from a file or a paste"
            }
            RequestError::HeaderValue { .. } => "drop it, or encode the value",
        };
        Self::new(ErrorCode::Usage, error.to_string()).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(value: &str) -> SecretBytes {
        SecretBytes::copy_of(value.as_bytes())
    }

    fn header(name: &str, value: &str) -> Header {
        Header::new(name, secret(value)).unwrap_or_else(|error| panic!("{error}"))
    }

    fn head(method: &str, url: &str, headers: Vec<Header>, body: &str) -> String {
        let target = Target::parse(url).unwrap();
        let outgoing = Outgoing::new(method, target, headers, secret(body)).unwrap();
        String::from_utf8(outgoing.head().expose_secret().to_vec()).unwrap()
    }

    #[test]
    fn only_what_is_absent_and_needed_is_added() {
        for (method, headers, body, expected) in [
            ("GET", vec![], "", "GET /?q HTTP/1.1\r\nHost: h:1\r\n\r\n"),
            (
                "POST",
                vec![],
                "",
                "POST /?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n",
            ),
            (
                "GET",
                vec![header("hOsT", "other")],
                "body",
                "GET /?q HTTP/1.1\r\nhOsT: other\r\nContent-Length: 4\r\n\r\n",
            ),
            (
                "PUT",
                vec![header("content-length", "9"), header("HOST", "")],
                "body",
                "PUT /?q HTTP/1.1\r\ncontent-length: 9\r\nHOST: \r\n\r\n",
            ),
            (
                "PURGE",
                vec![header("Transfer-Encoding", "chunked")],
                "0\r\n\r\n",
                "PURGE /?q HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
        ] {
            assert_eq!(head(method, "https://h:1/?q", headers, body), expected);
        }
    }

    #[test]
    fn what_http_cannot_express_is_refused_without_repeating_it() {
        for name in ["", "a b", "x:y", "n\r\nX", "é", "canary=secret"] {
            let error = Header::new(name, secret("")).err().unwrap();
            assert!(matches!(error, RequestError::HeaderName(_)), "{name:?}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        for (value, line_end) in [
            ("canary\n", true),
            ("canary\r\nX: y", true),
            ("canary\0", false),
            ("canary\x7f", false),
        ] {
            let error = Header::new("app-id", secret(value)).err().unwrap();
            let name = "app-id".to_owned();
            assert_eq!(error, RequestError::HeaderValue { name, line_end });
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        for value in ["", "\ttab", "obs-text \u{e9}", " spaces "] {
            assert!(Header::new("app-id", secret(value)).is_ok(), "{value:?}");
        }
        let target = Target::parse("https://h/").unwrap();
        for method in ["", "GET /x", "G\r\n", "CONNECT", "é"] {
            let sent = Outgoing::new(method, target.clone(), vec![], secret(""));
            assert!(sent.is_err(), "{method:?}");
        }
    }
}
