//! The system's dialogs for files. A page has none of its own: the path is decided here.

use std::path::PathBuf;

use tauri::{AppHandle, async_runtime};
use tauri_plugin_dialog::{DialogExt as _, FilePath};

/// Lets a person choose where to save; `None` if they changed their mind. Of `name` nothing but its last
/// part counts.
pub(crate) async fn save_file(app: AppHandle, name: String) -> Option<PathBuf> {
    let name = name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .to_owned();
    chosen(move || app.dialog().file().set_file_name(name).blocking_save_file()).await
}

/// Lets a person choose a file; `None` if they changed their mind.
pub(crate) async fn open_file(app: AppHandle) -> Option<PathBuf> {
    chosen(move || app.dialog().file().blocking_pick_file()).await
}

/// Lets a person choose a folder; `None` if they changed their mind.
pub(crate) async fn open_folder(app: AppHandle) -> Option<PathBuf> {
    chosen(move || app.dialog().file().blocking_pick_folder()).await
}

async fn chosen(ask: impl FnOnce() -> Option<FilePath> + Send + 'static) -> Option<PathBuf> {
    let answer = async_runtime::spawn_blocking(ask).await.ok().flatten();
    answer.and_then(|file| file.into_path().ok())
}
