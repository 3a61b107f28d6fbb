//! The app from start to end: which desk is open, and what becomes of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    secret::Revealed,
    vault::VaultState,
    window::Draft,
};
use strongroom_workbench::{desk::Desk, home::Home, settings};
use tauri::{
    AppHandle, Manager as _, RunEvent, WindowEvent, async_runtime, webview::PageLoadEvent,
};
use tokio::sync::watch;

use crate::{commands, events, tray, windows};

/// What the commands share.
#[derive(Default)]
pub(crate) struct App {
    /// The open desk, or why there is none; nothing while the home is being opened.
    desk: watch::Sender<Option<Result<Desk, Failure>>>,
    /// The requests being composed: they outlive the page, which ends at every lock.
    pub(crate) drafts: Mutex<Vec<Draft>>,
    /// The recovery code of the vault that is being enrolled.
    pub(crate) recovery_code: Mutex<RecoveryCode>,
}

/// A new recovery code on its way to its owner, for whom the door stays until it is kept.
#[derive(Default)]
pub(crate) enum RecoveryCode {
    /// There is none, or it is kept.
    #[default]
    Nowhere,
    /// It is being made.
    Awaited,
    /// The door shows it; it can be saved to a file.
    Shown(Revealed),
}

impl App {
    /// The open desk.
    ///
    /// # Errors
    ///
    /// Why none is open: another process owns the vault, or the home can't be used.
    pub(crate) fn desk(&self) -> Result<Desk, Failure> {
        self.desk.borrow().clone().unwrap_or_else(|| {
            Err(Failure::new(
                ErrorCode::Failed,
                "Strongroom is still starting",
            ))
        })
    }

    /// The same once the home was opened: the first page is there before.
    ///
    /// # Errors
    ///
    /// As [`App::desk`].
    pub(crate) async fn opened(&self) -> Result<Desk, Failure> {
        // It ends in an error with the app itself alone.
        let _ = self.desk.subscribe().wait_for(Option::is_some).await;
        self.desk()
    }

    fn replace(&self, opened: Result<Desk, Failure>) -> Option<Desk> {
        self.desk.send_replace(Some(opened))?.ok()
    }
}

pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the app until it is quit.
///
/// # Errors
///
/// [`tauri::Error`] if the windowing system does not let it start.
#[expect(
    clippy::exit,
    reason = "tauri's own macro ends the process when its configuration cannot be read"
)]
pub(crate) fn run() -> tauri::Result<()> {
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            windows::show(app);
        }))
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_denylist(&[windows::DOOR])
                .build(),
        )
        .plugin(tauri_plugin_dialog::init())
        .manage(App::default())
        .invoke_handler(commands::handler())
        .setup(|app| {
            let handle = app.handle().clone();
            // Whatever the home holds, it is locked: its page loads while the home is opened.
            windows::open_door(&handle);
            async_runtime::spawn(async move { open_home(&handle).await });
            Ok(())
        })
        .on_page_load(|webview, load| {
            // The first page does not wait for it.
            if load.event() == PageLoadEvent::Finished {
                tray::ensure(webview.app_handle());
            }
        })
        .build(tauri::generate_context!())?;
    app.run(|handle, event| match event {
        RunEvent::ExitRequested {
            code: None, api, ..
        } if !windows::any(handle) && tray::is_there(handle) => {
            api.prevent_exit();
        }
        // Whoever closes the door gives up what was begun there.
        RunEvent::WindowEvent {
            label,
            event: WindowEvent::Destroyed,
            ..
        } if label == windows::DOOR => {
            *held(&handle.state::<App>().recovery_code) = RecoveryCode::Nowhere;
            if let Ok(desk) = handle.state::<App>().desk() {
                desk.abandon_enrolment();
            }
        }
        // Nobody waits any more for what its page was sending, a burst least of all: at a lock, too.
        RunEvent::WindowEvent {
            label,
            event: WindowEvent::Destroyed,
            ..
        } if label == windows::MAIN => {
            if let Ok(desk) = handle.state::<App>().desk() {
                desk.cancel_sends();
            }
        }
        RunEvent::Exit => {
            if let Ok(desk) = handle.state::<App>().desk() {
                async_runtime::block_on(desk.close());
            }
        }
        _ => {}
    });
    Ok(())
}

/// Opens the desk of the user's home; if it can't be opened, the door says why.
pub(crate) async fn open_home(handle: &AppHandle) {
    let opened = async {
        let home = Home::from_environment()?;
        let settings = settings::read(&home).unwrap_or_default();
        Desk::open(home, &settings).await
    };
    settle(handle, opened.await).await;
}

/// The same after asking the present owner to make room: the process that `strongroom unlock` has
/// started does so, another window does not. Where the app itself is the owner, it stays so.
pub(crate) async fn take_over(handle: &AppHandle) {
    if handle.state::<App>().desk().is_ok() {
        return;
    }
    let opened = async {
        let home = Home::from_environment()?;
        let settings = settings::read(&home).unwrap_or_default();
        Desk::take_over(home, &settings).await
    };
    settle(handle, opened.await).await;
}

/// Opens the throw-away desk.
///
/// # Errors
///
/// What keeps it from being made; the desk that was open stays.
pub(crate) async fn look_around(handle: &AppHandle) -> Result<(), Failure> {
    let desk = Desk::look_around().await?;
    settle(handle, Ok(desk)).await;
    windows::follow(handle, VaultState::Unlocked);
    Ok(())
}

async fn settle(handle: &AppHandle, opened: Result<Desk, Failure>) {
    if let Ok(desk) = &opened {
        events::follow(handle, desk);
    }
    if let Some(old) = handle.state::<App>().replace(opened) {
        old.close().await;
    }
}
