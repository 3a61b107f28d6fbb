//! The tray: lock, the local platform, quit.

use strongroom_contract::window::PlatformState;
use strongroom_workbench::desk::Desk;
use tauri::{
    AppHandle, Manager as _, async_runtime,
    menu::{Menu, MenuEvent, MenuItem},
    tray::TrayIconBuilder,
};

use crate::{app::App, windows};

const ID: &str = "strongroom";

/// Puts the icon into the tray if it is not there.
pub(crate) fn ensure(app: &AppHandle) {
    if is_there(app) {
        return;
    }
    if let Err(error) = build(app) {
        tracing::warn!(%error, "no tray here: the window is all there is");
    }
}

fn build(app: &AppHandle) -> tauri::Result<()> {
    let desk = app.state::<App>().desk();
    let mut builder = TrayIconBuilder::with_id(ID)
        .tooltip("Strongroom")
        .menu(&menu(app, desk.as_ref().ok())?)
        .on_menu_event(chosen);
    if let Some(icon) = app.default_window_icon() {
        builder = builder.icon(icon.clone());
    }
    builder.build(app).map(|_| ())
}

/// Whether there is a tray that can bring a window back.
pub(crate) fn is_there(app: &AppHandle) -> bool {
    app.tray_by_id(ID).is_some()
}

/// Makes the menu fit what is open and running.
pub(crate) fn refresh(app: &AppHandle, desk: &Desk) {
    let fitted = menu(app, Some(desk)).and_then(|menu| {
        app.tray_by_id(ID)
            .map_or(Ok(()), |tray| tray.set_menu(Some(menu)))
    });
    if let Err(error) = fitted {
        tracing::warn!(%error, "the tray's menu is not up to date");
    }
}

fn menu(app: &AppHandle, desk: Option<&Desk>) -> tauri::Result<Menu<tauri::Wry>> {
    let unlocked = desk.is_some_and(Desk::is_unlocked);
    let running = desk.is_some_and(|desk| desk.platform().state == PlatformState::Running);
    let item = |id: &str, text: &str, enabled: bool| {
        MenuItem::with_id(app, id, text, enabled, None::<&str>)
    };
    let platform = if running {
        "Stop the local platform"
    } else {
        "Start the local platform"
    };
    Menu::with_items(
        app,
        &[
            &item("show", "Show Strongroom", true)?,
            &item("lock", "Lock the vault", unlocked)?,
            &item("platform", platform, true)?,
            &item("quit", "Quit", true)?,
        ],
    )
}

fn chosen(app: &AppHandle, event: MenuEvent) {
    let app = app.clone();
    match event.id().as_ref() {
        "show" => windows::show(&app),
        "quit" => app.exit(0),
        act => {
            let act = act.to_owned();
            async_runtime::spawn(async move { carry_out(&app, &act).await });
        }
    }
}

async fn carry_out(app: &AppHandle, act: &str) {
    let Ok(desk) = app.state::<App>().desk() else {
        return windows::show(app);
    };
    let done = match act {
        "lock" => desk.lock().await,
        _ if desk.platform().state == PlatformState::Running => desk.stop_platform().await,
        _ => desk.start_platform().await,
    };
    if let Err(failure) = done {
        tracing::warn!(%failure, act, "what was chosen in the tray failed");
        windows::show(app);
    }
}
