//! Composing, signing and sending.

use strongroom_contract::{
    error::Failure,
    window::{Answered, Draft, ExactRequest},
};
use tauri::AppHandle;

use super::Shared;
use crate::{app::held, dialogs};

/// Signs and sends.
#[tauri::command]
pub(crate) async fn request_send(
    app: Shared<'_>,
    draft: Draft,
    confirm_production: bool,
) -> Result<Answered, Failure> {
    app.desk()?.send_and_check(draft, confirm_production).await
}

/// Stops what is being sent.
#[tauri::command]
pub(crate) async fn request_cancel(app: Shared<'_>) -> Result<(), Failure> {
    app.desk()?.cancel_sends();
    Ok(())
}

/// What would be signed and sent.
#[tauri::command]
pub(crate) async fn request_preview(
    app: Shared<'_>,
    draft: Draft,
) -> Result<ExactRequest, Failure> {
    app.desk()?.preview(draft).await
}

/// Lets a person choose a file to be sent; answers with its path, or nothing if they changed their mind.
#[tauri::command]
pub(crate) async fn request_choose_file(
    handle: AppHandle,
    app: Shared<'_>,
) -> Result<Option<String>, Failure> {
    let desk = app.desk()?;
    let chosen = dialogs::open_file(handle).await;
    Ok(chosen.map(|path| desk.choose_file(path)))
}

/// The requests being composed.
#[tauri::command]
pub(crate) async fn drafts_read(app: Shared<'_>) -> Result<Vec<Draft>, Failure> {
    Ok(held(&app.drafts).clone())
}

/// Keeps the requests being composed until the app ends.
#[tauri::command]
pub(crate) async fn drafts_write(app: Shared<'_>, drafts: Vec<Draft>) -> Result<(), Failure> {
    *held(&app.drafts) = drafts;
    Ok(())
}
