//! The settings file.

use strongroom_contract::{error::Failure, window::Settings};

use super::Shared;

/// The settings in force.
#[tauri::command]
pub(crate) async fn settings_read(app: Shared<'_>) -> Result<Settings, Failure> {
    app.opened().await?.settings()
}

/// Writes the settings and puts them in force.
#[tauri::command]
pub(crate) async fn settings_write(app: Shared<'_>, settings: Settings) -> Result<(), Failure> {
    app.desk()?.save_settings(&settings)
}
