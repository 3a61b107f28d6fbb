//! The platform's rules: a key's record, the facts of a request, the time and what has state give a
//! decision, and a refusal gives its reasons.
//!
//! ```text
//! RequestFacts --decide::begin--> AskKey --> AskNonce (signed requests) --> AskSlot --> Accepted
//!                      |             |             |                           |
//!                      +-------------+-- Refused --+---------------------------+
//! ```
//!
//! There is one pipeline, in one order, in one place: [`decide`]. Each rule has a file of its own
//! that says what passes and how a refusal reads. The pipeline does no I/O: where it needs what has
//! state it asks, and goes on when it is answered, so that keys, nonces and windows can live in this
//! process or elsewhere.
//!
//! Beside it: the form of [`credential`]s, the exact [`limiter`], the limits of a key together ([`rate`])
//! and how long a request may wait for them ([`delay`]), [`allowlist`]s, [`scopes`] and the routes that
//! ask for them, a limit suggested from use ([`suggest`]), who may call what of the management API
//! ([`roles`]), and the [`audit`] log's bytes.
//!
//! Deliberately absent: a clock (the time is an argument), files and sockets, HTTP statuses (a
//! refusal names its rule; the server names the status), and every secret but those that a request
//! itself presents.

#![deny(clippy::indexing_slicing)]

pub mod allowlist;
pub mod audit;
mod authenticate;
pub mod credential;
pub mod decide;
pub mod delay;
pub mod freshness;
mod identify;
pub mod key;
pub mod limiter;
mod permission;
pub mod platform;
pub mod profile;
pub mod public_key;
pub mod rate;
pub mod replay;
pub mod roles;
pub mod scopes;
pub mod source;
mod state;
pub mod suggest;
pub mod token;
pub mod trace;
