//! The borders between the rooms, and the habits, checked by a machine.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod borders;
mod documents;
mod features;
mod files;
mod lints;
mod window;
mod workspace;
