//! The platform over real TLS.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod after_change;
mod delayed;
mod hostile;
mod hostile_inputs;
mod indistinct;
mod limits;
mod owasp;
mod races;
mod restart;
mod rotation;
mod slow;
mod stage;
mod starting;
mod surface;
mod tls;
mod wire;
