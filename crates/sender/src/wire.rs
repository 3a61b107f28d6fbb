//! The bytes of the request, on a stream whose answers hyper reads.
//!
//! hyper would write names in lower case, group headers of one name, and leave credentials behind
//! in buffers that nobody wipes. So hyper is given a stand-in request of the same method (which
//! decides how an answer is framed), and whatever it writes is replaced here by the real request.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::Instant,
};

use strongroom_crypto::SecretBytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// When what happened on the wire.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) first_written: OnceLock<Instant>,
    pub(crate) all_written: OnceLock<Instant>,
    pub(crate) first_read: OnceLock<Instant>,
}

/// A stream that writes one request, whatever it is given to write.
pub(crate) struct Wire<'a, S> {
    stream: S,
    head: SecretBytes,
    body: &'a [u8],
    /// How much of head and body, taken as one, is written.
    written: usize,
    log: Arc<Log>,
}

impl<'a, S> Wire<'a, S> {
    /// A request that will be written to `stream`.
    pub(crate) fn new(stream: S, head: SecretBytes, body: &'a [u8], log: Arc<Log>) -> Self {
        Self {
            stream,
            head,
            body,
            written: 0,
            log,
        }
    }

    /// The stream, when all is done.
    pub(crate) fn into_stream(self) -> S {
        self.stream
    }
}

impl<S: AsyncWrite + Unpin> Wire<'_, S> {
    fn poll_write_request(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let rest = match self.head.expose_secret().get(self.written..) {
                Some(head) if !head.is_empty() => head,
                _ => self
                    .body
                    .get(self.written - self.head.len()..)
                    .unwrap_or_default(),
            };
            if rest.is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.log.first_written.get_or_init(Instant::now);
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<'_, S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        stand_in: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        // A server may answer and hang up before it has read everything (413, 401). Its answer says
        // more than our broken pipe does, so reading goes on; if there is none, reading fails too.
        let _broken_pipe = ready!(wire.poll_write_request(cx));
        wire.log.all_written.get_or_init(Instant::now);
        Poll::Ready(Ok(stand_in.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _broken_pipe = ready!(Pin::new(&mut self.get_mut().stream).poll_flush(cx));
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<'_, S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut wire.stream).poll_read(cx, buffer));
        if buffer.filled().len() > before {
            wire.log.first_read.get_or_init(Instant::now);
        }
        Poll::Ready(result)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn the_request_is_written_once_whatever_is_asked_for() {
        // A pipe of 3 bytes makes every write a partial one.
        let (ours, mut theirs) = tokio::io::duplex(3);
        let log = Arc::new(Log::default());
        let head = SecretBytes::copy_of(b"HEAD\r\n\r\n");
        let mut wire = Wire::new(ours, head, b"the body", Arc::clone(&log));
        let mut seen = Vec::new();
        let writing = async {
            wire.write_all(b"stand-in").await.unwrap();
            wire.write_all(b"more").await.unwrap();
            wire.shutdown().await.unwrap();
        };
        let (_, read) = tokio::join!(writing, theirs.read_to_end(&mut seen));
        read.unwrap();
        assert_eq!(seen, b"HEAD\r\n\r\nthe body");
        assert!(log.first_written.get() <= log.all_written.get());
        assert!(log.first_read.get().is_none());
    }
}
