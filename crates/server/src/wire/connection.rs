//! One connection: HTTP/1.1 over TLS until it ends, and a last word to those who can't be read.

use std::{
    future::poll_fn,
    io,
    net::IpAddr,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::Poll,
    time::Duration,
};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::watch,
    time::{Instant, sleep},
};

use super::watched::Watched;
use crate::platform::Platform;

/// How long an answer to someone who does not read it is waited for.
const LAST_WORD: Duration = Duration::from_secs(2);
/// How much of a body that nobody wants is taken off the wire, so that its sender gets to read why.
const UNWANTED: usize = 8 * 1024 * 1024;
/// How often within the time that a header may take a connection is looked at.
const LOOKS: u32 = 4;

/// What a connection is doing, as far as its time is limited.
#[derive(Default)]
pub(super) struct Progress {
    /// Whether a request is being answered, which has time limits of its own.
    answering: AtomicBool,
    /// What is alive as long as the body of the last answer is made, which may take its time.
    maker: Mutex<Weak<()>>,
    /// Counts answers that begin and writes that get through.
    pub(super) steps: AtomicU32,
    /// Whether some of the last request's body was left unread.
    body_left: AtomicBool,
}

impl Progress {
    /// Whether an answer is made, so that nothing has to happen on the wire.
    fn is_at_work(&self) -> bool {
        let maker = || {
            self.maker
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .strong_count()
                > 0
        };
        self.answering.load(Ordering::Relaxed) || maker()
    }
}

/// How a connection ended.
enum Ended {
    /// By itself.
    Finished,
    /// By an error of the stream, or the peer's going away.
    Failed,
    /// By bytes that are no request.
    Unreadable,
    /// No request was whole in time.
    TimedOut,
}

/// Serves requests on `stream` until the peer, an error, its time or `stop` ends it.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: IpAddr,
    platform: &Arc<Platform>,
    mut stop: watch::Receiver<bool>,
) {
    let progress = Progress::default();
    let service = service_fn(|request: Request<Incoming>| async {
        progress.answering.store(true, Ordering::Relaxed);
        progress.steps.fetch_add(1, Ordering::Relaxed);
        let answered = platform.answer(peer, request).await;
        progress
            .body_left
            .store(answered.body_left, Ordering::Relaxed);
        if let Some(maker) = answered.maker {
            *progress
                .maker
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = maker;
        }
        progress.answering.store(false, Ordering::Relaxed);
        match answered.is_cut {
            true => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
            false => Ok(answered.response),
        }
    });
    let limits = &platform.limits;
    let mut connection = http1::Builder::new()
        // Ours is one timer for each connection; hyper's would be one for each request.
        .header_read_timeout(None)
        .max_headers(limits.headers)
        .max_buf_size(limits.header_bytes)
        // The clock may be virtual: we write the date ourselves.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(Watched::new(stream, &progress)), service);

    let told = stop.clone();
    let mut stopping = pin!(stop.changed());
    let mut is_registered = false;
    let mut is_stopping = false;
    let look = limits.header / LOOKS;
    let mut next_look = pin!(sleep(look));
    let mut quiet = Quiet::default();
    let ended = poll_fn(|context| {
        if let Poll::Ready(served) = Pin::new(&mut connection).poll(context) {
            return Poll::Ready(match served {
                Ok(()) => Ended::Finished,
                Err(error) if error.is_parse() => Ended::Unreadable,
                Err(_) => Ended::Failed,
            });
        }
        // Asked once, to be woken; from then on the flag tells for less.
        let is_told = !matches!(told.has_changed(), Ok(false));
        if !is_stopping && (is_told || !is_registered) {
            is_registered = true;
            if stopping.as_mut().poll(context).is_ready() {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
                context.waker().wake_by_ref();
            }
        }
        while next_look.as_mut().poll(context).is_ready() {
            if quiet.looks(&progress) >= LOOKS {
                return Poll::Ready(Ended::TimedOut);
            }
            next_look.as_mut().reset(Instant::now() + look);
        }
        Poll::Pending
    })
    .await;

    let watched = connection.into_parts().io.into_inner();
    let unread = match ended {
        Ended::TimedOut if watched.is_unanswered() => Some(408),
        // The beginning of HTTP/2 is left without a word by hyper.
        Ended::Unreadable if watched.is_unanswered() => Some(400),
        _ => watched.held_back(),
    };
    let drains = progress.body_left.load(Ordering::Relaxed);
    let last_word = say_last(watched.into_inner(), platform, peer, unread, drains);
    // The peer may be gone or deaf: nothing is owed to it then.
    let _gone = tokio::time::timeout(LAST_WORD, last_word).await;
}

/// For how many looks in a row nothing has happened.
#[derive(Default)]
struct Quiet {
    looks: u32,
    steps: u32,
}

impl Quiet {
    fn looks(&mut self, progress: &Progress) -> u32 {
        let steps = progress.steps.load(Ordering::Relaxed);
        if progress.is_at_work() || steps != self.steps {
            *self = Self { looks: 0, steps };
        } else {
            self.looks += 1;
        }
        self.looks
    }
}

async fn say_last<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    platform: &Platform,
    peer: IpAddr,
    unread: Option<u16>,
    drains: bool,
) -> io::Result<()> {
    if let Some(status) = unread {
        let answer = platform.answer_unreadable(peer, status);
        stream.write_all(&answer).await?;
    }
    stream.shutdown().await?;
    if unread.is_some() || drains {
        drain(&mut stream).await?;
    }
    Ok(())
}

/// Closing with unread bytes resets the connection, and the answer with it: they are read first.
async fn drain<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut left = UNWANTED;
    while left > 0 {
        match stream.read(&mut buffer).await? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}
