//! Requests of other programs.

use strongroom_contract::{error::Failure, window::ForeignText};
use tauri::AppHandle;

use super::Shared;
use crate::dialogs;

/// Lets a person choose a file, and reads it; nothing if they changed their mind.
#[tauri::command]
pub(crate) async fn foreign_choose_text(
    handle: AppHandle,
    app: Shared<'_>,
) -> Result<Option<ForeignText>, Failure> {
    match dialogs::open_file(handle).await {
        Some(path) => app.desk()?.read_text(path).await.map(Some),
        None => Ok(None),
    }
}
