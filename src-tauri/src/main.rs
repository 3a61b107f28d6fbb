//! The Strongroom window.
//!
//! ```text
//! page -- command (capability) --> commands/*: a few lines each --> workbench::desk
//! page <-- event -- events: what changed ---------------------------'
//! ```
//!
//! The app is the process that owns the vault: it serves the command line's socket too. Two windows:
//! the *door* takes the factors of the vault and ends with its web process; *main* shows everything
//! else, and is made anew at every lock, so that no page outlives what it was allowed to show.
//!
//! Deliberately absent: use cases (`workbench`), and any permission of a page to reach files, the
//! network, a shell or a dialog.

mod app;
mod commands;
mod dialogs;
mod drawing;
mod events;
mod tray;
mod windows;

use std::process::ExitCode;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("STRONGROOM_LOG"))
        .with_writer(std::io::stderr)
        .init();
    if let Err(error) = strongroom_workbench::os::process::forbid_core_dumps() {
        tracing::warn!(%error, "a crash could write the memory to disk");
    }
    match app::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the window could not be opened");
            ExitCode::FAILURE
        }
    }
}
