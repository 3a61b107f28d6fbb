//! The sender against real servers on loopback: sockets, TLS, and peers that misbehave.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod answers;
mod certificates;
mod identities;
mod limits;
mod proxies;
mod reused;
mod rules;
mod support;
mod wire;
