//! The request goes out, the answer comes in, over a stream that is ready for both.

use std::{
    error::Error,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Version};
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    body::{Body as _, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    error::SendError,
    options::Phase,
    outgoing::Outgoing,
    run::Run,
    target::Target,
    tls,
    wire::{Log, Wire},
};

/// The largest head of an answer that is accepted, in bytes.
pub(crate) const MAX_HEAD: usize = 64 * 1024;
/// How many fields it may have.
pub(crate) const MAX_FIELDS: usize = 256;

/// An answer, without what the connection knows of itself.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) body_truncated: bool,
    pub(crate) http_version: &'static str,
    pub(crate) first_byte: Duration,
    pub(crate) download: Duration,
}

/// Sends `outgoing` and reads its answer, of whose body at most `body_limit` bytes are kept.
pub(crate) async fn exchange<S, C, P>(
    stream: S,
    outgoing: &Outgoing,
    body_limit: usize,
    run: &mut Run<'_, C, P>,
) -> Result<Received, SendError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: Future<Output = ()>,
    P: FnMut(Phase),
{
    let target = outgoing.target();
    let log = Arc::new(Log::default());
    let body = outgoing.body().expose_secret();
    let wire = Wire::new(stream, outgoing.head(), body, Arc::clone(&log));
    let broken = |phase: Phase| move |error: hyper::Error| failed(&error, target, phase);
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MAX_FIELDS)
        .max_header_size(MAX_HEAD)
        .handshake(TokioIo::new(wire))
        .await
        .map_err(broken(Phase::Request))?;
    let mut connection = Driven {
        connection,
        ended: false,
    };

    let mut stand_in = Request::new(Empty::<Bytes>::new());
    *stand_in.method_mut() = outgoing.parsed_method().clone();
    let mut answer = pin!(sender.send_request(stand_in));
    let (early, _) = run
        .phase(Phase::Request, async {
            let answer = connection.until(answer.as_mut(), || log.all_written.get().is_some());
            answer.await.transpose().map_err(broken(Phase::Request))
        })
        .await?;
    let (answer, _) = match early {
        Some(answer) => (answer, Duration::ZERO),
        None => {
            run.phase(Phase::Answer, async {
                let answer = connection.drive(answer.as_mut());
                answer.await.map_err(broken(Phase::Answer))
            })
            .await?
        }
    };

    let (head, incoming) = answer.into_parts();
    let mut download = Download::new(head.status.as_u16(), &incoming, body_limit);
    run.phase(
        Phase::Download,
        download.read(incoming, &mut connection, target),
    )
    .await?;
    let ended = Instant::now();
    connection.part().await;

    let started = log.first_written.get().copied().unwrap_or(ended);
    let first_read = log.first_read.get().copied().unwrap_or(ended);
    Ok(Received {
        status: head.status.as_u16(),
        headers: listed(&head.headers),
        body: download.body,
        body_truncated: download.truncated,
        http_version: match head.version {
            Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        },
        first_byte: first_read.duration_since(started),
        download: ended.duration_since(first_read),
    })
}

/// hyper's connection, which moves only while it is polled: it is driven from within the request's
/// own future, so that dropping that future closes it.
struct Driven<'a, S: AsyncRead + AsyncWrite + Unpin> {
    connection: http1::Connection<TokioIo<Wire<'a, S>>, Empty<Bytes>>,
    ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driven<'_, S> {
    /// Waits for `work`, which waits for the connection.
    async fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        std::future::poll_fn(|cx| {
            self.poll(cx);
            work.as_mut().poll(cx)
        })
        .await
    }

    /// Waits for `work` until it is done or `enough` holds.
    async fn until<T>(
        &mut self,
        mut work: Pin<&mut impl Future<Output = T>>,
        enough: impl Fn() -> bool,
    ) -> Option<T> {
        std::future::poll_fn(|cx| {
            self.poll(cx);
            match work.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending if enough() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Its errors reach whoever waits for the answer or its body.
    fn poll(&mut self, cx: &mut std::task::Context<'_>) {
        if !self.ended {
            self.ended = Pin::new(&mut self.connection).poll(cx).is_ready();
        }
    }

    /// Tells the peer that this is the end (TLS's `close_notify`), without waiting for it.
    async fn part(self) {
        let mut stream = self.connection.into_parts().io.into_inner().into_stream();
        std::future::poll_fn(|cx| {
            let _told = Pin::new(&mut stream).poll_shutdown(cx);
            Poll::Ready(())
        })
        .await;
    }
}

/// An answer's body as it comes in.
struct Download {
    status: u16,
    expected: Option<u64>,
    limit: usize,
    body: Vec<u8>,
    truncated: bool,
}

impl Download {
    fn new(status: u16, incoming: &Incoming, limit: usize) -> Self {
        Self {
            status,
            expected: incoming.size_hint().exact(),
            limit,
            body: Vec::new(),
            truncated: false,
        }
    }

    async fn read<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        mut incoming: Incoming,
        connection: &mut Driven<'_, S>,
        target: &Target,
    ) -> Result<(), SendError> {
        while !self.truncated {
            let Some(frame) = connection.drive(incoming.frame()).await else {
                break;
            };
            let frame = frame.map_err(|error| self.failed(&error, target))?;
            if let Ok(data) = frame.into_data() {
                self.take(&data);
            }
        }
        Ok(())
    }

    fn take(&mut self, data: &[u8]) {
        let room = self.limit - self.body.len();
        self.body
            .extend_from_slice(data.get(..room).unwrap_or(data));
        let promised_more = self.body.len() == self.limit
            && self.expected.is_some_and(|bytes| bytes > self.limit as u64);
        self.truncated = data.len() > room || promised_more;
    }

    fn failed(&self, error: &hyper::Error, target: &Target) -> SendError {
        match io_kind(error) {
            Some(io::ErrorKind::UnexpectedEof) => SendError::HalfAnswer {
                host: target.place(),
                status: self.status,
                received: self.body.len() as u64,
                expected: self.expected,
            },
            _ => failed(error, target, Phase::Download),
        }
    }
}

fn failed(error: &hyper::Error, target: &Target, phase: Phase) -> SendError {
    // A request that was not on its way yet fails by an error that only holds the connection's.
    let of_connection = error.source().and_then(<dyn Error>::downcast_ref);
    let error = of_connection.unwrap_or(error);
    let host = target.place();
    if error.is_parse_too_large() {
        return SendError::HeadTooLarge {
            host,
            limit: MAX_HEAD,
            fields: MAX_FIELDS,
        };
    }
    if let Some(error) = io_error(error).and_then(tls::error_within) {
        return tls::refused_later(error, target);
    }
    let malformed = matches!(
        io_kind(error),
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
    );
    let broken = error.is_incomplete_message() || error.is_canceled() || io_kind(error).is_some();
    if malformed || !broken {
        // hyper's words are its own: they hold nothing of what came.
        let reason = error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string);
        return SendError::MalformedAnswer { host, reason };
    }
    SendError::Broken { host, phase }
}

/// The I/O error that an error of hyper's stems from.
fn io_error(error: &hyper::Error) -> Option<&io::Error> {
    error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>())
}

fn io_kind(error: &hyper::Error) -> Option<io::ErrorKind> {
    io_error(error).map(io::Error::kind)
}

fn listed(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::task::Context;

    use rustls::{AlertDescription, Error as TlsError};
    use tokio::io::ReadBuf;

    use super::*;

    /// A connection whose peer has refused it already, or sent something.
    struct Refused(fn(&mut ReadBuf<'_>) -> io::Result<()>);

    impl AsyncRead for Refused {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            into: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready((self.0)(into))
        }
    }

    impl AsyncWrite for Refused {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            from: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(from.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    async fn told(refused: Refused) -> String {
        let (mut sender, connection) = http1::handshake(TokioIo::new(refused)).await.unwrap();
        let request = Request::new(Empty::<Bytes>::new());
        // It waits to be sent when the connection finds out.
        let answer = sender.send_request(request);
        let (_, answer) = tokio::join!(connection, answer);
        let target = Target::parse("https://localhost:1234/").unwrap();
        failed(&answer.unwrap_err(), &target, Phase::Answer).to_string()
    }

    #[tokio::test]
    async fn a_refusal_that_comes_before_the_request_is_sent_is_told_as_what_it_is() {
        let alert = Refused(|_| {
            let alert = AlertDescription::CertificateRequired;
            Err(io::Error::other(TlsError::AlertReceived(alert)))
        });
        let said = told(alert).await;
        assert!(said.contains("certificate"), "{said}");
        let reset = Refused(|_| Err(io::ErrorKind::ConnectionReset.into()));
        let said = told(reset).await;
        assert!(said.contains("broke the connection off"), "{said}");
        let closed = Refused(|_| Ok(()));
        let said = told(closed).await;
        assert!(said.contains("broke the connection off"), "{said}");
        let banner = Refused(|into| {
            into.put_slice(b"SSH-2.0-OpenSSH_9.6\r\n");
            Ok(())
        });
        let said = told(banner).await;
        assert!(said.contains("not HTTP/1.1"), "{said}");
    }
}
