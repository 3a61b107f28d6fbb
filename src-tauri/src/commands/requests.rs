//! Composing, signing and sending.

use strongroom_contract::{
    error::Failure,
    exchange::{Exchange, Step},
    window::Draft,
};

use super::Shared;
use crate::app::held;

/// Signs and sends.
#[tauri::command]
pub(crate) async fn request_send(app: Shared<'_>, draft: Draft) -> Result<Exchange, Failure> {
    app.desk()?.send(draft).await
}

/// Stops what is being sent.
#[tauri::command]
pub(crate) async fn request_cancel(app: Shared<'_>) -> Result<(), Failure> {
    app.desk()?.cancel_sends();
    Ok(())
}

/// What would be signed.
#[tauri::command]
pub(crate) async fn request_preview(app: Shared<'_>, draft: Draft) -> Result<Vec<Step>, Failure> {
    app.desk()?.preview(draft).await
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
