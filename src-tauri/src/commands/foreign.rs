//! Requests of other programs.

use strongroom_contract::{
    error::Failure,
    requests::{ExportedRequest, ForeignOpened, ForeignRead, OpenForeign},
    window::{Draft, ForeignText},
};
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

/// What is understood of a pasted text.
#[tauri::command]
pub(crate) async fn foreign_read(
    app: Shared<'_>,
    text: ForeignText,
) -> Result<ForeignRead, Failure> {
    app.desk()?.read_foreign(text).await
}

/// Takes the requests of a pasted text into drafts.
#[tauri::command]
pub(crate) async fn foreign_open(
    app: Shared<'_>,
    wanted: OpenForeign,
) -> Result<ForeignOpened, Failure> {
    app.desk()?.open_foreign(wanted).await
}

/// Writes a draft as a program, or as a file of another program.
#[tauri::command]
pub(crate) async fn foreign_write(
    app: Shared<'_>,
    draft: Draft,
    format: String,
) -> Result<ExportedRequest, Failure> {
    app.desk()?.write_foreign(draft, format).await
}
