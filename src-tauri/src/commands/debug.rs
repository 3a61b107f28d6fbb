//! The signature debugger.

use strongroom_contract::{
    diagnosis::{Diagnosis, LookedInto, PastedCase},
    error::Failure,
    jwt::{JwtReport, PastedToken},
};
use strongroom_workbench::desk::Desk;
use tauri::AppHandle;

use super::Shared;
use crate::dialogs;

/// Why a pasted request is refused.
#[tauri::command]
pub(crate) async fn debug_paste(app: Shared<'_>, case: PastedCase) -> Result<LookedInto, Failure> {
    app.desk()?.look_into(case).await
}

/// Why the local platform refused a request.
#[tauri::command]
pub(crate) async fn debug_refused(
    app: Shared<'_>,
    request_id: String,
) -> Result<Diagnosis, Failure> {
    app.desk()?.look_into_refused(&request_id).await
}

/// Why a request of the history was refused.
#[tauri::command]
pub(crate) async fn debug_past(
    app: Shared<'_>,
    id: u64,
    key: Option<String>,
) -> Result<Diagnosis, Failure> {
    app.desk()?.look_into_past(id, key).await
}

/// What a pasted token says.
#[tauri::command]
pub(crate) async fn debug_token(
    app: Shared<'_>,
    pasted: PastedToken,
) -> Result<JwtReport, Failure> {
    app.desk()?.look_into_token(pasted).await
}

/// A diagnosis as a text for a ticket.
#[tauri::command]
pub(crate) async fn debug_ticket(diagnosis: Diagnosis) -> String {
    Desk::ticket(&diagnosis)
}

/// Saves a diagnosis for a ticket to a file of the user's choice; answers with its path, or nothing if the
/// user changed their mind.
#[tauri::command]
pub(crate) async fn debug_save(
    handle: AppHandle,
    app: Shared<'_>,
    diagnosis: Diagnosis,
    name: String,
) -> Result<Option<String>, Failure> {
    match dialogs::save_file(handle, name).await {
        Some(path) => app.desk()?.save_ticket(diagnosis, path).await.map(Some),
        None => Ok(None),
    }
}
