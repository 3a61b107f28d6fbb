//! A stream that watches what hyper says on its own.
//!
//! hyper answers bytes that it cannot read as a request with a bare status line, past the service.
//! Every answer of ours has a request id and an audit row, so such an answer is held back here and
//! the connection gives its own in its place.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Progress;

/// The header that every answer of ours begins with.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// The stream under hyper.
pub(super) struct Watched<'p, S> {
    stream: S,
    progress: &'p Progress,
    unanswered: bool,
    held_back: Option<u16>,
}

impl<'p, S> Watched<'p, S> {
    /// Watches `stream`, and counts what gets through to the peer.
    pub(super) fn new(stream: S, progress: &'p Progress) -> Self {
        Self {
            stream,
            progress,
            unanswered: false,
            held_back: None,
        }
    }

    /// Whether bytes came in since the last answer went out.
    pub(super) fn is_unanswered(&self) -> bool {
        self.unanswered
    }

    /// The status of the answer that was held back.
    pub(super) fn held_back(&self) -> Option<u16> {
        self.held_back
    }

    /// The stream itself.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    fn count(&self, written: &Poll<io::Result<usize>>) {
        if written.is_ready() {
            self.progress.steps.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether hyper, not we, made this answer; its status then.
    fn holds_back(&mut self, bytes: &[u8]) -> bool {
        self.unanswered = false;
        if self.held_back.is_some() {
            return true;
        }
        let Some(rest) = bytes.strip_prefix(b"HTTP/1.1 4") else {
            return false;
        };
        let ours = bytes
            .windows(REQUEST_ID.len())
            .any(|window| window.eq_ignore_ascii_case(REQUEST_ID.as_bytes()));
        if ours {
            return false;
        }
        let digits = rest.get(..2).and_then(|two| str::from_utf8(two).ok());
        let status = digits.and_then(|two| two.parse::<u16>().ok());
        self.held_back = Some(400 + status.unwrap_or(0));
        true
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.unanswered |= buf.filled().len() > before;
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.holds_back(buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.count(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.holds_back(bufs.first().map_or(&[], |first| first)) {
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.count(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Ours is still to be said: the connection shuts the stream down after it.
        if self.held_back.is_some() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn what_hyper_says_on_its_own_is_held_back() {
        let progress = Progress::default();
        let mut stream = Watched::new(Vec::new(), &progress);
        let ours = b"HTTP/1.1 401 Unauthorized\r\nx-request-id: 1\r\n\r\n";
        stream.write_all(ours).await.unwrap();
        assert_eq!(stream.held_back(), None);
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n";
        stream.write_all(bare).await.unwrap();
        assert_eq!(stream.held_back(), Some(431));
        assert_eq!(stream.into_inner(), ours);
        assert!(progress.steps.load(Ordering::Relaxed) > 0);
    }
}
