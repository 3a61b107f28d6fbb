//! Saved requests of a folder that a person chose.

use strongroom_contract::{
    collection::{
        EnvironmentView, MoveEntry, PathArgs, Placed, RemovedEntry, SaveEnvironment, SavedRequest,
    },
    error::Failure,
    window::Draft,
};

use super::Shared;

/// A saved request as a draft.
#[tauri::command]
pub(crate) async fn folder_open(app: Shared<'_>, place: PathArgs) -> Result<Draft, Failure> {
    app.desk()?.open_saved(place).await
}

/// Saves a draft: where it is from, or anew under a name.
#[tauri::command]
pub(crate) async fn folder_save(
    app: Shared<'_>,
    draft: Draft,
    place: PathArgs,
    name: Option<String>,
) -> Result<Draft, Failure> {
    app.desk()?.save_draft(draft, place, name).await
}

/// Makes a copy of a saved request beside it.
#[tauri::command]
pub(crate) async fn folder_duplicate(
    app: Shared<'_>,
    place: PathArgs,
) -> Result<SavedRequest, Failure> {
    app.desk()?.duplicate_saved(place).await
}

/// Renames or moves a saved request or a folder.
#[tauri::command]
pub(crate) async fn folder_move(app: Shared<'_>, wanted: MoveEntry) -> Result<Placed, Failure> {
    app.desk()?.move_saved(wanted).await
}

/// Removes a saved request or a folder; the answer puts it back.
#[tauri::command]
pub(crate) async fn folder_remove(
    app: Shared<'_>,
    place: PathArgs,
) -> Result<RemovedEntry, Failure> {
    app.desk()?.remove_saved(place).await
}

/// Puts back what was removed.
#[tauri::command]
pub(crate) async fn folder_restore(app: Shared<'_>, removed: RemovedEntry) -> Result<(), Failure> {
    app.desk()?.restore_saved(removed).await
}

/// One environment of a folder.
#[tauri::command]
pub(crate) async fn folder_environment(
    app: Shared<'_>,
    place: PathArgs,
) -> Result<EnvironmentView, Failure> {
    app.desk()?.environment_of(place).await
}

/// Saves an environment, over its file or as a new one.
#[tauri::command]
pub(crate) async fn folder_save_environment(
    app: Shared<'_>,
    wanted: SaveEnvironment,
) -> Result<Placed, Failure> {
    app.desk()?.save_environment(wanted).await
}
