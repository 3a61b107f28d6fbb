//! First run and recovery: passphrase, scan, code, recovery code.

use strongroom_contract::{
    agent::{CreateFinish, EnrolFinish, RecoverArgs, RecoverFinish},
    error::{ErrorCode, Failure},
    secret::Revealed,
    vault::Enrolled,
    window::EnrolmentShown,
};
use tauri::AppHandle;

use super::Shared;
use crate::{
    app::{App, RecoveryCode, held},
    dialogs, windows,
};

/// Begins to create a vault.
#[tauri::command]
pub(crate) async fn enrolment_begin(
    app: Shared<'_>,
    passphrase: Revealed,
) -> Result<EnrolmentShown, Failure> {
    let desk = app.desk()?;
    let enrolment = desk.enrolment(passphrase).await;
    desk.begin_creation(enrolment).await
}

/// Creates the vault; it stays open.
#[tauri::command]
pub(crate) async fn enrolment_finish(app: Shared<'_>, code: Revealed) -> Result<Enrolled, Failure> {
    let finish = EnrolFinish {
        code: Some(code),
        open: true,
    };
    let desk = app.desk()?;
    remembered(&app, desk.call::<CreateFinish>(finish)).await
}

/// Gives up what was begun, so that nothing of it stays in memory and the vault's file is free.
#[tauri::command]
pub(crate) async fn enrolment_abandon(app: Shared<'_>) -> Result<(), Failure> {
    app.desk()?.abandon_enrolment();
    Ok(())
}

/// Begins to recover the vault.
#[tauri::command]
pub(crate) async fn recovery_begin(
    app: Shared<'_>,
    recovery_code: Revealed,
    passphrase: Revealed,
    accept_older: bool,
) -> Result<EnrolmentShown, Failure> {
    let desk = app.desk()?;
    let enrolment = desk.enrolment(passphrase).await;
    desk.begin_recovery(RecoverArgs {
        recovery_code,
        enrolment,
        accept_older,
    })
    .await
}

/// Recovers the vault; it stays open.
#[tauri::command]
pub(crate) async fn recovery_finish(app: Shared<'_>, code: Revealed) -> Result<Enrolled, Failure> {
    let finish = EnrolFinish {
        code: Some(code),
        open: true,
    };
    let desk = app.desk()?;
    remembered(&app, desk.call::<RecoverFinish>(finish)).await
}

/// Saves the recovery code that the door shows to a file of the user's choice; answers with its
/// path, or nothing if the user changed their mind.
#[tauri::command]
pub(crate) async fn enrolment_save_recovery_code(
    handle: AppHandle,
    app: Shared<'_>,
) -> Result<Option<String>, Failure> {
    let name = "strongroom-recovery-code.txt".to_owned();
    let Some(path) = dialogs::save_file(handle, name).await else {
        return Ok(None);
    };
    match &*held(&app.recovery_code) {
        RecoveryCode::Shown(code) => {
            strongroom_workbench::os::files::replace_private(&path, code.expose_secret().as_bytes())
                .map(|()| Some(path.display().to_string()))
                .map_err(|error| {
                    Failure::new(
                        ErrorCode::Storage,
                        format!("{} could not be written: {error}", path.display()),
                    )
                })
        }
        RecoveryCode::Nowhere | RecoveryCode::Awaited => Err(Failure::new(
            ErrorCode::NotFound,
            "the recovery code is not shown any more",
        )),
    }
}

/// The recovery code is kept: to the main window.
#[tauri::command]
pub(crate) async fn enrolment_done(handle: AppHandle, app: Shared<'_>) -> Result<(), Failure> {
    *held(&app.recovery_code) = RecoveryCode::Nowhere;
    windows::open_main(&handle);
    windows::close(&handle, windows::DOOR);
    Ok(())
}

/// Remembers the recovery code of an enrolment. That the vault is open is heard of before its answer is
/// there: the door has to stay from the beginning.
async fn remembered(
    app: &App,
    enrolment: impl Future<Output = Result<Enrolled, Failure>>,
) -> Result<Enrolled, Failure> {
    *held(&app.recovery_code) = RecoveryCode::Awaited;
    let enrolled = enrolment.await;
    *held(&app.recovery_code) = match &enrolled {
        Ok(enrolled) => {
            let code = enrolled.recovery_code.expose_secret().to_owned();
            RecoveryCode::Shown(Revealed::new(code))
        }
        Err(_) => RecoveryCode::Nowhere,
    };
    enrolled
}
