//! One connection for many requests, for whoever sends the same request again and again.
//!
//! Whoever measures a server must be faster than it. A client made for any request takes twice as long as
//! the rest of this machine's work on one; so the head of an answer is read with httparse alone, and of its
//! body nothing is kept (docs/decisions/0009-a-burst-reads-answers-itself.md).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use strongroom_contract::error::Failure;
use strongroom_crypto::SecretBytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::{
    connect::{self, Hop},
    error::SendError,
    exchange::{MAX_FIELDS, MAX_HEAD},
    options::{Options, Phase},
    outgoing::{Header, Outgoing},
    send::check_rules,
    target::{Scheme, Target},
    tls,
};

mod head;

use head::{Framing, Head};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// An open connection.
pub struct Reused {
    stream: Stream,
    /// What came in and was not read yet.
    incoming: BytesMut,
    is_closed: bool,
}

/// What is kept of an answer.
#[derive(Debug, Clone)]
pub struct Brief {
    /// The status code.
    pub status: u16,
    /// From the request's first byte to the end of the answer.
    pub took: Duration,
    /// `Retry-After`, if it is there.
    pub retry_after: Option<String>,
    /// `RateLimit-Policy`, if it is there.
    pub rate_limit_policy: Option<String>,
}

impl Reused {
    /// Connects to `target`.
    ///
    /// # Errors
    ///
    /// [`SendError`], as for a request of its own.
    pub async fn open(target: &Target, options: &Options) -> Result<Self, SendError> {
        let opening = Self::open_in_its_time(target, options);
        tokio::time::timeout(options.timeout, opening)
            .await
            .unwrap_or_else(|_| {
                Err(SendError::Timeout {
                    host: target.place(),
                    phase: Phase::Connect,
                    after: options.timeout,
                })
            })
    }

    async fn open_in_its_time(target: &Target, options: &Options) -> Result<Self, SendError> {
        let hop = Hop::towards(target, options);
        let addresses = connect::addresses(&hop).await?;
        let mut connected = connect::first_that_accepts(&hop, &addresses, options.timeout).await?;
        if let Some(proxy) = options.proxy_to(target) {
            proxy.tunnel(&mut connected.stream, target).await?;
        }
        let stream = match target.scheme() {
            Scheme::Http => Stream::Plain(connected.stream),
            Scheme::Https => Stream::Tls(Box::new(
                tls::handshake(connected.stream, target, options).await?,
            )),
        };
        Ok(Self {
            stream,
            incoming: BytesMut::with_capacity(CHUNK),
            is_closed: false,
        })
    }

    /// Whether another request can be sent: the server has not closed, and says nothing unasked.
    #[must_use]
    pub fn is_open(&mut self) -> bool {
        if self.is_closed || !self.incoming.is_empty() {
            return false;
        }
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        let polled = Pin::new(&mut self.stream).poll_read(&mut context, &mut buffer);
        self.is_closed = polled.is_ready();
        !self.is_closed
    }

    /// Sends one request, with `added` behind its own headers, and reads its answer.
    ///
    /// # Errors
    ///
    /// A rule forbids it, or no whole answer came back; the connection is of no use then.
    pub async fn send(
        &mut self,
        outgoing: &Outgoing,
        added: &[Header],
        options: &Options,
    ) -> Result<Brief, Failure> {
        check_rules(outgoing, options)?;
        let target = outgoing.target();
        let message = outgoing.message(added);
        let is_head = outgoing.method() == "HEAD";
        let exchange = self.exchange(&message, is_head, target);
        let outcome = tokio::time::timeout(options.timeout, exchange)
            .await
            .unwrap_or_else(|_| {
                Err(SendError::Timeout {
                    host: target.place(),
                    phase: Phase::Answer,
                    after: options.timeout,
                })
            });
        self.is_closed |= outcome.is_err();
        Ok(outcome?)
    }

    async fn exchange(
        &mut self,
        message: &SecretBytes,
        is_head: bool,
        target: &Target,
    ) -> Result<Brief, SendError> {
        let began = Instant::now();
        // A server may answer and hang up before it has read everything (413, 401). Its answer says
        // more than our broken pipe does, so reading goes on; if there is none, reading fails too.
        let _broken_pipe = async {
            self.stream.write_all(message.expose_secret()).await?;
            self.stream.flush().await
        }
        .await;
        let head = loop {
            let head = self.head(target).await?;
            // Interim answers say nothing that is counted; 101 ends HTTP here.
            if !(100..200).contains(&head.status) || head.status == 101 {
                break head;
            }
        };
        let framing = match head.status {
            101 | 204 | 304 => Framing::Bytes(0),
            _ if is_head => Framing::Bytes(0),
            _ => head.framing,
        };
        let mut body = Body {
            connection: self,
            status: head.status,
            received: 0,
            expected: None,
            target,
        };
        match framing {
            Framing::Bytes(bytes) => {
                body.expected = Some(bytes);
                body.pass(bytes).await?;
            }
            Framing::Chunked => body.pass_chunks().await?,
            Framing::UntilClose => body.pass_all().await?,
        }
        self.is_closed |= head.closes || head.status == 101;
        Ok(Brief {
            status: head.status,
            took: began.elapsed(),
            retry_after: head.retry_after,
            rate_limit_policy: head.rate_limit_policy,
        })
    }

    /// Reads the next head, and takes it off.
    async fn head(&mut self, target: &Target) -> Result<Head, SendError> {
        loop {
            let found = head::read(&self.incoming).map_err(|problem| problem.of(target))?;
            let bytes = found
                .as_ref()
                .map_or(self.incoming.len(), |(_, bytes)| *bytes);
            if bytes > MAX_HEAD {
                return Err(SendError::HeadTooLarge {
                    host: target.place(),
                    limit: MAX_HEAD,
                    fields: MAX_FIELDS,
                });
            }
            if let Some((head, bytes)) = found {
                self.take(bytes);
                return Ok(head);
            }
            if self.more(target, Phase::Answer).await? == 0 {
                return Err(SendError::Broken {
                    host: target.place(),
                    phase: Phase::Answer,
                });
            }
        }
    }

    fn take(&mut self, bytes: usize) {
        if bytes >= self.incoming.len() {
            // Unlike a split, this keeps the place for what comes next.
            self.incoming.clear();
        } else {
            drop(self.incoming.split_to(bytes));
        }
    }

    /// Reads what there is, and says how much; 0 is the end.
    async fn more(&mut self, target: &Target, phase: Phase) -> Result<usize, SendError> {
        self.incoming.reserve(CHUNK / 2);
        match self.stream.read_buf(&mut self.incoming).await {
            Ok(read) => Ok(read),
            // Without TLS's goodbye the end is one all the same; what is cut short is found out by its length.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            Err(error) => Err(match tls::error_within(&error) {
                Some(error) => tls::refused_later(error, target),
                None => SendError::Broken {
                    host: target.place(),
                    phase,
                },
            }),
        }
    }
}

/// An answer's body on its way to nowhere.
struct Body<'a> {
    connection: &'a mut Reused,
    status: u16,
    received: u64,
    expected: Option<u64>,
    target: &'a Target,
}

impl Body<'_> {
    /// Lets so many bytes pass.
    async fn pass(&mut self, bytes: u64) -> Result<(), SendError> {
        let mut left = bytes;
        loop {
            let there = self.connection.incoming.len();
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(there);
            self.connection.take(taken);
            self.received += taken as u64;
            left -= taken as u64;
            if left == 0 {
                return Ok(());
            }
            self.more().await?;
        }
    }

    /// Lets everything pass until the server closes.
    async fn pass_all(&mut self) -> Result<(), SendError> {
        self.connection.is_closed = true;
        loop {
            self.connection.incoming.clear();
            if self.connection.more(self.target, Phase::Download).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Lets a body in chunks pass, with its trailers (RFC 9112, section 7.1).
    async fn pass_chunks(&mut self) -> Result<(), SendError> {
        loop {
            let size = self.piece(head::chunk_size).await?;
            if size == 0 {
                return self.piece(head::trailers).await;
            }
            self.pass(size).await?;
            self.piece(head::line_end).await?;
        }
    }

    /// Reads a piece of the framing, once all of it is there.
    async fn piece<T>(&mut self, read: fn(&[u8]) -> head::Read<T>) -> Result<T, SendError> {
        loop {
            let incoming = &self.connection.incoming;
            let found = read(incoming).map_err(|problem| problem.of(self.target))?;
            if let Some((piece, bytes)) = found {
                self.connection.take(bytes);
                return Ok(piece);
            }
            if incoming.len() > MAX_HEAD {
                return Err(head::Problem::Unending.of(self.target));
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), SendError> {
        match self.connection.more(self.target, Phase::Download).await? {
            0 => Err(SendError::HalfAnswer {
                host: self.target.place(),
                status: self.status,
                received: self.received,
                expected: self.expected,
            }),
            _ => Ok(()),
        }
    }
}

/// What the bytes go over.
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
