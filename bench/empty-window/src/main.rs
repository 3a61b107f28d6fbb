//! The least that a Tauri window can be: one page with one word on it.

use std::process::ExitCode;

#[expect(
    clippy::exit,
    reason = "tauri's own macro ends the process when its configuration cannot be read"
)]
fn main() -> ExitCode {
    match tauri::Builder::default().run(tauri::generate_context!()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
