//! One connection: HTTP/1.1 over TLS until it ends, and a last word to those who can't be read.

use std::{
    convert::Infallible,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::watch,
};

use super::watched::Watched;
use crate::platform::Platform;

/// How long an answer to someone who does not read it is waited for.
const LAST_WORD: Duration = Duration::from_secs(2);
/// How much of a body that nobody wants is taken off the wire, so that its sender gets to read why.
const UNWANTED: usize = 8 * 1024 * 1024;

/// Serves requests on `stream` until the peer, an error or `stop` ends it.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: IpAddr,
    platform: &Arc<Platform>,
    mut stop: watch::Receiver<bool>,
) {
    let body_left = AtomicBool::new(false);
    let service = service_fn(|request: Request<Incoming>| async {
        let answered = platform.answer(peer, request).await;
        body_left.store(answered.body_left, Ordering::Relaxed);
        Ok::<_, Infallible>(answered.response)
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(platform.limits.header)
        .max_headers(platform.limits.headers)
        .max_buf_size(platform.limits.header_bytes)
        // The clock may be virtual: we write the date ourselves.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(Watched::new(stream)), service);
    let served = tokio::select! {
        biased;
        served = &mut connection => served,
        _ = stop.changed() => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let watched = connection.into_parts().io.into_inner();
    let unread = match &served {
        Err(error) if error.is_timeout() && watched.is_unanswered() => Some(408),
        _ => watched.held_back(),
    };
    let mut stream = watched.into_inner();
    let last_word = async {
        if let Some(status) = unread {
            let answer = platform.answer_unreadable(peer, status);
            stream.write_all(&answer).await?;
            stream.shutdown().await?;
        }
        if unread.is_some() || body_left.load(Ordering::Relaxed) {
            drain(&mut stream).await?;
        }
        std::io::Result::Ok(())
    };
    // The peer may be gone or deaf: nothing is owed to it then.
    let _gone = tokio::time::timeout(LAST_WORD, last_word).await;
}

/// Closing with unread bytes resets the connection, and the answer with it: they are read first.
async fn drain<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<()> {
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
