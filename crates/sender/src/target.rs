//! Where a request goes: a URL, parsed without changing what goes on the wire.
//!
//! The usual URL parsers normalise (dot segments, percent-encoding), which would break a signature
//! over the target. Here only scheme, host and port are interpreted.

use std::fmt;

use strongroom_contract::error::{ErrorCode, Failure};
use url::Host;

/// How the request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The port that a URL without one means.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// An absolute `http` or `https` URL. Its `Debug` shows the origin alone: a query may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    scheme: Scheme,
    host: Host,
    port: u16,
    path_and_query: String,
}

impl Target {
    /// Parses an absolute URL. Host names become lower-case ASCII (IDNA), a final dot is dropped;
    /// path and query stay as they are; a fragment, which never goes on the wire, is dropped.
    ///
    /// # Errors
    ///
    /// [`TargetError`] says which part of the URL is wrong, without repeating the URL.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let (scheme, rest) = url.split_once("://").ok_or(TargetError::NotAbsolute)?;
        let scheme = if scheme.eq_ignore_ascii_case("https") {
            Scheme::Https
        } else if scheme.eq_ignore_ascii_case("http") {
            Scheme::Http
        } else {
            return Err(TargetError::Scheme);
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err(TargetError::Credentials);
        }
        let (host, port) = host_and_port(authority).ok_or(TargetError::Host)?;
        let wanted = rest.split_once('#').map_or(rest, |(wanted, _)| wanted);
        if let Some((at, found)) = wanted
            .char_indices()
            .find(|(_, character)| !character.is_ascii_graphic())
        {
            return Err(TargetError::Character {
                found,
                position: url.len() - rest.len() + at,
            });
        }
        let slash = if wanted.starts_with('/') { "" } else { "/" };
        Ok(Self {
            scheme,
            host,
            port: port.unwrap_or(scheme.default_port()),
            path_and_query: format!("{slash}{wanted}"),
        })
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, in lower case, without a final dot.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The port, given or meant.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The request target in origin-form (RFC 9112, section 3.2.1), byte for byte as it goes on the
    /// wire.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// The value of `Host` (RFC 9110, section 7.2): the port only if it is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            self.place()
        }
    }

    /// Whether the host is a loopback address, or `localhost`, which is never looked up. A name
    /// that happens to resolve to a loopback address is not: its owner could change that.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(name) => is_localhost(name),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        }
    }

    /// Host and port, as errors name them.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}://{})", self.scheme, self.place())
    }
}

/// Whether a name means this machine (RFC 6761, section 6.3).
pub(crate) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
pub(crate) fn host_and_port(text: &str) -> Option<(Host, Option<u16>)> {
    let after_brackets = text.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match text.get(after_brackets..)?.find(':') {
        Some(colon) => {
            let (host, port) = text.split_at_checked(after_brackets + colon)?;
            (host, Some(port.strip_prefix(':')?))
        }
        None => (text, None),
    };
    let port = match port {
        None | Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port != 0)?)
        }
        Some(_) => return None,
    };
    let host = match Host::parse(host).ok()? {
        Host::Domain(name) => Host::Domain(
            name.strip_suffix('.')
                .map_or_else(|| name.clone(), str::to_owned),
        ),
        address => address,
    };
    (host != Host::Domain(String::new())).then_some((host, port))
}

/// A URL that can't be sent to. Never repeats the URL, which may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It has no `://`.
    #[error("the URL is not absolute: expected https://HOST/PATH")]
    NotAbsolute,
    /// Its scheme is neither `https` nor `http`.
    #[error("the URL's scheme is neither https nor http")]
    Scheme,
    /// Its authority holds a user or a password.
    #[error("the URL holds a user name or a password before the @")]
    Credentials,
    /// Its host is empty or malformed, or its port is not a number from 1 to 65535.
    #[error("the URL's host or port is malformed: expected HOST, HOST:PORT or [IPv6]:PORT")]
    Host,
    /// Its path or query holds a character that can't stand there.
    #[error("the URL holds {} at byte {position}, which can't go on the wire as it is", found.escape_unicode())]
    Character {
        /// The character.
        found: char,
        /// Where, in bytes from the URL's start.
        position: usize,
    },
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let hint = match &error {
            TargetError::NotAbsolute | TargetError::Scheme | TargetError::Host => {
                "give the whole URL, such as https://localhost:8443/api/v1/ping"
            }
            TargetError::Credentials => {
                "take them out of the URL; send credentials by a header or a key of the vault"
            }
            TargetError::Character { .. } => "percent-encode it, as %20 for a space",
        };
        Self::new(ErrorCode::Usage, error.to_string()).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wire(url: &str) -> (String, String) {
        let target = Target::parse(url).unwrap();
        (target.authority(), target.path_and_query().to_owned())
    }

    #[test]
    fn host_and_port_are_interpreted_and_the_rest_is_left_alone() {
        for (url, authority, path) in [
            ("https://example.com", "example.com", "/"),
            ("HTTPS://EXAMPLE.com./", "example.com", "/"),
            ("https://example.com:443/", "example.com", "/"),
            ("http://example.com:443/", "example.com:443", "/"),
            ("https://example.com:/x", "example.com", "/x"),
            ("https://example.com?a=1", "example.com", "/?a=1"),
            ("https://example.com#part", "example.com", "/"),
            ("https://[::1]:8443/a", "[::1]:8443", "/a"),
            ("https://[0:0::1]/a", "[::1]", "/a"),
            ("https://bücher.example/", "xn--bcher-kva.example", "/"),
            (
                "https://h/a/../b/./%7e%2F//?q=%20+&&=a&q={\"x\"}|^`<>\\#cut",
                "h",
                "/a/../b/./%7e%2F//?q=%20+&&=a&q={\"x\"}|^`<>\\",
            ),
            (
                "https://h/?next=https://u:p@x/?",
                "h",
                "/?next=https://u:p@x/?",
            ),
        ] {
            assert_eq!(wire(url), (authority.to_owned(), path.to_owned()), "{url}");
        }
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (url, wrong) in [
            ("", TargetError::NotAbsolute),
            ("/api/v1/ping", TargetError::NotAbsolute),
            ("localhost:8443/x", TargetError::NotAbsolute),
            ("ftp://h/", TargetError::Scheme),
            ("://h/", TargetError::Scheme),
            ("https://me:secret@h/", TargetError::Credentials),
            ("https:///x", TargetError::Host),
            ("https://./x", TargetError::Host),
            ("https://h:0/", TargetError::Host),
            ("https://h:65536/", TargetError::Host),
            ("https://h:+1/", TargetError::Host),
            ("https://h:1:2/", TargetError::Host),
            ("https://[::1/", TargetError::Host),
            ("https://::1/", TargetError::Host),
            ("https://a b/", TargetError::Host),
        ] {
            assert_eq!(Target::parse(url), Err(wrong), "{url}");
        }
        for (url, found, position) in [
            ("https://h/a b", ' ', 11),
            ("https://h/a\r\nX: y", '\r', 11),
            ("https://h/?q=é", 'é', 13),
            ("https://h/\0", '\0', 10),
        ] {
            let wrong = TargetError::Character { found, position };
            assert_eq!(Target::parse(url), Err(wrong), "{url:?}");
        }
    }

    #[test]
    fn loopback_is_told_by_what_is_written_alone() {
        for (url, loopback) in [
            ("http://localhost/", true),
            ("http://LOCALHOST./", true),
            ("http://app.localhost/", true),
            ("http://127.8.9.1/", true),
            ("http://[::1]/", true),
            ("http://notlocalhost/", false),
            ("http://localhost.example.com/", false),
            ("http://127.0.0.1.example.com/", false),
            ("http://0.0.0.0/", false),
            ("http://[::ffff:127.0.0.1]/", false),
        ] {
            assert_eq!(Target::parse(url).unwrap().is_loopback(), loopback, "{url}");
        }
    }

    proptest! {
        #[test]
        fn a_target_never_breaks_the_request_line(url in "https?://[a-z\\[\\]:@.]{0,12}.{0,40}") {
            if let Ok(target) = Target::parse(&url) {
                let path = target.path_and_query();
                prop_assert!(path.starts_with('/'));
                prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
                prop_assert!(url.contains(path.trim_start_matches('/')));
            }
        }
    }
}
