//! What the system tests and the measurements stand on: a home, a vault's factors, a running
//! platform. All of it through the built command, as a user has it.
//!
//! A fixture that cannot be set up panics with everything that the command said.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a fixture that cannot be set up fails its test"
)]

mod command;
mod files;
mod home;
mod keyring;
mod platform;
mod vault;

pub use command::{Outcome, built, program};
pub use files::{go_last, raise_open_files};
pub use home::Home;
pub use keyring::Keyring;
pub use platform::Platform;
pub use vault::Vault;
