//! What changed, told to the pages: the session, the keys, the platform, its audit log, what was done, and how
//! far a burst, a run or an export is.

use std::time::Duration;

use strongroom_contract::{vault::VaultState, window::Session};
use strongroom_workbench::desk::Desk;
use tauri::{AppHandle, Emitter as _, Manager as _, async_runtime};
use tokio::sync::watch;

use crate::{
    app::{App, RecoveryCode, held},
    tray, windows,
};

/// Between two words about what was done: a burst does a thousand things a second.
const BREATH: Duration = Duration::from_millis(250);

/// Follows a desk until it is closed.
pub(crate) fn follow(app: &AppHandle, desk: &Desk) {
    async_runtime::spawn(follow_session(app.clone(), desk.clone()));
    async_runtime::spawn(follow_platform(app.clone(), desk.clone()));
    async_runtime::spawn(follow_audit(app.clone(), desk.clone()));
    async_runtime::spawn(follow_activity(app.clone(), desk.activity_changes()));
}

async fn follow_session(app: AppHandle, desk: Desk) {
    let mut changes = desk.changes();
    let mut was = state(&desk).await;
    while changes.changed().await.is_ok() {
        match desk.session().await {
            Ok(session) => {
                let now = session.vault.state;
                tell(&app, "session-changed", &session);
                tell(&app, "keys-changed", ());
                if was != Some(now) && !holds_the_door(&app, now) {
                    windows::follow(&app, now);
                }
                was = Some(now);
                tray::refresh(&app, &desk);
            }
            Err(failure) => {
                tracing::warn!(%failure, "the session's state is not known");
                // Whatever keeps it from being read: a page that was shown secrets ends.
                if was == Some(VaultState::Unlocked) && !desk.is_unlocked() {
                    windows::follow(&app, VaultState::Locked);
                    was = Some(VaultState::Locked);
                }
            }
        }
    }
}

/// After a first run or a recovery the door still shows the recovery code; it closes itself when that is
/// kept.
fn holds_the_door(app: &AppHandle, now: VaultState) -> bool {
    let kept = matches!(
        *held(&app.state::<App>().recovery_code),
        RecoveryCode::Nowhere
    );
    now == VaultState::Unlocked && !kept
}

async fn state(desk: &Desk) -> Option<VaultState> {
    desk.session()
        .await
        .ok()
        .map(|session: Session| session.vault.state)
}

async fn follow_platform(app: AppHandle, desk: Desk) {
    let mut changes = desk.platform_changes();
    while changes.changed().await.is_ok() {
        tell(&app, "platform-changed", desk.platform());
        tray::refresh(&app, &desk);
    }
}

async fn follow_audit(app: AppHandle, desk: Desk) {
    let mut changes = desk.audit_changes();
    while changes.changed().await.is_ok() {
        tell(&app, "audit-grew", ());
    }
}

async fn follow_activity(app: AppHandle, mut changes: watch::Receiver<u64>) {
    while changes.changed().await.is_ok() {
        tell(&app, "activity-grew", ());
        tokio::time::sleep(BREATH).await;
    }
}

/// Tells every page.
pub(crate) fn tell<T: serde::Serialize + Clone>(app: &AppHandle, event: &str, payload: T) {
    if let Err(error) = app.emit(event, payload) {
        tracing::warn!(%error, event, "a page was not told");
    }
}
