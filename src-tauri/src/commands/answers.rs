//! Parts of the bodies of answers.

use strongroom_contract::{
    answer::{BodyMatches, BodyRows, FindInBody, RowsOfBody},
    error::Failure,
};
use tauri::AppHandle;

use super::Shared;
use crate::dialogs;

/// Some rows of a body.
#[tauri::command]
pub(crate) async fn answer_rows(app: Shared<'_>, wanted: RowsOfBody) -> Result<BodyRows, Failure> {
    app.desk()?.answer_rows(wanted).await
}

/// Where some words stand in a body.
#[tauri::command]
pub(crate) async fn answer_find(
    app: Shared<'_>,
    wanted: FindInBody,
) -> Result<BodyMatches, Failure> {
    app.desk()?.find_in_answer(wanted).await
}

/// Some bytes of a body, base64.
#[tauri::command]
pub(crate) async fn answer_bytes(
    app: Shared<'_>,
    id: u64,
    from: u64,
    count: u64,
) -> Result<String, Failure> {
    app.desk()?.answer_bytes(id, from, count).await
}

/// Saves a body to a file of the user's choice; answers with its path, or nothing if the user changed
/// their mind.
#[tauri::command]
pub(crate) async fn answer_save(
    handle: AppHandle,
    app: Shared<'_>,
    id: u64,
    name: String,
) -> Result<Option<String>, Failure> {
    match dialogs::save_file(handle, name).await {
        Some(path) => app.desk()?.save_answer(id, &path).await.map(Some),
        None => Ok(None),
    }
}
