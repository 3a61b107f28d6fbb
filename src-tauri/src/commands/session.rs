//! The session: what is open, and opening and closing it.

use strongroom_contract::{
    agent::{Nothing, SessionTouch, Unlock, UnlockArgs},
    error::Failure,
    secret::Revealed,
    window::Session,
};
use tauri::AppHandle;

use super::Shared;
use crate::{app, windows};

/// What is open.
#[tauri::command]
pub(crate) async fn session_read(app: Shared<'_>) -> Result<Session, Failure> {
    app.opened().await?.session().await
}

/// Locks the vault.
#[tauri::command]
pub(crate) async fn session_lock(app: Shared<'_>) -> Result<(), Failure> {
    app.desk()?.lock().await
}

/// Opens the door.
#[tauri::command]
pub(crate) async fn session_show_unlock(handle: AppHandle) {
    windows::open_door(&handle);
}

/// Opens the main window as a locked shell, and closes the door.
#[tauri::command]
pub(crate) async fn session_show_main(handle: AppHandle) {
    windows::open_main(&handle);
    windows::close(&handle, windows::DOOR);
}

/// Opens the throw-away home.
#[tauri::command]
pub(crate) async fn session_look_around(handle: AppHandle) -> Result<(), Failure> {
    app::look_around(&handle).await
}

/// Becomes the vault's owner.
#[tauri::command]
pub(crate) async fn session_take_over(handle: AppHandle, app: Shared<'_>) -> Result<(), Failure> {
    app::take_over(&handle).await;
    app.desk().map(|_| ())
}

/// A person is here: the idle time starts again.
#[tauri::command]
pub(crate) async fn session_touch(app: Shared<'_>) -> Result<(), Failure> {
    app.desk()?
        .call::<SessionTouch>(Nothing {})
        .await
        .map(|_| ())
}

/// Opens the vault; answers with what the user should know.
#[tauri::command]
pub(crate) async fn unlock_open(
    app: Shared<'_>,
    passphrase: Revealed,
    code: Revealed,
    accept_older: bool,
) -> Result<Vec<String>, Failure> {
    let args = UnlockArgs {
        passphrase,
        code,
        at: None,
        allow_read: false,
        accept_older,
    };
    Ok(app.desk()?.call::<Unlock>(args).await?.warnings)
}
