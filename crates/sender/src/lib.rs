//! Sends a finished request and reports what happened on the wire.
//!
//! ```text
//! Target::parse ─┐
//! Header::new  ──┼─> Outgoing ── send(&outgoing, &options, cancel, progress) ──> Answer | SendError
//! body  ─────────┘                 look up, connect, TLS, request, answer
//! ```
//!
//! A request arrives here signed, so not a byte of it may change any more: the target is not
//! re-encoded, header names keep their case, headers their order. `Host` and `Content-Length` are
//! added only where they are absent, and [`Outgoing::added`] reports them *before* anything is
//! sent. This room writes the bytes of the request itself, out of memory that is wiped; hyper reads
//! the answer.
//!
//! Every request has a connection of its own, so that its phases can be told apart and its answer
//! belongs to nobody else; [`Reused`] is for whoever measures how much a server takes. The peer's certificates are reported also when they do not verify: that
//! is when they matter. [`SendError`] says in one sentence what was found, and converts into a
//! [`Failure`](strongroom_contract::error::Failure) with the next step. No error, and no `Debug`
//! of an [`Answer`], holds a header's value, a query or a body.
//!
//! A body that is packed (`Content-Encoding`) is unpacked, never beyond the limit of what is kept.
//!
//! A proxy opens a tunnel if one was named, for other machines than this one alone; a certificate of our
//! own is shown to the hosts that it is for.
//!
//! Deliberately absent: following redirects (a credential never crosses to another host), cookies,
//! HTTP/2, retries, and any knowledge of the vault.

#![deny(clippy::indexing_slicing)]

mod answer;
mod certificate;
mod coding;
mod connect;
mod error;
mod exchange;
mod hosts;
mod identity;
mod options;
mod outgoing;
mod proxy;
mod reused;
mod run;
mod send;
mod target;
mod tls;
mod wire;

pub use answer::Answer;
pub use coding::Undecoded;
pub use error::{Attempt, SendError, TlsFailure, TlsProblem};
pub use hosts::{HostRule, HostRuleError, HostRules};
pub use identity::{Identity, IdentityError, certificates_from_pem, is_certificate};
pub use options::{Options, Phase};
pub use outgoing::{Added, Header, Outgoing, RequestError};
pub use proxy::{Proxy, ProxyError};
pub use reused::{Brief, Reused};
pub use send::send;
pub use target::{Scheme, Target, TargetError};
pub use tls::{RootError, roots_from_pem};
