//! The two windows, and which of them is there.

use strongroom_contract::vault::VaultState;
use tauri::{AppHandle, Manager as _, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

use crate::{app::App, drawing};

/// The label of the window that takes the factors of the vault.
pub(crate) const DOOR: &str = "door";
/// The label of the main window.
pub(crate) const MAIN: &str = "main";

/// Whether a window is open.
pub(crate) fn any(app: &AppHandle) -> bool {
    !app.webview_windows().is_empty()
}

/// Brings the window that fits the vault's state to the front.
pub(crate) fn show(app: &AppHandle) {
    let front = app
        .get_webview_window(DOOR)
        .or_else(|| app.get_webview_window(MAIN));
    match front {
        Some(window) => raise(&window),
        None if app
            .state::<App>()
            .desk()
            .is_ok_and(|desk| desk.is_unlocked()) =>
        {
            open_main(app);
        }
        None => open_door(app),
    }
}

/// Makes the windows fit the vault's new state. When it was locked, the main window's page ends with
/// everything that it had been shown, and starts again as a locked shell.
pub(crate) fn follow(app: &AppHandle, state: VaultState) {
    match state {
        VaultState::Unlocked => {
            open_main(app);
            close(app, DOOR);
        }
        VaultState::Locked | VaultState::None => {
            if app.get_webview_window(MAIN).is_some() {
                close(app, MAIN);
                let app = app.clone();
                // The label is free once the event loop has seen the window go.
                tauri::async_runtime::spawn(async move {
                    while app.get_webview_window(MAIN).is_some() {
                        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                    }
                    open_main(&app);
                });
            }
        }
    }
}

/// Opens the door.
pub(crate) fn open_door(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(DOOR) {
        raise(&window);
        return;
    }
    let built = WebviewWindowBuilder::new(app, DOOR, WebviewUrl::App("unlock.html".into()))
        .title("Strongroom")
        .inner_size(440.0, 640.0)
        .min_inner_size(380.0, 560.0)
        .maximizable(false)
        .center()
        .visible(true)
        .build();
    opened(built);
}

/// Opens the main window.
pub(crate) fn open_main(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        raise(&window);
        return;
    }
    let built = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Strongroom")
        .inner_size(1280.0, 800.0)
        .min_inner_size(860.0, 560.0)
        .build();
    opened(built);
}

/// Closes a window and its web process.
pub(crate) fn close(app: &AppHandle, label: &str) {
    if let Some(window) = app.get_webview_window(label)
        && let Err(error) = window.destroy()
    {
        tracing::error!(%error, label, "the window does not close");
    }
}

fn raise(window: &WebviewWindow) {
    for step in [window.show(), window.unminimize(), window.set_focus()] {
        if let Err(error) = step {
            tracing::warn!(%error, "the window does not come to the front");
        }
    }
}

fn opened(built: tauri::Result<WebviewWindow>) {
    match built {
        Ok(window) => {
            drawing::fit(&window);
            drawing::revive(&window);
        }
        Err(error) => tracing::error!(%error, "a window could not be opened"),
    }
}
