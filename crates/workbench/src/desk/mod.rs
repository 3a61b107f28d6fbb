//! The owner process with a window: it holds the vault, serves the other programs' socket, runs the
//! local platform, and answers the window.
//!
//! ```text
//! window --- call --- agent::Window --- the same dispatch as a socket client's --- session
//!    |------ platform (a thread of its own, or another process)
//!    |------ copy_field (the text goes from the vault to the clipboard, not through the window)
//!    `------ activity, changes
//! ```
//!
//! There is no second set of use cases: the window is one more client, which may have secrets
//! revealed, since a person holds the button. A [`Desk`] lives on when the vault is locked.

mod activity;
mod acts;
mod answers;
mod audit;
mod certificates;
mod checks;
mod compose;
#[cfg(feature = "desktop")]
mod copied;
mod debug;
mod demo;
mod drafts;
mod folders;
mod foreign;
mod history;
mod issued;
mod platform;
mod qr;
mod runs;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    agent::{
        ComposedSendNow, ComposedShow, CreateBegin, Nothing, Operation, Progress, RecoverArgs,
        RecoverBegin, RequestPreview, Retire, Send as SendOperation, Status,
    },
    compose::ComposedSend,
    error::{ErrorCode, Failure},
    exchange::{Exchange, Preview, SendRequest},
    vault::Enrolment,
    window::{
        ActivityRow, Answered, Draft, EnrolmentShown, ExactRequest, Session as SessionView,
        Settings,
    },
};
use tempfile::TempDir;
use tokio::{
    sync::{Notify, oneshot, watch},
    task::{AbortHandle, JoinHandle},
};

use self::platform::LocalPlatform;
use crate::{
    agent::{Agent, Options, Window, on_a_thread},
    client::Client,
    home::Home,
    keyring::Place,
    platform::ServeOptions,
    session::Session,
};

/// How often it is looked whether another process runs the platform.
const LOOK: Duration = Duration::from_secs(2);
/// How long the owner before may take to end.
const TAKE_OVER: Duration = Duration::from_secs(30);
/// Between two looks at whether it has.
const TAKE_OVER_POLL: Duration = Duration::from_millis(20);
/// How much of a body a preview shows, in bytes.
const SHOWN_BODY: usize = 64 * 1024;

/// The owner process with a window. Clones are the same one.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    home: Home,
    session: Arc<Session>,
    window: Window,
    platform: Arc<LocalPlatform>,
    serving: Mutex<Option<Serving>>,
    /// What goes on beside all calls.
    housekeeping: Vec<AbortHandle>,
    /// After how many seconds a copied secret leaves the clipboard.
    clipboard_seconds: AtomicU64,
    #[cfg(feature = "desktop")]
    copied: Arc<copied::Copied>,
    audit_grew: watch::Sender<u64>,
    /// Ends an export of the audit log that goes on.
    stop_export: Notify,
    /// The files that may be sent.
    chosen: Arc<compose::Chosen>,
    /// The folders of requests that may be listed and run, the last chosen last.
    folders: Mutex<Vec<PathBuf>>,
    is_demo: bool,
    /// The throw-away home, which goes with this.
    throw_away: Mutex<Option<TempDir>>,
}

/// The socket that is served. It ends when this is dropped.
struct Serving {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), Failure>>,
}

impl Inner {
    fn end_housekeeping(&self) {
        for task in &self.housekeeping {
            task.abort();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.end_housekeeping();
    }
}

impl Desk {
    /// Becomes the owner of a home's vault and serves its socket on the current tokio runtime until
    /// [`Desk::close`], locked or not.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InUse`] if another process is the owner
    /// (`details.pid` names it); [`ErrorCode::Storage`] if the
    /// socket cannot be made.
    pub async fn open(home: Home, settings: &Settings) -> Result<Self, Failure> {
        let options = ServeOptions {
            or_any_port: true,
            capture_bodies: true,
            ..ServeOptions::default()
        };
        let desk = Self::at(home, settings, options, None).await?;
        // One that `strongroom serve` has started is there from the beginning.
        desk.0.platform.look().await;
        Ok(desk)
    }

    /// The same after asking the present owner to make room, which locks the vault there: the process
    /// that `strongroom unlock` has started does so.
    ///
    /// # Errors
    ///
    /// As [`Desk::open`]; another window stays the owner.
    pub async fn take_over(home: Home, settings: &Settings) -> Result<Self, Failure> {
        let place = home.clone();
        on_a_thread(move || {
            let Some(mut owner) = Client::connect(&place)? else {
                return Ok(());
            };
            match owner.call::<Retire>(&Nothing {}, |_| {}) {
                // Its connection breaks when it ends, perhaps before it has answered.
                Ok(Nothing {}) => Ok(()),
                Err(failure) if failure.code == ErrorCode::Failed => Ok(()),
                Err(failure) => Err(failure),
            }
        })
        .await?;
        let deadline = Instant::now() + TAKE_OVER;
        let wait = async |failure: &Failure| {
            let waits = failure.code == ErrorCode::InUse && Instant::now() < deadline;
            if waits {
                tokio::time::sleep(TAKE_OVER_POLL).await;
            }
            waits
        };
        let desk = loop {
            match Self::open(home.clone(), settings).await {
                Err(failure) if wait(&failure).await => {}
                opened => break opened?,
            }
        };
        // What the owner before was asked last may still look at the vault's file.
        while let Err(failure) = desk.session().await
            && wait(&failure).await
        {}
        Ok(desk)
    }

    async fn at(
        home: Home,
        settings: &Settings,
        platform: ServeOptions,
        throw_away: Option<TempDir>,
    ) -> Result<Self, Failure> {
        let options = Options {
            idle: idle(settings),
            // A window is not ended by its vault's being closed.
            linger: Duration::MAX,
        };
        let owned = home.clone();
        let agent = on_a_thread(move || Agent::bind(owned, options)).await?;
        let session = agent.session();
        let window = Window::of(&agent);
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(agent.serve(async { drop(stopped.await) }));
        let platform = Arc::new(LocalPlatform::new(home.clone(), platform));
        #[cfg(feature = "desktop")]
        let copied = Arc::new(copied::Copied::new());
        let audit_grew = watch::Sender::new(0);
        let housekeeping = vec![
            tokio::spawn(audit::follow(Arc::clone(&platform), audit_grew.clone())).abort_handle(),
            tokio::spawn(keep_looking(Arc::clone(&platform))).abort_handle(),
            tokio::spawn(answers::clear_at_lock(
                window.answers(),
                Arc::clone(&session),
            ))
            .abort_handle(),
            #[cfg(feature = "desktop")]
            tokio::spawn(Arc::clone(&copied).clear_at_lock(Arc::clone(&session))).abort_handle(),
        ];
        Ok(Self(Arc::new(Inner {
            home,
            session,
            window,
            platform,
            serving: Mutex::new(Some(Serving { stop, ended })),
            housekeeping,
            clipboard_seconds: AtomicU64::new(settings.clipboard_seconds.into()),
            #[cfg(feature = "desktop")]
            copied,
            audit_grew,
            stop_export: Notify::new(),
            chosen: Arc::default(),
            folders: Mutex::default(),
            is_demo: throw_away.is_some(),
            throw_away: Mutex::new(throw_away),
        })))
    }

    /// Asks for one operation, as the window: what a socket's client may ask for, and secrets may be
    /// revealed. Whoever drops the answer cancels it.
    ///
    /// # Errors
    ///
    /// What the operation says.
    pub async fn call<O: Operation>(&self, args: O::Args) -> Result<O::Output, Failure> {
        self.0.window.call::<O>(&args, |_| {}).await
    }

    /// The same, hearing how far it is.
    ///
    /// # Errors
    ///
    /// What the operation says.
    pub async fn call_with_progress<O: Operation>(
        &self,
        args: O::Args,
        on_progress: impl FnMut(Progress) + Send,
    ) -> Result<O::Output, Failure> {
        self.0.window.call::<O>(&args, on_progress).await
    }

    /// The vault as the window's frame shows it.
    ///
    /// # Errors
    ///
    /// The vault's file is damaged or unreadable.
    pub async fn session(&self) -> Result<SessionView, Failure> {
        let vault = self.call::<Status>(Nothing {}).await?;
        Ok(SessionView {
            locks_in: vault.locks_in_seconds,
            vault,
            demo: self.0.is_demo,
        })
    }

    /// Begins to create a vault: what to scan, drawn.
    ///
    /// # Errors
    ///
    /// As [`CreateBegin`]: there is a vault already, or the device secret cannot be kept there.
    pub async fn begin_creation(&self, args: Enrolment) -> Result<EnrolmentShown, Failure> {
        qr::shown(self.call::<CreateBegin>(args).await?)
    }

    /// Begins to recover a vault: what to scan, drawn.
    ///
    /// # Errors
    ///
    /// As [`RecoverBegin`]: the recovery code is not this vault's, or what was chosen cannot be.
    pub async fn begin_recovery(&self, args: RecoverArgs) -> Result<EnrolmentShown, Failure> {
        qr::shown(self.call::<RecoverBegin>(args).await?)
    }

    /// Gives up the enrolment that was begun, if one was: a recovery keeps the vault's file for itself.
    pub fn abandon_enrolment(&self) {
        self.0.window.abandon_enrolment();
    }

    /// Whether the operating system's keyring can be talked to.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Keyring`]: why not, and what to do instead.
    pub async fn keyring_available(&self) -> Result<(), Failure> {
        on_a_thread(|| Place::Keyring.check_free()).await
    }

    /// Signs and sends a request. [`Desk::cancel_sends`] stops it.
    ///
    /// # Errors
    ///
    /// As [`SendOperation`]: the key may not go there, the network failed, or it was stopped. A file
    /// that is to be sent was not chosen, or can't be read.
    pub async fn send(&self, draft: Draft) -> Result<Exchange, Failure> {
        self.send_agreed(draft, false).await
    }

    /// The same, to production too if that was agreed to, and whether the answer is as the draft expects.
    ///
    /// # Errors
    ///
    /// As [`Desk::send`].
    pub async fn send_and_check(
        &self,
        draft: Draft,
        confirm_production: bool,
    ) -> Result<Answered, Failure> {
        let expected = checks::expected(&draft);
        let exchange = self.send_agreed(draft, confirm_production).await?;
        let checks = match expected {
            Some(expected) => self.checked(expected, &exchange).await?,
            None => Vec::new(),
        };
        Ok(Answered { exchange, checks })
    }

    async fn send_agreed(
        &self,
        draft: Draft,
        confirm_production: bool,
    ) -> Result<Exchange, Failure> {
        if drafts::is_template(&draft) {
            let mut sent = self.to_fill_in(draft)?;
            sent.options.confirm_production = confirm_production;
            return self.call::<ComposedSendNow>(sent).await;
        }
        let mut request = self.request(draft).await?;
        request.options.confirm_production = confirm_production;
        self.call::<SendOperation>(request).await
    }

    /// How a request would be signed and go out, with a sample in the place of the secret.
    ///
    /// # Errors
    ///
    /// As [`RequestPreview`]: the request or the key makes no sense, or the vault is locked. As for
    /// sending it, of a file.
    pub async fn preview(&self, draft: Draft) -> Result<ExactRequest, Failure> {
        if drafts::is_template(&draft) {
            let filled = self.call::<ComposedShow>(self.to_fill_in(draft)?).await?;
            return drafts::exact(filled);
        }
        let request = self.request(draft).await?;
        let body = BASE64.decode(&request.body_base64).unwrap_or_default();
        let Preview { steps, head } = self.call::<RequestPreview>(request).await?;
        Ok(ExactRequest {
            steps,
            head,
            body_base64: BASE64.encode(body.get(..SHOWN_BODY).unwrap_or(&body)),
            body_bytes: body.len() as u64,
        })
    }

    fn to_fill_in(&self, draft: Draft) -> Result<ComposedSend, Failure> {
        if let Some(home) = &draft.home {
            self.check_folder(&home.folder)?;
        }
        drafts::to_send(draft, &self.0.chosen)
    }

    async fn request(&self, draft: Draft) -> Result<SendRequest, Failure> {
        let chosen = Arc::clone(&self.0.chosen);
        on_a_thread(move || compose::request(draft, &chosen)).await
    }

    /// Stops every request that the window is sending.
    pub fn cancel_sends(&self) {
        self.0.window.cancel_sends();
    }

    /// Changes whenever the vault was opened or closed, or an item was added, changed, removed or put
    /// back, whoever did it.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.session.changes()
    }

    /// What was done since this process began, the newest first.
    #[must_use]
    pub fn activity(&self) -> Vec<ActivityRow> {
        let entries = self.0.session.activity().entries();
        entries.into_iter().rev().map(activity::row).collect()
    }

    /// Changes whenever [`Desk::activity`] does.
    #[must_use]
    pub fn activity_changes(&self) -> watch::Receiver<u64> {
        self.0.session.activity().changes()
    }

    /// The home.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// Whether the home is a throw-away one.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.0.is_demo
    }

    /// Follows settings that were changed.
    pub fn apply(&self, settings: &Settings) {
        self.0.session.set_idle(idle(settings));
        let seconds = settings.clipboard_seconds.into();
        self.0.clipboard_seconds.store(seconds, Ordering::Relaxed);
    }

    /// Locks the vault, takes a copied secret out of the clipboard, closes the socket and stops the
    /// platform that runs here. A throw-away home is removed. Closing twice does nothing more.
    pub async fn close(&self) {
        self.0.window.cancel_sends();
        self.0.window.abandon_enrolment();
        if let Err(failure) = self.lock().await {
            tracing::warn!(%failure, "locking at the end");
        }
        #[cfg(feature = "desktop")]
        {
            let copied = Arc::clone(&self.0.copied);
            drop(tokio::task::spawn_blocking(move || copied.clear(None)).await);
        }
        let serving = take(&self.0.serving);
        if let Some(Serving { stop, ended }) = serving {
            drop(stop);
            match ended.await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => tracing::warn!(%failure, "serving the socket failed"),
                Err(error) => tracing::error!(%error, "serving the socket broke off"),
            }
        }
        if let Err(failure) = self.stop_platform().await {
            tracing::debug!(%failure, "the platform goes on");
        }
        self.0.end_housekeeping();
        if let Some(home) = take(&self.0.throw_away)
            && let Ok(Err(error)) = tokio::task::spawn_blocking(move || home.close()).await
        {
            tracing::warn!(%error, "a throw-away home stays behind");
        }
    }
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn idle(settings: &Settings) -> Duration {
    Duration::from_secs(60 * u64::from(settings.lock_after_minutes))
}

/// Notices a platform that another process starts or stops.
async fn keep_looking(platform: Arc<LocalPlatform>) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        platform.look().await;
    }
}
