//! Where a request goes: its target URI (RFC 9110, section 7.1), as it stands on the wire.
//!
//! Path and query are kept byte for byte as they were written: nothing is decoded, re-encoded,
//! sorted or resolved, since both ends sign what stands on the wire. The host is normalised, as
//! RFC 9421, section 2.2.3 asks: lower case, and no port where it is the scheme's own.

use std::fmt;

use url::Host;

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriScheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl UriScheme {
    /// Lower case, without the colon.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// 80 or 443.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for UriScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A target URI: scheme, host and port, path and query. Its `Debug` shows the origin alone, since a
/// query may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    scheme: UriScheme,
    host: String,
    port: u16,
    authority: String,
    path: String,
    query: Option<String>,
    request_target: String,
}

impl Target {
    /// Reads an absolute URL, as a person writes it.
    ///
    /// An international host name becomes its ASCII form, a final dot of it goes. Whatever else would have to be changed
    /// before it can be sent is refused instead, so that what is typed is what is signed and sent.
    ///
    /// # Errors
    ///
    /// [`TargetError`] says what is wrong with the URL and what to write.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let (scheme, rest) = split_scheme(url)?;
        if rest.contains('#') {
            return Err(TargetError::Fragment);
        }
        let (authority, path_and_query) =
            rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(TargetError::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let mut host = Host::parse(host)
            .map_err(|_| TargetError::Host)?
            .to_string();
        if host.ends_with('.') {
            host.pop();
        }
        if host.is_empty() {
            return Err(TargetError::Host);
        }
        let (path, query) = split_path(path_and_query)?;
        Ok(Self::assemble(scheme, host, port, path, query, None))
    }

    /// Reads what a server received: the `Host` header and the request target of the request line,
    /// in origin form (`/path?query`), absolute form (the header gives way to it; RFC 9112, section
    /// 3.2.2) or asterisk form (`*`).
    ///
    /// # Errors
    ///
    /// [`TargetError`] if the host or the target is malformed.
    pub fn received(
        scheme: UriScheme,
        host: &str,
        request_target: &str,
    ) -> Result<Self, TargetError> {
        if !request_target.starts_with('/') && request_target != "*" {
            let absolute = Self::parse(request_target)?;
            return Ok(Self {
                request_target: request_target.to_owned(),
                ..absolute
            });
        }
        let (name, port) = split_port(host)?;
        if !is_host(name) {
            return Err(TargetError::Host);
        }
        let name = name.to_ascii_lowercase();
        if request_target == "*" {
            return Ok(Self::assemble(scheme, name, port, "", None, Some("*")));
        }
        let (path, query) = split_path(request_target)?;
        Ok(Self::assemble(scheme, name, port, path, query, None))
    }

    fn assemble(
        scheme: UriScheme,
        host: String,
        port: Option<u16>,
        path: &str,
        query: Option<&str>,
        request_target: Option<&str>,
    ) -> Self {
        let port = port.unwrap_or(scheme.default_port());
        let authority = if port == scheme.default_port() {
            host.clone()
        } else {
            format!("{host}:{port}")
        };
        let request_target = request_target.map_or_else(
            || match query {
                Some(query) => format!("{path}?{query}"),
                None => path.to_owned(),
            },
            str::to_owned,
        );
        Self {
            scheme,
            host,
            port,
            authority,
            path: path.to_owned(),
            query: query.map(str::to_owned),
            request_target,
        }
    }

    /// `http` or `https`.
    #[must_use]
    pub const fn scheme(&self) -> UriScheme {
        self.scheme
    }

    /// The host in lower case; an IPv6 address stands in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also if it is the scheme's own.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// `host`, or `host:port` if the port is not the scheme's own: what the `Host` header says.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path, never empty: `/` stands for an empty one (RFC 9421, section 2.2.6).
    #[must_use]
    pub fn path(&self) -> &str {
        if self.path.is_empty() {
            "/"
        } else {
            &self.path
        }
    }

    /// What follows the `?`, without it; `None` if there is no `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// What stands in the request line: `/path?query` unless another form was received.
    #[must_use]
    pub fn request_target(&self) -> &str {
        &self.request_target
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}://{})", self.scheme, self.authority)
    }
}

impl fmt::Display for Target {
    /// The absolute URI without a fragment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)?;
        match &self.query {
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

/// A URL, `Host` header or request target cannot be used. Repeats no part of it but one character,
/// since a mistyped URL may hold a secret anywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No scheme.
    #[error("the URL does not start with https:// or http://")]
    NoScheme,
    /// A scheme that is not HTTP.
    #[error("the URL's scheme is neither https nor http")]
    Scheme,
    /// No host.
    #[error("the URL has no host; write one after ://, as in https://api.example.com/path")]
    NoHost,
    /// A host that is no name and no address.
    #[error("the host is neither a host name nor an IP address")]
    Host,
    /// A port that is no number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// Credentials in the URL.
    #[error(
        "the URL has a user name or password before an @; put credentials in the vault instead"
    )]
    UserInfo,
    /// A fragment, which is never sent.
    #[error(
        "the URL has a fragment (#), which is never sent; remove it, or write %23 for a literal #"
    )]
    Fragment,
    /// A character that must be percent-encoded.
    #[error(
        "the {part} has {character:?} at byte {at}, which can't be sent as it is; percent-encode it"
    )]
    Character {
        /// `path` or `query`.
        part: &'static str,
        /// The character.
        character: char,
        /// Where it stands in path and query, from 0.
        at: usize,
    },
    /// A percent sign that starts no escape.
    #[error(
        "the {part} has a % at byte {at} without two hex digits behind it; write %25 for a literal %"
    )]
    Percent {
        /// `path` or `query`.
        part: &'static str,
        /// Where it stands in path and query, from 0.
        at: usize,
    },
}

fn split_scheme(url: &str) -> Result<(UriScheme, &str), TargetError> {
    let (scheme, rest) = url.split_once("://").ok_or(TargetError::NoScheme)?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok((UriScheme::Https, rest)),
        "http" => Ok((UriScheme::Http, rest)),
        "" => Err(TargetError::NoScheme),
        _ => Err(TargetError::Scheme),
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), TargetError> {
    // The colons of an IPv6 address stand in brackets.
    let after_address = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None if authority.starts_with('[') => return Err(TargetError::Host),
        None => 0,
    };
    let colon = authority
        .get(after_address..)
        .and_then(|rest| rest.find(':'))
        .map(|at| at + after_address);
    let (host, port) = match colon {
        Some(colon) => {
            let (host, port) = authority.split_at(colon);
            (host, port.get(1..).unwrap_or_default())
        }
        None => (authority, ""),
    };
    if host.is_empty() {
        return Err(TargetError::NoHost);
    }
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(number) if digits && number > 0 => Ok((host, Some(number))),
        _ => Err(TargetError::Port),
    }
}

/// Splits at the first `?`, and checks that every byte can stand where it stands.
fn split_path(path_and_query: &str) -> Result<(&str, Option<&str>), TargetError> {
    let mut part = "path";
    let bytes = path_and_query.as_bytes();
    for (at, character) in path_and_query.char_indices() {
        match character {
            '?' => part = "query",
            '%' => {
                let escape = bytes.get(at + 1..at + 3).unwrap_or_default();
                if escape.len() < 2 || !escape.iter().all(u8::is_ascii_hexdigit) {
                    return Err(TargetError::Percent { part, at });
                }
            }
            _ if is_path_character(character) => {}
            _ => {
                return Err(TargetError::Character {
                    part,
                    character,
                    at,
                });
            }
        }
    }
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    Ok((if path.is_empty() { "/" } else { path }, query))
}

/// RFC 3986's `pchar` and `/`, and `[`, `]`, `|`, which APIs use in queries and every server takes.
const fn is_path_character(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(
            character,
            '-' | '.'
                | '_'
                | '~'
                | '!'
                | '$'
                | '&'
                | '\''
                | '('
                | ')'
                | '*'
                | '+'
                | ','
                | ';'
                | '='
                | ':'
                | '@'
                | '/'
                | '['
                | ']'
                | '|'
        )
}

/// Whether a received host has the characters of a name, an IPv4 address, or an IPv6 one in brackets.
fn is_host(host: &str) -> bool {
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match address {
        Some(address) => {
            !address.is_empty()
                && address
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
        }
        None => host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')),
    }
}
