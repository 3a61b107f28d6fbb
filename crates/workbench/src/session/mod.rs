//! The owner's state: no vault, a locked one, an open one. Blocking, and without a socket, so that
//! the window can own the vault with the same code.
//!
//! A locked vault's file is not held open: each operation opens it anew, so that a copy that was put
//! in its place is seen. The device secret and the anchor are fetched and stored without holding the
//! state, since a keyring may wait for a person.

mod anchor;
mod enrol;
mod removals;
mod tokens;
mod unlock;
mod work;

use std::{
    io,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    vault::{VaultState, VaultStatus},
};
use strongroom_vault::{Locked, OpenError, Unlocked};
use tokio::sync::watch;

pub(crate) use self::enrol::Draft;
pub(crate) use self::work::{Caller, Work};
use self::{anchor::Anchors, removals::Removals, tokens::Tokens};
use crate::{
    activity::{Act, Activity},
    home::Home,
    keyring::Place,
    os::clock,
    problem::{is_ours, not_opened},
    sealed_log::SealedLog,
};

/// The owner's state machine.
pub struct Session {
    home: Home,
    activity: Activity,
    anchors: Anchors,
    /// What may be said of a vault whose file a recovery has for itself.
    remembered: Mutex<Option<VaultStatus>>,
    open: Mutex<Option<Open>>,
    /// Whether it is, for those who must not wait.
    is_open: AtomicBool,
    /// After how long without use the vault is closed.
    idle: Mutex<Duration>,
    /// Counts what changed: the vault's state, its items.
    changes: watch::Sender<u64>,
}

/// An open vault, and what was agreed to when it was opened.
pub(crate) struct Open {
    pub(crate) vault: Unlocked,
    /// Where its device secret lies, and so its anchor.
    place: Place,
    /// Whether other programs may have secrets revealed.
    pub(crate) reveal_allowed: bool,
    last_seen: Seen,
    removals: Removals,
    pub(crate) tokens: Tokens,
    /// The history of requests, once somebody has asked for it. Its key goes with the vault's.
    history: Option<SealedLog>,
}

impl Open {
    /// The history of requests in the file at `path`.
    ///
    /// # Errors
    ///
    /// The system's own.
    pub(crate) fn history(&mut self, path: &Path) -> io::Result<&mut SealedLog> {
        let log = match self.history.take() {
            Some(log) => log,
            None => {
                let (key, epoch) = self.vault.history_key();
                SealedLog::open(path, &key, self.vault.status().vault_id.as_bytes(), epoch)?
            }
        };
        Ok(self.history.insert(log))
    }
}

/// The clocks at the last use of a vault, or how far they moved since.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// On the clock that runs through sleep.
    time: Duration,
    /// How long the machine has slept.
    asleep: Duration,
}

impl Seen {
    fn now() -> Self {
        Self {
            time: clock::awake_or_asleep(),
            asleep: clock::asleep(),
        }
    }

    fn until(self, later: Self) -> Self {
        Self {
            time: later.time.saturating_sub(self.time),
            asleep: later.asleep.saturating_sub(self.asleep),
        }
    }

    /// What is left of `idle` now, to a whole second.
    fn left_of(self, idle: Duration) -> Duration {
        let left = idle.saturating_sub(self.until(Self::now()).time);
        // Half a second to the next one: a person sees the number that the clock comes closest to.
        Duration::from_secs((left + Duration::from_millis(500)).as_secs())
    }

    /// Whether an unused vault is to be locked after this.
    fn is_over(self, idle: Duration) -> bool {
        self.time >= idle || self.asleep >= NOTABLE_SLEEP
    }
}

/// Whether a vault is open after a look at the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// It is, and stays so.
    Open,
    /// It was, too long without use or after its user had gone.
    JustLocked,
    /// It was not.
    Closed,
}

impl Session {
    /// The session of a home's vault, locked.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self {
            home,
            activity: Activity::default(),
            anchors: Anchors::default(),
            remembered: Mutex::new(None),
            open: Mutex::new(None),
            is_open: AtomicBool::new(false),
            idle: Mutex::new(IDLE),
            changes: watch::Sender::new(0),
        }
    }

    /// The home.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// What was done since the session began.
    #[must_use]
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Changes whenever the vault was opened or closed, or one of its items was added, changed,
    /// removed or put back, whoever did it.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Tells those who watch that something changed.
    pub(crate) fn changed(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// After how long without use the vault is closed.
    pub(crate) fn idle(&self) -> Duration {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the vault after `idle` without use from now on.
    pub(crate) fn set_idle(&self, idle: Duration) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = idle;
    }

    /// Whether the vault is open. Never waits, not even for an unlock that is under way.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Somebody is here: the vault counts as used. Does nothing if it is closed.
    pub(crate) fn touch(&self) {
        if let Some(open) = self.state().as_mut() {
            open.last_seen = Seen::now();
        }
    }

    /// Whether there is a vault, and what may be said of it.
    ///
    /// # Errors
    ///
    /// The vault's file is damaged, held by another process or unreadable.
    pub fn status(&self) -> Result<VaultStatus, Failure> {
        match &*self.state() {
            Some(open) => Ok(self.status_of(open)),
            None => self.closed_status(),
        }
    }

    /// Closes the vault: every key and overview goes from memory. Does nothing if it is closed.
    ///
    /// # Errors
    ///
    /// As [`Session::status`]; the vault is closed all the same.
    pub fn lock(&self, client: &str) -> Result<VaultStatus, Failure> {
        self.close(self.state(), client);
        self.status()
    }

    /// Closes the vault, and does not look at it any more.
    pub(crate) fn close_now(&self, client: &str) -> Closing {
        let state = self.state();
        if state.is_none() {
            return Closing::Closed;
        }
        self.close(state, client);
        Closing::JustLocked
    }

    /// Closes the vault if nobody used it for a while, or if the machine slept. Also carries out
    /// removals whose time has come, and writes the anchor of what changed since the last look.
    pub(crate) fn close_if_due(&self) -> Closing {
        let idle = self.idle();
        let mut state = self.state();
        let Some(open) = state.as_mut() else {
            return Closing::Closed;
        };
        let now = Seen::now();
        if open.last_seen.until(now).is_over(idle) {
            self.close(state, OWNER);
            return Closing::JustLocked;
        }
        self.carry_out_removals(open, |due| due <= now.time);
        let due = (open.place.clone(), open.vault.anchor());
        let vault_id = open.vault.status().vault_id.to_string();
        drop(state);
        self.anchors.store_in_passing(&due.0, &vault_id, &due.1);
        Closing::Open
    }

    /// Works with the open vault.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Locked`] or [`ErrorCode::NotFound`] if none is open; otherwise what `work` says.
    pub(crate) fn with_open<T>(
        &self,
        work: impl FnOnce(&mut Open) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut state = self.state();
        match state.as_mut() {
            Some(open) => {
                open.last_seen = Seen::now();
                work(open)
            }
            None if self.home.vault_file().exists() => {
                Err(Failure::new(ErrorCode::Locked, "the vault is locked")
                    .hint("open it with `strongroom unlock`"))
            }
            None => Err(self.no_vault()),
        }
    }

    /// Looks at the vault, open or closed. `unopenable` may answer for a file that cannot be opened.
    ///
    /// # Errors
    ///
    /// There is no vault, or its file cannot be opened and `unopenable` has no answer.
    pub(crate) fn look<T>(
        &self,
        open: impl FnOnce(&Open) -> T,
        closed: impl FnOnce(&Locked) -> T,
        unopenable: impl FnOnce(&OpenError) -> Option<T>,
    ) -> Result<T, Failure> {
        let state = self.state();
        if let Some(unlocked) = state.as_ref() {
            return Ok(open(unlocked));
        }
        match Locked::open(&self.home.vault_file()) {
            Ok(locked) => Ok(closed(&locked)),
            Err(OpenError::NotFound(_)) => Err(self.no_vault()),
            Err(error) => unopenable(&error).ok_or_else(|| not_opened(&error)),
        }
    }

    /// Whoever asks for the state meanwhile waits until the file is free: it can be opened once.
    fn close(&self, mut state: MutexGuard<'_, Option<Open>>, client: &str) {
        let Some(mut open) = state.take() else {
            return;
        };
        self.carry_out_removals(&mut open, |_| true);
        self.is_open.store(false, Ordering::Release);
        let anchor = open.vault.anchor();
        let vault_id = open.vault.status().vault_id.to_string();
        let place = open.place;
        self.activity.seal(&open.vault.history_key().0);
        // The keys go first: storing the anchor may take its time.
        drop(open.vault);
        drop(state);
        self.activity
            .record(Act::Locked, clock::now(), None, client);
        self.changed();
        self.anchors.store(&place, &vault_id, &anchor);
    }

    fn closed_status(&self) -> Result<VaultStatus, Failure> {
        match Locked::open(&self.home.vault_file()) {
            Ok(locked) => Ok(self.status_of_locked(&locked)),
            Err(OpenError::NotFound(_)) => Ok(VaultStatus {
                state: VaultState::None,
                vault_id: None,
                path: None,
                last_code_day: None,
                read_only: false,
                items: None,
                freshness: None,
                reveal_allowed: false,
                locks_in_seconds: None,
            }),
            Err(error) => match self.remembered().clone().filter(|_| is_ours(&error)) {
                Some(status) => Ok(status),
                None => Err(not_opened(&error)),
            },
        }
    }

    fn status_of_locked(&self, locked: &Locked) -> VaultStatus {
        let status = locked.status();
        VaultStatus {
            state: VaultState::Locked,
            vault_id: Some(status.vault_id.to_string()),
            path: Some(self.home.vault_file().display().to_string()),
            last_code_day: Some(status.last_code_day),
            read_only: status.read_only,
            items: None,
            freshness: None,
            reveal_allowed: false,
            locks_in_seconds: None,
        }
    }

    /// Keeps what may be said of a locked vault, before a recovery takes its file.
    fn remember(&self, locked: &Locked) {
        *self.remembered() = Some(self.status_of_locked(locked));
    }

    fn remembered(&self) -> MutexGuard<'_, Option<VaultStatus>> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn status_of(&self, open: &Open) -> VaultStatus {
        let status = open.vault.status();
        VaultStatus {
            state: VaultState::Unlocked,
            vault_id: Some(status.vault_id.to_string()),
            path: Some(self.home.vault_file().display().to_string()),
            last_code_day: Some(status.last_code_day),
            read_only: status.read_only,
            items: u64::try_from(open.vault.len()).ok(),
            freshness: Some(open.vault.freshness()),
            reveal_allowed: open.reveal_allowed,
            locks_in_seconds: Some(open.last_seen.left_of(self.idle()).as_secs()),
        }
    }

    fn no_vault(&self) -> Failure {
        Failure::new(
            ErrorCode::NotFound,
            format!("there is no vault in {}", self.home.path().display()),
        )
        .hint("create one with `strongroom vault create`")
    }

    fn state(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After how long without use a vault is closed, unless something else is chosen.
pub(crate) const IDLE: Duration = Duration::from_secs(10 * 60);
/// How the owner process calls itself where it acts unasked.
pub(crate) const OWNER: &str = "strongroom agent";
/// Clocks drift by less; a lid that was closed takes longer.
const NOTABLE_SLEEP: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unused_vault_is_due_after_a_while_and_after_every_sleep() {
        let idle = Duration::from_secs(600);
        let opened = Seen {
            time: Duration::from_secs(1_000),
            asleep: Duration::from_secs(50),
        };
        let over = |time, asleep| {
            let now = Seen {
                time: Duration::from_secs(time),
                asleep: Duration::from_secs(asleep),
            };
            opened.until(now).is_over(idle)
        };
        assert!(!over(1_599, 50));
        assert!(over(1_600, 50));
        assert!(over(1_010, 55));
        assert!(!over(1_010, 51));
    }
}
