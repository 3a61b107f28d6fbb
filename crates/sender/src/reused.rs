//! One connection for many requests, for whoever sends the same request again and again.
//!
//! hyper writes the requests here: names of headers go out in lower case, which means the same (RFC 9110,
//! section 5.1). Of an answer's body nothing is kept.

use std::{
    pin::{Pin, pin},
    task::Poll,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use strongroom_contract::error::Failure;

use crate::{
    connect::{self, Hop},
    error::SendError,
    exchange::failed,
    options::{Options, Phase},
    outgoing::{Outgoing, RequestError},
    send::check_rules,
    target::{Scheme, Target},
    tls,
};

/// An open connection.
pub struct Reused {
    sender: http1::SendRequest<Full<Bytes>>,
    /// Moves only while it is polled: dropping this closes it.
    connection: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_closed: bool,
    target: Target,
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
        let broken = |error: hyper::Error| failed(&error, target, Phase::Request);
        let (sender, connection): (_, Pin<Box<dyn Future<Output = ()> + Send>>) =
            match target.scheme() {
                Scheme::Http => {
                    let io = TokioIo::new(connected.stream);
                    let (sender, connection) = http1::handshake(io).await.map_err(broken)?;
                    (sender, Box::pin(async { drop(connection.await) }))
                }
                Scheme::Https => {
                    let stream = tls::handshake(connected.stream, target, options).await?;
                    let (sender, connection) = http1::handshake(TokioIo::new(stream))
                        .await
                        .map_err(broken)?;
                    (sender, Box::pin(async { drop(connection.await) }))
                }
            };
        Ok(Self {
            sender,
            connection,
            is_closed: false,
            target: target.clone(),
        })
    }

    /// Whether another request can be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.is_closed && !self.sender.is_closed()
    }

    /// Sends one request and reads its answer.
    ///
    /// # Errors
    ///
    /// A rule forbids it, HTTP can't express it, or no whole answer came back; the connection is of no use
    /// then.
    pub async fn send(&mut self, outgoing: &Outgoing, options: &Options) -> Result<Brief, Failure> {
        check_rules(outgoing, options)?;
        let request = request(outgoing)?;
        let target = self.target.clone();
        let sending = self.exchange(request, &target);
        let outcome = tokio::time::timeout(options.timeout, sending)
            .await
            .unwrap_or_else(|_| {
                Err(SendError::Timeout {
                    host: target.place(),
                    phase: Phase::Answer,
                    after: options.timeout,
                })
            });
        if outcome.is_err() {
            self.is_closed = true;
        }
        Ok(outcome?)
    }

    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        target: &Target,
    ) -> Result<Brief, SendError> {
        let Self {
            sender,
            connection,
            is_closed,
            ..
        } = self;
        let exchange = async {
            sender
                .ready()
                .await
                .map_err(|error| failed(&error, target, Phase::Request))?;
            let began = Instant::now();
            let answer = sender
                .send_request(request)
                .await
                .map_err(|error| failed(&error, target, Phase::Answer))?;
            let (head, body) = answer.into_parts();
            read_away(body, target).await?;
            let text = |name: &str| text(&head.headers, name);
            Ok(Brief {
                status: head.status.as_u16(),
                took: began.elapsed(),
                retry_after: text("retry-after"),
                rate_limit_policy: text("ratelimit-policy"),
            })
        };
        let mut exchange = pin!(exchange);
        std::future::poll_fn(|cx| {
            if !*is_closed {
                *is_closed = connection.as_mut().poll(cx).is_ready();
            }
            match exchange.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(done),
                Poll::Pending => {
                    // What it wrote meanwhile goes out now.
                    if !*is_closed {
                        *is_closed = connection.as_mut().poll(cx).is_ready();
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }
}

async fn read_away(mut body: Incoming, target: &Target) -> Result<(), SendError> {
    while let Some(frame) = body.frame().await {
        frame.map_err(|error| failed(&error, target, Phase::Download))?;
    }
    Ok(())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// The request as hyper takes it.
fn request(outgoing: &Outgoing) -> Result<Request<Full<Bytes>>, RequestError> {
    let body = Bytes::copy_from_slice(outgoing.body().expose_secret());
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = outgoing.parsed_method().clone();
    *request.uri_mut() = outgoing
        .target()
        .path_and_query()
        .parse::<Uri>()
        .map_err(|_| RequestError::Path)?;
    let headers = request.headers_mut();
    for added in outgoing.added() {
        insert(headers, added.name, added.value.as_bytes())?;
    }
    for header in outgoing.headers() {
        insert(headers, header.name(), header.value().expose_secret())?;
    }
    Ok(request)
}

fn insert(headers: &mut HeaderMap, name: &str, value: &[u8]) -> Result<(), RequestError> {
    let malformed = || RequestError::HeaderValue {
        name: name.to_owned(),
        line_end: false,
    };
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed())?;
    let mut value = HeaderValue::from_bytes(value).map_err(|_| malformed())?;
    value.set_sensitive(true);
    headers.append(header, value);
    Ok(())
}
