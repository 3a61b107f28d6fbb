//! How a request is sent.

use std::{fmt, time::Duration};

use rustls::pki_types::CertificateDer;

use crate::{hosts::HostRules, identity::Identity, proxy::Proxy, target::Target};

/// How a request is sent. The defaults suit a request without a secret to a public host.
#[derive(Debug, Clone)]
pub struct Options {
    /// The whole time allowed.
    pub timeout: Duration,
    /// How many bytes of the answer's body are kept; the rest is not read.
    pub body_limit: usize,
    /// Certificates to trust beside the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Whether the system's certificates are trusted too. They are loaded only if `extra_roots`
    /// do not verify the peer, since reading them takes longer than a whole request to loopback.
    pub use_system_roots: bool,
    /// Whether plain HTTP to a loopback address was agreed to. Elsewhere it is always refused.
    pub allow_plain_http_on_loopback: bool,
    /// The hosts that the request's secret may be sent to; `None` if it carries no secret.
    pub allowed_hosts: Option<HostRules>,
    /// The proxy on the way to other machines. This one is always asked directly.
    pub proxy: Option<Proxy>,
    /// What is shown to a server that asks who is calling.
    pub identity: Option<Identity>,
}

impl Options {
    /// The proxy on the way to `target`.
    pub(crate) fn proxy_to(&self, target: &Target) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|_| !target.is_loopback())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            body_limit: 16 * 1024 * 1024,
            extra_roots: Vec::new(),
            use_system_roots: true,
            allow_plain_http_on_loopback: false,
            allowed_hosts: None,
            proxy: None,
            identity: None,
        }
    }
}

/// What a request is at, in the order of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The host's addresses are being looked up.
    Lookup,
    /// TCP's handshake.
    Connect,
    /// The proxy is asked for a tunnel to the host.
    Tunnel,
    /// TLS's handshake.
    Tls,
    /// The request is on its way out.
    Request,
    /// The request is out, the answer's head is not in yet.
    Answer,
    /// The answer's body is coming in.
    Download,
    /// The answer's body is unpacked, if it is packed.
    Unpack,
}

impl Phase {
    /// A word that scripts can rely on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Connect => "connect",
            Self::Tunnel => "tunnel",
            Self::Tls => "tls",
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Download => "download",
            Self::Unpack => "unpack",
        }
    }
}

impl fmt::Display for Phase {
    /// As in "while ...".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lookup => "looking up the host",
            Self::Connect => "connecting",
            Self::Tunnel => "asking the proxy for a tunnel",
            Self::Tls => "setting up TLS",
            Self::Request => "sending the request",
            Self::Answer => "waiting for the answer",
            Self::Download => "reading the answer's body",
            Self::Unpack => "unpacking the answer's body",
        })
    }
}
