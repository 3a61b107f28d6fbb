//! The real window on a screen of its own: Xvfb, a session bus with a keyring, WebKit's driver.
//!
//! ```text
//! test -- WebDriver --> WebKitWebDriver -- starts, drives --> strongroom-app -- draws on --> Xvfb
//!                                                                  '-- Secret Service --> Keyring
//! ```
//!
//! Nothing waits for a fixed time: every helper polls for what it needs, until a deadline, and fails
//! with what the page shows and what the app has logged.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a fixture that cannot be set up fails its test"
)]

mod app;
mod measure;
mod page;
pub mod peer;
mod processes;
mod tour;

pub use app::{App, Authenticator, CODE, Factors, FullDisk};
pub use fantoccini::key::Key;
pub use measure::Started;
pub use page::{Focus, Page, Which};
pub use tour::{Stop, tour};
