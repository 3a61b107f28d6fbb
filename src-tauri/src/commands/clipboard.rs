//! Copying text that is no secret.

use strongroom_contract::error::Failure;

use super::Shared;

/// Copies text.
#[tauri::command]
pub(crate) async fn copy_text(app: Shared<'_>, text: String) -> Result<(), Failure> {
    app.desk()?.copy_text(text).await
}
