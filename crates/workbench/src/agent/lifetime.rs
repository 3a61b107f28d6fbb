//! How long the owner keeps what it holds: an open vault locks when nobody uses it, and the process
//! ends when nothing is open.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use strongroom_contract::error::{ErrorCode, Failure};
use tokio::sync::watch;

use crate::{
    agent::{Options, Owner},
    os::{
        clock,
        screen::{self, Seen},
    },
    session::{Closing, OWNER, Session},
};

/// Between two looks. Short, since an unused vault is to be closed soon after a machine wakes.
const LOOK: Duration = Duration::from_secs(1);

/// What keeps the owner alive.
pub(crate) struct Lifetime {
    options: Options,
    holds: Arc<()>,
    /// When the last hold ended, or the vault was locked, on the clock that runs through sleep.
    quiet_since: Mutex<Duration>,
    /// Told when another process is to take this one's place.
    retired: watch::Sender<bool>,
}

/// Keeps the owner alive while it lives: a request under way, or a draft.
pub(crate) struct Hold {
    _held: Arc<()>,
}

impl Lifetime {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            holds: Arc::new(()),
            quiet_since: Mutex::new(clock::awake_or_asleep()),
            retired: watch::Sender::new(false),
        }
    }

    /// Whether another process may take this one's place.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InUse`] if it has a window.
    pub(crate) fn may_retire(&self) -> Result<(), Failure> {
        if self.options.linger == Duration::MAX {
            return Err(Failure::new(
                ErrorCode::InUse,
                "the vault is open in a window of Strongroom, which stays its owner",
            )
            .hint("use that window, or quit it"));
        }
        Ok(())
    }

    /// Ends the owner.
    pub(crate) fn retire(&self) {
        self.retired.send_replace(true);
    }

    pub(crate) fn hold(&self) -> Hold {
        Hold {
            _held: Arc::clone(&self.holds),
        }
    }

    /// Something was asked for or finished just now.
    pub(crate) fn touch(&self) {
        *self
            .quiet_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = clock::awake_or_asleep();
    }

    fn is_over(&self, now: Duration) -> bool {
        let quiet_since = *self
            .quiet_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::strong_count(&self.holds) == 1
            && now.saturating_sub(quiet_since) >= self.options.linger
    }
}

/// Locks the vault when its time has come; returns when the owner's has.
pub(crate) async fn run(owner: &Owner) {
    let lifetime = &owner.lifetime;
    lock_with_the_screen(&owner.session);
    let mut retired = lifetime.retired.subscribe();
    loop {
        let look = LOOK
            .min(owner.session.idle() / 4)
            .min(lifetime.options.linger / 4);
        tokio::select! {
            () = tokio::time::sleep(look) => {}
            // `lifetime` holds the sender, so waiting cannot fail.
            _ = retired.wait_for(|retired| *retired) => return,
        }
        let session = Arc::clone(&owner.session);
        let closing = tokio::task::spawn_blocking(move || session.close_if_due()).await;
        match closing {
            Ok(Closing::Open) => lifetime.touch(),
            Ok(Closing::JustLocked) => {
                tracing::info!("locked: unused, or the machine slept");
                lifetime.touch();
            }
            Ok(Closing::Closed) | Err(_) => {
                if lifetime.is_over(clock::awake_or_asleep()) {
                    return;
                }
            }
        }
    }
}

/// Locks the vault whenever the user's screen is locked, for as long as the session lives.
fn lock_with_the_screen(session: &Arc<Session>) {
    let session = Arc::downgrade(session);
    screen::watch(move |seen| {
        let Some(session) = session.upgrade() else {
            return ControlFlow::Break(());
        };
        if seen == Seen::Gone && session.close_now(OWNER) == Closing::JustLocked {
            tracing::info!("locked: the screen was locked, or the machine goes to sleep");
        }
        ControlFlow::Continue(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_over_only_when_quiet_for_long_enough_and_nothing_is_held() {
        let lifetime = Lifetime::new(Options {
            idle: Duration::from_secs(600),
            linger: Duration::from_secs(60),
        });
        let start = clock::awake_or_asleep();
        assert!(!lifetime.is_over(start + Duration::from_secs(59)));
        let later = start + Duration::from_secs(61);
        assert!(lifetime.is_over(later));
        let hold = lifetime.hold();
        assert!(!lifetime.is_over(later));
        drop(hold);
        assert!(lifetime.is_over(later));
    }
}
