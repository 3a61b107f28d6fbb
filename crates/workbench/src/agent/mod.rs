//! The owner process: it holds the vault and serves the 0600 socket of its home, locked or not.
//!
//! ```text
//! accept (same user only) -> connection: hello, then requests at the same time, each answered by
//!     progress*, ok | err;  cancel, or the connection's end, stops them
//! lifetime: locks when idle or after sleep; ends when nothing was open for a while
//! ```
//!
//! The window is one more client, inside of this process: what it asks for goes the same way.
//!
//! The runtime has one thread: what blocks (Argon2id, SQLite, the keyring) runs on threads of its
//! own, so that another client is answered meanwhile.

mod connection;
mod dispatch;
mod lifetime;
mod window;

use std::{io, sync::Arc, time::Duration};

use serde_json::json;
use strongroom_contract::error::{ErrorCode, Failure};
use tokio::{
    net::UnixListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::MissedTickBehavior,
};

use self::lifetime::Lifetime;
pub(crate) use self::{
    dispatch::on_a_thread,
    window::{CLIENT as WINDOW, Window},
};
use crate::{
    home::Home,
    os::socket::{BindError, Bound, SocketPath, check_peer},
    session::{IDLE, OWNER, Session},
};

/// How many clients may be connected at once.
const MAX_CONNECTIONS: usize = 64;

/// Between two looks at whether the socket's file is still there.
const LOOK: Duration = Duration::from_secs(1);

/// How long the owner keeps what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The vault is locked after this long without use.
    pub idle: Duration,
    /// The process ends after this long without an open vault, a request or a draft. With
    /// [`Duration::MAX`] it does not, nor does it make room for another owner.
    pub linger: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            idle: IDLE,
            linger: Duration::from_secs(60),
        }
    }
}

/// What the tasks of an owner share.
pub(crate) struct Owner {
    pub(crate) session: Arc<Session>,
    pub(crate) lifetime: Lifetime,
}

/// A bound owner, ready to serve.
pub struct Agent {
    bound: Bound,
    owner: Arc<Owner>,
}

impl Agent {
    /// Becomes the owner of a home's vault.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InUse`] if another process is; [`ErrorCode::Storage`] if the socket cannot be
    /// made.
    pub fn bind(home: Home, options: Options) -> Result<Self, Failure> {
        let storage = |error: io::Error| {
            Failure::new(
                ErrorCode::Storage,
                format!("the owner's socket cannot be made: {error}"),
            )
            .hint("set XDG_RUNTIME_DIR to a directory of mode 0700 that you own")
        };
        let place = SocketPath::of(home.path()).map_err(storage)?;
        let bound = place.bind().map_err(|error| match error {
            BindError::Owned { pid } => owned(&home, pid),
            BindError::Io(error) => storage(error),
        })?;
        let session = Session::new(home);
        session.set_idle(options.idle);
        Ok(Self {
            bound,
            owner: Arc::new(Owner {
                session: Arc::new(session),
                lifetime: Lifetime::new(options),
            }),
        })
    }

    /// The session that this owner serves: the same that its clients see.
    #[must_use]
    pub fn session(&self) -> Arc<Session> {
        Arc::clone(&self.owner.session)
    }

    /// Serves until the owner's time is over or `stop` completes, then locks the vault.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Failed`] if the system does not let the socket be served.
    pub async fn serve(mut self, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            Failure::new(
                ErrorCode::Failed,
                format!("the owner's socket cannot be served: {error}"),
            )
        };
        let mut listener = listener(&self.bound).map_err(failed)?;
        let mut connections = JoinSet::new();
        tokio::select! {
            () = accept(&mut listener, &mut self.bound, &self.owner, &mut connections) => {}
            () = lifetime::run(&self.owner) => tracing::info!("nothing is open: ending"),
            () = stop => tracing::info!("told to stop: ending"),
        }
        // Nobody new from here on; what is under way is cancelled as its connection is dropped.
        drop(listener);
        connections.shutdown().await;
        let session = Arc::clone(&self.owner.session);
        let closed = tokio::task::spawn_blocking(move || session.close_now(OWNER)).await;
        if let Err(error) = closed {
            tracing::warn!(%error, "locking at the end");
        }
        Ok(())
    }
}

/// Owns a home's vault in the foreground until its time is over, or until SIGTERM or SIGINT. A
/// hang-up of the terminal does not end it.
///
/// # Errors
///
/// As [`Agent::bind`] and [`Agent::serve`].
pub fn run(home: Home, options: Options) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::new(
            ErrorCode::Failed,
            format!("the owner process cannot run: {error}"),
        )
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let _hang_up = signal(SignalKind::hangup()).map_err(failed)?;
        let agent = Agent::bind(home, options)?;
        tracing::info!(pid = std::process::id(), "owns the vault");
        agent
            .serve(async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            })
            .await
    })
}

fn listener(bound: &Bound) -> io::Result<UnixListener> {
    let listener = bound.listener();
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener.try_clone()?)
}

async fn accept(
    listener: &mut UnixListener,
    bound: &mut Bound,
    owner: &Arc<Owner>,
    connections: &mut JoinSet<()>,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_lost = false;
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = look.tick() => {
                is_lost = look_after(listener, bound, is_lost);
                continue;
            }
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, most likely: those under way will end.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if let Err(error) = check_peer(&stream) {
            tracing::warn!(%error, "a connection was refused");
            continue;
        }
        if connections.len() >= MAX_CONNECTIONS {
            tracing::warn!("a connection was refused: {MAX_CONNECTIONS} are open");
            continue;
        }
        connections.spawn(connection::serve(stream, Arc::clone(owner)));
    }
}

/// Listens anew where the socket's file was cleared away; whether it is lost for now, which is said once.
fn look_after(listening: &mut UnixListener, bound: &mut Bound, was_lost: bool) -> bool {
    let restored = match bound.restore() {
        Ok(false) => return false,
        Ok(true) => listener(bound).map_err(BindError::Io),
        Err(error) => Err(error),
    };
    match restored {
        Ok(anew) => {
            tracing::info!("the socket was cleared away: listening anew");
            *listening = anew;
            false
        }
        Err(error) => {
            if !was_lost {
                tracing::warn!(%error, "other programs do not reach the vault: the socket is lost");
            }
            true
        }
    }
}

fn owned(home: &Home, pid: Option<u32>) -> Failure {
    let who = pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    );
    Failure::new(
        ErrorCode::InUse,
        format!("{who} owns the vault in {}", home.path().display()),
    )
    .hint("other commands use it by themselves; `strongroom lock` lets it end")
    .details(json!({ "pid": pid }))
}
