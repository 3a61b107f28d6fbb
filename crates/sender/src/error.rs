//! Why no answer came back. No error holds a header's value, a query or a body.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use strongroom_contract::{
    error::{ErrorCode, Failure},
    exchange::CertificateView,
    time::UnixMillis,
};

use crate::options::Phase;

/// Why no answer came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The secret may not go to this host. Nothing was sent.
    #[error("this key's secret may not be sent to {host}: it is allowed for {}", listed(.allowed))]
    HostNotAllowed {
        /// Where it was to go: the target, or what a `Host` header says.
        host: String,
        /// Where it may go.
        allowed: Vec<String>,
    },
    /// The certificate of our own may not be shown to this host. Nothing was sent.
    #[error("this certificate may not be shown to {host}: it is for {}", listed(.allowed))]
    CertificateNotAllowed {
        /// Where it was to go.
        host: String,
        /// Where it may go.
        allowed: Vec<String>,
    },
    /// The proxy opens no tunnel to the host. Nothing was sent.
    #[error("the proxy {proxy} refused a tunnel to {host}: status {status}")]
    ProxyRefused {
        /// The proxy, host and port.
        proxy: String,
        /// Where the tunnel was to lead.
        host: String,
        /// The status of its answer.
        status: u16,
    },
    /// What answers in the proxy's place is none. Nothing was sent.
    #[error("what answers at {proxy} is not an HTTP proxy")]
    NoProxy {
        /// Host and port.
        proxy: String,
    },
    /// Plain HTTP was not agreed to, or the host is not on this machine. Nothing was sent.
    #[error(
        "plain HTTP to {host} is refused: {}",
        if *.loopback { "it was not agreed to" } else { "only https leaves this machine" }
    )]
    PlainHttp {
        /// Where it was to go.
        host: String,
        /// Whether that is a loopback address.
        loopback: bool,
    },
    /// The host has no address.
    #[error("the host {host} was not found: {reason}")]
    Lookup {
        /// The host.
        host: String,
        /// What the system's resolver said.
        reason: String,
    },
    /// No address accepted a connection.
    #[error("no connection to {host}: {}", attempts(.tried))]
    Connect {
        /// Host and port.
        host: String,
        /// Every address that was tried, in order.
        tried: Vec<Attempt>,
    },
    /// TLS failed, or the peer's certificate does not verify. Nothing was sent.
    #[error("{0}")]
    Tls(Box<TlsFailure>),
    /// The peer broke the connection off.
    #[error("{host} broke the connection off while {phase}")]
    Broken {
        /// Host and port.
        host: String,
        /// What was going on.
        phase: Phase,
    },
    /// The peer closed the connection before the answer was whole.
    #[error(
        "{host} closed the connection before its answer was whole: status {status}, {received} bytes of the body{}",
        expected.map(|bytes| format!(" instead of {bytes}")).unwrap_or_default()
    )]
    HalfAnswer {
        /// Host and port.
        host: String,
        /// The status that came.
        status: u16,
        /// How many bytes of the body came.
        received: u64,
        /// How many its `Content-Length` promised.
        expected: Option<u64>,
    },
    /// What came is not HTTP/1.1.
    #[error("{host} answered with something that is not HTTP/1.1: {reason}")]
    MalformedAnswer {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer's head is larger than a head may be.
    #[error("{host} answered with a header section larger than {limit} bytes or {fields} fields")]
    HeadTooLarge {
        /// Host and port.
        host: String,
        /// How many bytes are accepted.
        limit: usize,
        /// How many fields are accepted.
        fields: usize,
    },
    /// It took longer than allowed.
    #[error("no answer from {host} within {after:?}: it was {phase}")]
    Timeout {
        /// Host and port.
        host: String,
        /// What was going on.
        phase: Phase,
        /// The whole time that was allowed.
        after: Duration,
    },
    /// The caller stopped it.
    #[error("stopped while {phase}")]
    Cancelled {
        /// What was going on.
        phase: Phase,
    },
}

/// An address that did not accept a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// Why not.
    pub reason: String,
    /// Whether the machine is there, but nothing listens on the port.
    pub refused: bool,
}

/// A TLS handshake that failed, with what the peer presented.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("TLS to {server_name} failed: {problem}")]
pub struct TlsFailure {
    /// The name or address that the certificate had to be valid for.
    pub server_name: String,
    /// What is wrong.
    pub problem: TlsProblem,
    /// The peer's chain, its own certificate first; empty if it presented none.
    pub chain: Vec<CertificateView>,
}

/// What is wrong with a TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// A certificate of the chain is no longer valid.
    #[error("the certificate of {subject} expired at {not_after}")]
    Expired {
        /// Whose certificate.
        subject: String,
        /// Until when it was valid.
        not_after: UnixMillis,
    },
    /// A certificate of the chain is not valid yet.
    #[error("the certificate of {subject} is not valid before {not_before}")]
    NotYetValid {
        /// Whose certificate.
        subject: String,
        /// From when it is valid.
        not_before: UnixMillis,
    },
    /// The peer signed its certificate itself, and it is not trusted.
    #[error("the certificate of {subject} is self-signed and not among those trusted")]
    SelfSigned {
        /// Whose certificate.
        subject: String,
    },
    /// Nobody who is trusted signed the chain.
    #[error("the certificate was issued by {issuer}, which is not among those trusted")]
    UnknownIssuer {
        /// The issuer where the chain ends.
        issuer: String,
    },
    /// This machine trusts nobody: its list of certificates is missing or empty.
    #[error("this machine has no certificates to trust")]
    NoRoots,
    /// The certificate belongs to another host.
    #[error("the certificate is not valid for this name: it names {}", listed(.presented))]
    WrongName {
        /// The names that it is valid for.
        presented: Vec<String>,
    },
    /// The certificate can't be accepted for another reason.
    #[error("the certificate can't be accepted: {reason}")]
    BadCertificate {
        /// The reason.
        reason: String,
    },
    /// What answers there does not speak TLS.
    #[error("what answers on this port does not speak TLS")]
    NotTls,
    /// The server wants to see a certificate of ours.
    #[error("the server asks for a client certificate, and got none")]
    CertificateWanted,
    /// The two ends have no version or cipher in common, or the peer gave up.
    #[error("the handshake was not completed: {reason}")]
    Handshake {
        /// What the handshake stopped at.
        reason: String,
    },
}

impl SendError {
    /// The same; a failure of TLS shows this chain.
    pub(crate) fn with_chain(mut self, chain: &[CertificateView]) -> Self {
        if let Self::Tls(failure) = &mut self {
            failure.chain = chain.to_vec();
        }
        self
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::HostNotAllowed { .. }
            | Self::CertificateNotAllowed { .. }
            | Self::PlainHttp { .. } => ErrorCode::Refused,
            Self::Timeout { .. } => ErrorCode::Timeout,
            Self::Cancelled { .. } => ErrorCode::Cancelled,
            Self::Lookup { .. }
            | Self::Connect { .. }
            | Self::ProxyRefused { .. }
            | Self::NoProxy { .. }
            | Self::Tls(_)
            | Self::Broken { .. }
            | Self::HalfAnswer { .. }
            | Self::MalformedAnswer { .. }
            | Self::HeadTooLarge { .. } => ErrorCode::Network,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::HostNotAllowed { .. } => {
                "check the URL; if the host is right, add it to the key's allowed hosts"
            }
            Self::CertificateNotAllowed { .. } => {
                "check the URL; if the host is right, add it to the certificate's allowed hosts"
            }
            Self::ProxyRefused { status: 407, .. } => {
                "it wants a user and a password: name the item of the vault that holds them (--proxy-key)"
            }
            Self::ProxyRefused {
                status: 502..=504, ..
            } => "the proxy did not reach that host: check the host, and the proxy's own network",
            Self::ProxyRefused { .. } => {
                "ask whoever runs the proxy whether that host and port are allowed"
            }
            Self::NoProxy { .. } => "check the proxy's host and port",
            Self::PlainHttp { loopback: true, .. } => {
                "use https, or agree to plain HTTP on loopback"
            }
            Self::PlainHttp { .. } => "use https",
            Self::Lookup { .. } => "check the host's spelling and that this machine is online",
            Self::Connect { tried, .. } if tried.iter().any(|attempt| attempt.refused) => {
                "nothing listens there: check the port, and that the server is running"
            }
            Self::Connect { .. } => "check the network and the server's firewall",
            Self::Tls(failure) => failure.problem.hint(),
            Self::Broken { .. } => {
                "look into the server's log; if it persists, check what lies between"
            }
            Self::HalfAnswer { .. } => {
                "look into the server's log: it stopped in the middle of an answer"
            }
            Self::MalformedAnswer { .. } => "check the port: is this an HTTP server?",
            Self::HeadTooLarge { .. } => {
                "look into the server's log: no sound answer is this large"
            }
            Self::Timeout { .. } => "try again, or allow more time",
            Self::Cancelled { .. } => return None,
        })
    }

    fn details(&self) -> Value {
        match self {
            Self::HostNotAllowed { host, allowed }
            | Self::CertificateNotAllowed { host, allowed } => {
                json!({ "host": host, "allowed": allowed })
            }
            Self::ProxyRefused { proxy, status, .. } => {
                json!({ "phase": Phase::Tunnel.name(), "proxy": proxy, "status": status })
            }
            Self::NoProxy { proxy } => json!({ "phase": Phase::Tunnel.name(), "proxy": proxy }),
            Self::Connect { tried, .. } => json!({
                "phase": Phase::Connect.name(),
                "tried": tried.iter().map(|attempt| attempt.address.to_string()).collect::<Vec<_>>(),
            }),
            Self::Tls(failure) => json!({
                "phase": Phase::Tls.name(),
                "problem": failure.problem.name(),
                "server_name": failure.server_name,
                "chain": failure.chain,
            }),
            Self::Broken { phase, .. }
            | Self::Timeout { phase, .. }
            | Self::Cancelled { phase } => json!({ "phase": phase.name() }),
            Self::HalfAnswer {
                status,
                received,
                expected,
                ..
            } => json!({
                "phase": Phase::Download.name(),
                "status": status,
                "received": received,
                "expected": expected,
            }),
            Self::Lookup { .. } => json!({ "phase": Phase::Lookup.name() }),
            Self::MalformedAnswer { .. } | Self::HeadTooLarge { .. } => {
                json!({ "phase": Phase::Answer.name() })
            }
            Self::PlainHttp { .. } => Value::Null,
        }
    }
}

impl TlsProblem {
    /// A word that scripts can rely on.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::SelfSigned { .. } => "self_signed",
            Self::UnknownIssuer { .. } => "unknown_issuer",
            Self::NoRoots => "no_roots",
            Self::WrongName { .. } => "wrong_name",
            Self::BadCertificate { .. } => "bad_certificate",
            Self::NotTls => "not_tls",
            Self::CertificateWanted => "certificate_wanted",
            Self::Handshake { .. } => "handshake",
        }
    }

    const fn hint(&self) -> &'static str {
        match self {
            Self::Expired { .. } => {
                "the server's owner has to renew it; if the date is not past, set this machine's clock"
            }
            Self::NotYetValid { .. } => {
                "check this machine's clock; else the server's owner has to replace it"
            }
            Self::SelfSigned { .. } | Self::UnknownIssuer { .. } => {
                "if this server is yours, give the certificate of its CA (--ca FILE); if not, do not go on"
            }
            Self::NoRoots => {
                "install the system's CA certificates (the package ca-certificates), or name them by SSL_CERT_FILE"
            }
            Self::WrongName { .. } => {
                "use one of the names that the certificate is valid for, or check the host"
            }
            Self::BadCertificate { .. } => "the server's owner has to replace the certificate",
            Self::NotTls => "check the port: plain HTTP may be spoken there",
            Self::CertificateWanted => "name a certificate of the vault (--client-cert)",
            Self::Handshake { .. } => {
                "the server has to offer TLS 1.2 or 1.3 with a current cipher suite"
            }
        }
    }
}

impl From<&SendError> for Failure {
    fn from(error: &SendError) -> Self {
        let failure = Self::new(error.code(), error.to_string()).details(error.details());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Self::from(&error)
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "no host".to_owned()
    } else {
        names.join(", ")
    }
}

fn attempts(tried: &[Attempt]) -> String {
    tried
        .iter()
        .map(|attempt| format!("{}: {}", attempt.address, attempt.reason))
        .collect::<Vec<_>>()
        .join("; ")
}
