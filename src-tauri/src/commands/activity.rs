//! What was done.

use strongroom_contract::{error::Failure, window::ActivityRow};

use super::Shared;

/// What was done, the newest first.
#[tauri::command]
pub(crate) async fn activity_list(app: Shared<'_>) -> Result<Vec<ActivityRow>, Failure> {
    Ok(app.desk()?.activity())
}
