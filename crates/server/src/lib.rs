//! The local platform: the HTTPS adapter around [`strongroom_policy`].
//!
//! ```text
//! wire      accept loop, caps, TLS, HTTP/1.1 -- a request, read whole
//!   |
//! platform  id, flood, body cap
//!   |\
//!   | manage   /manage/v1: who may, then what
//!   |
//! calls     Request -> policy::decide (keys, nonces and slots from memory)
//!   |           refused  -> audit row, trace kept for explain, opaque answer
//!   |           accepted -> resource or token, audit row, answer
//!   |
//! face      the answer as /api (the real platform's form) or /std (RFC 9457) words it
//!
//! behind    audit (append-only files), store (SQLite: keys, resources, index), state (keys, lock)
//! ```
//!
//! A row of the audit log is written before its request is answered; when it can't be, the answer
//! is 503 and nothing is accepted. Nothing of SQLite is asked while a request is decided.
//!
//! Decisions that this crate takes itself:
//!
//! - An unknown path is decided as any other request, so that only those who hold a key learn that
//!   it is a 404 (or, for another method, a 405 with `Allow`).
//! - Requests that no client is known for, and management acts, belong to a client of their UTC
//!   day, whose personal key can be erased as any other.
//! - The certificate is made anew at every start; its key never leaves memory.
//! - A state directory is advanced for good: a virtual clock goes on where it was.
//!
//! Deliberately absent: every rule (they are [`strongroom_policy`]'s), and every canonical form
//! ([`strongroom_signing`]'s). HTTP/2, since the reference platform is spoken to in HTTP/1.1, and
//! one request at a time keeps the trace of a connection readable.

mod allow_all;
mod audit;
mod background;
mod calls;
mod capture;
mod change;
mod clients;
mod clock;
mod config;
mod costs;
mod error;
mod face;
mod faults;
mod keys;
mod manage;
mod openapi;
mod platform;
mod refusals;
#[cfg(any(test, feature = "rehearsal"))]
mod rehearsal;
mod reserve;
mod resources;
mod routes;
mod server;
mod state;
mod store;
#[cfg(test)]
mod testing;
mod tls;
mod waiting;
mod wire;

pub use config::{Config, Limits};
pub use error::StartError;
pub use openapi::openapi;
#[cfg(feature = "rehearsal")]
pub use rehearsal::NotRehearsed;
pub use server::{Running, Server};
