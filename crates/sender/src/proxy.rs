//! A proxy between here and the server: a tunnel by HTTP CONNECT (RFC 9110, section 9.3.6).
//!
//! TLS is spoken with the server itself, through the tunnel, so a proxy sees its name and nothing of the
//! request. It is used only where somebody said so: no variable of the process names one.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_crypto::{SecretBytes, SecretText};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use url::Host;
use zeroize::Zeroizing;

use crate::{
    error::SendError,
    options::Phase,
    target::{Target, host_and_port},
};

/// The largest head of a proxy's answer, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// A proxy that is spoken to in plain HTTP. Its `Debug` shows no password.
#[derive(Clone)]
pub struct Proxy {
    host: Host,
    port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<Arc<SecretBytes>>,
}

impl Proxy {
    /// Parses `http://HOST:PORT`, or `HOST:PORT`.
    ///
    /// # Errors
    ///
    /// [`ProxyError`] says what is wrong, and repeats no user name and no password.
    pub fn parse(url: &str) -> Result<Self, ProxyError> {
        let authority = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return Err(ProxyError::Scheme),
            None => url,
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains('@') {
            return Err(ProxyError::Credentials);
        }
        let (host, port) = host_and_port(authority).ok_or(ProxyError::Place)?;
        Ok(Self {
            host,
            port: port.ok_or(ProxyError::Place)?,
            authorization: None,
        })
    }

    /// The same with a user and a password, which go to the proxy with each tunnel (Basic, RFC 7617).
    ///
    /// # Errors
    ///
    /// [`ProxyError::User`] if the user's name holds a colon or a control character.
    pub fn with_password(mut self, user: &str, password: &SecretText) -> Result<Self, ProxyError> {
        if user.contains(|found: char| found == ':' || found.is_control()) {
            return Err(ProxyError::User);
        }
        let password = password.expose_secret().as_bytes();
        let pair = Zeroizing::new([user.as_bytes(), b":", password].concat());
        let encoded = Zeroizing::new(BASE64.encode(pair.as_slice()));
        let value = [b"Basic ", encoded.as_bytes()].concat();
        self.authorization = Some(Arc::new(SecretBytes::new(value)));
        Ok(self)
    }

    /// Host and port.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    pub(crate) const fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Asks for a tunnel to the target; what goes over `stream` afterwards is between it and us.
    pub(crate) async fn tunnel(
        &self,
        stream: &mut TcpStream,
        target: &Target,
    ) -> Result<(), SendError> {
        let broken = |_| SendError::Broken {
            host: format!("the proxy {}", self.place()),
            phase: Phase::Tunnel,
        };
        stream
            .write_all(self.question(target).expose_secret())
            .await
            .map_err(broken)?;
        let mut head = Vec::with_capacity(1_024);
        while !head.ends_with(b"\r\n\r\n") {
            // Byte by byte: what comes behind the head is not the proxy's to say.
            let byte = stream.read_u8().await.map_err(broken)?;
            head.push(byte);
            if head.len() > MAX_HEAD || !b"HTTP/1.".starts_with(head.get(..7).unwrap_or(&head)) {
                return Err(self.no_proxy());
            }
        }
        match status(&head) {
            Some(200..=299) => Ok(()),
            Some(status) => Err(SendError::ProxyRefused {
                proxy: self.place(),
                host: target.place(),
                status,
            }),
            None => Err(self.no_proxy()),
        }
    }

    fn question(&self, target: &Target) -> SecretBytes {
        let place = target.place();
        let mut parts = vec![
            b"CONNECT ",
            place.as_bytes(),
            b" HTTP/1.1\r\nHost: ",
            place.as_bytes(),
            b"\r\n",
        ];
        if let Some(authorization) = &self.authorization {
            let value = authorization.expose_secret();
            parts.extend([&b"Proxy-Authorization: "[..], value, b"\r\n"]);
        }
        parts.push(b"\r\n");
        // One allocation of the right size: growing would leave copies of a password behind.
        SecretBytes::new(parts.concat())
    }

    fn no_proxy(&self) -> SendError {
        SendError::NoProxy {
            proxy: self.place(),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("place", &self.place())
            .field("has_password", &self.authorization.is_some())
            .finish()
    }
}

/// The status of an answer's head (RFC 9112, section 4).
fn status(head: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(head.get(..12)?).ok()?;
    let (version, status) = text.split_once(' ')?;
    let known = version == "HTTP/1.1" || version == "HTTP/1.0";
    known.then(|| status.parse().ok()).flatten()
}

/// What names no proxy that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It is spoken to in another way.
    #[error("the proxy is not one of plain HTTP: expected http://HOST:PORT")]
    Scheme,
    /// It holds a user name or a password.
    #[error("the proxy's URL holds a user name or a password before the @")]
    Credentials,
    /// Host or port are missing or malformed.
    #[error("the proxy is not a host and a port: expected http://HOST:PORT")]
    Place,
    /// The user's name can't be sent.
    #[error("the user name for the proxy holds a colon or a control character")]
    User,
}

impl From<ProxyError> for Failure {
    fn from(error: ProxyError) -> Self {
        let hint = match error {
            ProxyError::Scheme | ProxyError::Place => "as in http://proxy.example:3128",
            ProxyError::Credentials => {
                "put them into the vault as an item that names the proxy as its host, and name that with --proxy-key"
            }
            ProxyError::User => "it is the public id of the item that --proxy-key names",
        };
        Self::new(ErrorCode::Usage, error.to_string()).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        for (url, place) in [
            ("http://proxy.example:3128", "proxy.example:3128"),
            ("HTTP://Proxy.Example:3128/", "proxy.example:3128"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(
                Proxy::parse(url).map(|proxy| proxy.place()),
                Ok(place.to_owned())
            );
        }
        for (url, wrong) in [
            ("", ProxyError::Place),
            ("http://proxy.example", ProxyError::Place),
            ("http://proxy.example:3128/path", ProxyError::Place),
            ("https://proxy.example:3128", ProxyError::Scheme),
            ("socks5://proxy.example:1080", ProxyError::Scheme),
            (
                "http://user:canary@proxy.example:3128",
                ProxyError::Credentials,
            ),
        ] {
            let error = Proxy::parse(url).map(|_| ()).err();
            assert_eq!(error, Some(wrong), "{url}");
            assert!(!wrong.to_string().contains("canary"));
        }
    }

    #[test]
    fn a_password_is_sent_and_not_shown() {
        let proxy = Proxy::parse("proxy.example:1").ok();
        let password = SecretText::new("canary".to_owned());
        let with = |user| {
            let proxy = proxy.clone().ok_or(ProxyError::Place)?;
            proxy.with_password(user, &password)
        };
        assert_eq!(with("a:b").map(|_| ()), Err(ProxyError::User));
        let Ok(proxy) = with("Aladdin") else {
            panic!("a plain name is accepted");
        };
        let shown = format!("{proxy:?}");
        assert!(
            !shown.contains("canary") && shown.contains("has_password: true"),
            "{shown}"
        );
        let target = Target::parse("https://api.example/x?y").map(|target| proxy.question(&target));
        let Ok(question) = target else {
            panic!("a sound URL");
        };
        assert_eq!(
            question.expose_secret(),
            b"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\nProxy-Authorization: Basic QWxhZGRpbjpjYW5hcnk=\r\n\r\n"
        );
    }

    #[test]
    fn only_a_status_line_of_http_1_is_a_status() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 407\r\n\r\n"), Some(407));
        for wrong in [
            "HTTP/1.1",
            "HTTP/1.12 200",
            "HTTP/1.1 2x0 OK",
            "ICY 200 OK  ",
        ] {
            assert_eq!(status(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
