//! The local platform inside of the window's process, or one of another process for the same home.
//!
//! It runs on a thread with a runtime of its own: what it does there disturbs nobody, and if it breaks
//! off, the window says so and lives on. Locking the vault does not stop it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use strongroom_contract::{
    agent::{KeyAdd, KeyCheck, KeyName},
    error::{ErrorCode, Failure},
    manage::{CreateKey, KeyView},
    platform::PlatformAddress,
    window::{AllowlistCheck, IssueKey, PlatformState, PlatformStatus},
};
use tokio::sync::{oneshot, watch};

use super::Desk;
use crate::{
    activity::Act,
    agent::{WINDOW, on_a_thread},
    home::Home,
    os::clock,
    platform::{self, Platform, ServeOptions, serve},
    running,
};

/// How long a platform of another process may take to say that it is one.
const ANSWER: Duration = Duration::from_secs(2);

/// The home's platform, as this process knows it.
pub(super) struct LocalPlatform {
    home: Home,
    options: ServeOptions,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    /// Held by whoever starts, stops or looks for it.
    turn: tokio::sync::Mutex<()>,
}

enum State {
    Stopped,
    Starting,
    /// On a thread of this process, until `stop` is told or dropped.
    Here {
        address: PlatformAddress,
        stop: Option<oneshot::Sender<()>>,
    },
    /// In another process.
    Elsewhere(PlatformAddress),
    Failed(Failure),
}

impl LocalPlatform {
    pub(super) fn new(home: Home, options: ServeOptions) -> Self {
        Self {
            home,
            options,
            state: Mutex::new(State::Stopped),
            changes: watch::Sender::new(0),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    fn status(&self) -> PlatformStatus {
        let (state, url, failure) = match &*self.state() {
            State::Stopped => (PlatformState::Stopped, None, None),
            State::Starting => (PlatformState::Starting, None, None),
            State::Here { address, .. } | State::Elsewhere(address) => {
                (PlatformState::Running, Some(address.url.clone()), None)
            }
            State::Failed(failure) => (PlatformState::Failed, None, Some(failure.clone())),
        };
        PlatformStatus {
            state,
            url,
            failure,
        }
    }

    pub(super) fn address(&self) -> Result<PlatformAddress, Failure> {
        match &*self.state() {
            State::Here { address, .. } | State::Elsewhere(address) => Ok(address.clone()),
            _ => Err(Failure::new(
                ErrorCode::PlatformUnavailable,
                "the local platform is not running",
            )
            .hint("start it, and try again")),
        }
    }

    /// The handle to its management.
    pub(super) async fn handle(&self) -> Result<Platform, Failure> {
        handle(&self.address()?).await
    }

    /// Starts it, unless it runs; whether it is this call that did.
    async fn start(self: &Arc<Self>) -> Result<bool, Failure> {
        let _turn = self.turn.lock().await;
        if self.address().is_ok() {
            return Ok(false);
        }
        self.set(State::Starting);
        if let Some(address) = self.find_elsewhere().await {
            self.set(State::Elsewhere(address));
            return Ok(false);
        }
        match self.start_here().await {
            Ok(()) => Ok(true),
            Err(failure) => {
                self.set(State::Failed(failure.clone()));
                Err(failure)
            }
        }
    }

    async fn start_here(self: &Arc<Self>) -> Result<(), Failure> {
        let (stop, stopped) = oneshot::channel();
        let (ready, address) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let (home, options) = (self.home.clone(), self.options.clone());
        let run = move || {
            // Dropped unsent if the thread breaks off.
            let _ = end.send(run(&home, options, ready, stopped));
        };
        thread::Builder::new()
            .name("platform".to_owned())
            .spawn(run)
            .map_err(|error| broken(&format!("no thread could be started: {error}")))?;
        match address.await {
            Ok(address) => {
                let stop = Some(stop);
                self.set(State::Here { address, stop });
                // Weakly: dropping the last desk stops it too.
                let platform = Arc::downgrade(self);
                tokio::spawn(async move {
                    let ended = ended.await;
                    if let Some(platform) = platform.upgrade() {
                        platform.set(after(ended));
                    }
                });
                Ok(())
            }
            Err(_) => Err(match ended.await {
                Ok(Err(failure)) => failure,
                _ => broken("it broke off while it was starting"),
            }),
        }
    }

    /// Stops it and waits for the end, if it runs here.
    async fn stop(&self) -> Result<bool, Failure> {
        let _turn = self.turn.lock().await;
        let mut changes = self.changes.subscribe();
        match &mut *self.state() {
            State::Here { stop, .. } => drop(stop.take()),
            State::Elsewhere(address) => {
                return Err(Failure::new(
                    ErrorCode::InUse,
                    format!(
                        "the local platform was started by another process ({})",
                        address.pid
                    ),
                )
                .hint("stop it where it was started: Ctrl-C in its terminal"));
            }
            _ => return Ok(false),
        }
        while matches!(*self.state(), State::Here { .. }) {
            // `self` holds the sender, so waiting cannot fail.
            drop(changes.changed().await);
        }
        Ok(true)
    }

    /// Looks whether another process has started or stopped one.
    pub(super) async fn look(&self) {
        let Ok(_turn) = self.turn.try_lock() else {
            return;
        };
        let known = match &*self.state() {
            State::Here { .. } | State::Starting => return,
            State::Elsewhere(address) => Some(address.clone()),
            State::Stopped | State::Failed(_) => None,
        };
        let announced = self.announced().await;
        if announced == known {
            return;
        }
        match self.find_elsewhere().await {
            Some(address) => self.set(State::Elsewhere(address)),
            None if known.is_some() => self.set(State::Stopped),
            None => {}
        }
    }

    /// What another process has announced for this home.
    async fn announced(&self) -> Option<PlatformAddress> {
        let home = self.home.clone();
        let announced = on_a_thread(move || running::platform(&home)).await;
        announced
            .ok()
            .flatten()
            .filter(|address| address.pid != std::process::id())
    }

    /// A platform of another process that answers as one: its process id alone could be anybody's.
    async fn find_elsewhere(&self) -> Option<PlatformAddress> {
        let address = self.announced().await?;
        let platform = handle(&address).await.ok()?;
        let clock = tokio::time::timeout(ANSWER, platform.clock()).await;
        matches!(clock, Ok(Ok(_))).then_some(address)
    }

    fn set(&self, state: State) {
        *self.state() = state;
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's work.
fn run(
    home: &Home,
    options: ServeOptions,
    ready: oneshot::Sender<PlatformAddress>,
    stopped: oneshot::Receiver<()>,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| broken(&format!("it has no runtime: {error}")))?;
    let ready = |address: &PlatformAddress, _| {
        // Whoever asked may be gone; then `stopped` is over as well.
        let _ = ready.send(address.clone());
        Ok(())
    };
    let stop = async { drop(stopped.await) };
    runtime.block_on(serve(home, options, ready, stop))
}

fn after(ended: Result<Result<(), Failure>, oneshot::error::RecvError>) -> State {
    match ended {
        Ok(Ok(())) => State::Stopped,
        Ok(Err(failure)) => State::Failed(failure),
        Err(_) => State::Failed(broken(
            "it broke off; what it had answered is in its audit log",
        )),
    }
}

fn broken(problem: &str) -> Failure {
    Failure::new(
        ErrorCode::PlatformUnavailable,
        format!("the local platform is not running: {problem}"),
    )
    .hint("start it again")
}

async fn handle(address: &PlatformAddress) -> Result<Platform, Failure> {
    let address = address.clone();
    on_a_thread(move || Platform::at(&address)).await
}

impl Desk {
    /// The local platform.
    #[must_use]
    pub fn platform(&self) -> PlatformStatus {
        self.0.platform.status()
    }

    /// Changes whenever [`Desk::platform`] does.
    #[must_use]
    pub fn platform_changes(&self) -> watch::Receiver<u64> {
        self.0.platform.changes.subscribe()
    }

    /// Starts the local platform, on its usual port or another one that is free. One that runs for
    /// this home in another process is used as it is.
    ///
    /// # Errors
    ///
    /// What keeps it from starting; [`Desk::platform`] says it as well.
    pub async fn start_platform(&self) -> Result<(), Failure> {
        if self.0.platform.start().await? {
            let address = self.0.platform.address()?;
            self.note(Act::PlatformStarted, Some(&address.url));
        }
        Ok(())
    }

    /// Stops the local platform, after the requests under way are answered.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InUse`] if it is another process that runs it.
    pub async fn stop_platform(&self) -> Result<(), Failure> {
        if self.0.platform.stop().await? {
            self.note(Act::PlatformStopped, None);
        }
        Ok(())
    }

    /// The handle to the running platform's management.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PlatformUnavailable`] if none runs.
    pub async fn manage(&self) -> Result<Platform, Failure> {
        self.0.platform.handle().await
    }

    /// Issues a key whose secret goes straight into the vault. The vault is asked first whether it
    /// could be stored.
    ///
    /// # Errors
    ///
    /// As [`platform::create_and_store`].
    pub async fn issue_key(&self, key: IssueKey) -> Result<KeyView, Failure> {
        let platform = self.manage().await?;
        let IssueKey { store: item, .. } = &key;
        self.call::<KeyCheck>(KeyName { name: item.clone() })
            .await?;
        let wanted = CreateKey {
            name: key.name,
            client: None,
            scopes: key.scopes,
            limit_per_minute: Some(key.limit_per_minute),
            allow: key.allow,
            may_sign: key.may_sign,
            daily_quota: key.daily_quota,
            environment: key.environment,
            not_before: key.not_before,
            expires: key.expires,
            note: Some(key.note),
            ..CreateKey::default()
        };
        let store = |item| self.call::<KeyAdd>(item);
        let stored = platform::create_then_store(&platform, &wanted, &key.store, store).await?;
        self.note(Act::KeyIssued, Some(&stored.item.name));
        Ok(stored.created.key)
    }

    /// Looks at an allowlist that is being typed.
    #[must_use]
    pub fn check_allowlist(text: &str) -> AllowlistCheck {
        platform::check_allowlist(text)
    }

    /// Lines for a shell that point other programs at the running platform.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PlatformUnavailable`] if none runs.
    pub async fn environment_lines(&self) -> Result<String, Failure> {
        Ok(platform::environment_lines(&self.0.platform.address()?))
    }

    pub(super) fn note(&self, act: Act, subject: Option<&str>) {
        let activity = self.0.session.activity();
        activity.record(act, clock::now(), subject, WINDOW);
    }
}
