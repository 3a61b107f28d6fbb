//! The platform over real TLS.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod after_change;
mod hostile;
mod races;
mod restart;
mod rotation;
mod stage;
mod starting;
mod surface;
