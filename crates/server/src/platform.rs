//! What all requests share, and the way of one request from its head to its answer.

use std::{
    future::ready,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, RwLock, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::CACHE_CONTROL, request::Parts};
use hyper::body::Body;
use strongroom_contract::{explain::Rule, time::UnixMillis};
use strongroom_policy::{
    platform::Platform as Rules,
    scopes::Route,
    trace::{Finding, Trace},
};

use strongroom_signing::{Field, Target};

use crate::{
    allow_all::AllowAll,
    audit::{AuditDown, AuditLog, Entry, QueuedRow},
    calls::{self, Decided, Passed},
    clock::Clock,
    config::Limits,
    costs::Costs,
    face::{Answer, AnswerBody, Dates, Face, Problem, RequestId},
    faults::{Faults, Injected},
    keys::KeyRing,
    manage, openapi,
    refusals::{Refusals, Share},
    state::Directory,
    store::{Member, PersonalKeys, Store, StoreError},
    waiting::Waiting,
    wire::{Admission, BodyError, Failures, is_readable, read_body},
};

/// Under which name the store keeps how far a virtual clock was advanced.
pub(crate) const CLOCK_ADVANCED_MS: &str = "clock_advanced_ms";

/// Under which name the store keeps for how long rows of the audit log are kept.
pub(crate) const AUDIT_KEPT_MS: &str = "audit_kept_ms";

/// What all requests share.
pub(crate) struct Platform {
    /// Sizes, counts and times.
    pub(crate) limits: Limits,
    /// Whether bodies of refused requests are kept.
    pub(crate) capture_bodies: bool,
    /// Faults that a scenario injects.
    pub(crate) faults: Option<Faults>,
    /// Open connections.
    pub(crate) admission: Arc<Admission>,
    /// Failed authentications.
    pub(crate) failures: Failures,
    /// Requests that wait for a slot.
    pub(crate) waiting: Waiting,
    /// What routes cost.
    pub(crate) costs: Costs,
    /// The platform's time.
    pub(crate) clock: Arc<Clock>,
    /// `Date` headers.
    pub(crate) dates: Dates,
    /// What the rules hold for every request.
    pub(crate) rules: Rules,
    /// Where requests without a signature go, as far as the rules look.
    pub(crate) plain_target: Target,
    /// Issued keys.
    pub(crate) keys: KeyRing,
    /// The sources that any key may be used from.
    pub(crate) allow_all: AllowAll,
    /// Held while a key's secrets change: one rotation at a time.
    pub(crate) rotating: tokio::sync::Mutex<()>,
    /// Who may call `/manage`.
    pub(crate) members: RwLock<Vec<Member>>,
    /// Personal keys of clients.
    pub(crate) personal: Arc<PersonalKeys>,
    /// The audit log.
    pub(crate) audit: Arc<AuditLog>,
    /// For how long rows of the audit log are kept; `None` for ever. Held while the log is cut.
    pub(crate) audit_kept: tokio::sync::Mutex<Option<Duration>>,
    /// Refused requests.
    pub(crate) refusals: Refusals,
    /// What is written down.
    pub(crate) store: Store,
    /// Requests being read or answered.
    pub(crate) under_way: AtomicUsize,
    /// Whether the server ends: who waits for something to happen gets their answer now.
    pub(crate) stopping: AtomicBool,
    /// The state directory. Last: it is given back once everything else is closed.
    pub(crate) directory: Directory,
}

/// One request, as far as it is known before anything of it is read.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    /// Its id.
    pub(crate) id: RequestId,
    /// When its head had been read.
    pub(crate) started: Instant,
    /// The real time then.
    pub(crate) real: UnixMillis,
    /// The platform's time then.
    pub(crate) now: UnixMillis,
    /// Where it comes from: the socket's peer, or whom a proxy that is believed speaks for.
    pub(crate) peer: IpAddr,
}

/// A finished answer.
pub(crate) struct Answered {
    /// The response.
    pub(crate) response: Response<AnswerBody>,
    /// What is alive as long as somebody makes its body.
    pub(crate) maker: Option<Weak<()>>,
    /// Whether some of the request's body was left unread.
    pub(crate) body_left: bool,
    /// Whether the connection is to be cut instead.
    pub(crate) is_cut: bool,
}

/// Counts a request while it is under way.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A request that is answered, or on its way.
enum Started<'p> {
    /// The answer is there.
    Answered(Answer),
    /// A scenario has answered; the body is unread.
    Instead(Answer),
    /// Most requests have no body and need no store: only their row has to be written.
    Queued(Answer, QueuedRow, UnderWay<'p>),
    /// The others wait.
    Waiting(Pin<Box<dyn Future<Output = Later> + Send + 'p>>),
}

/// An answer that was waited for.
struct Later {
    answer: Answer,
    body_left: bool,
    /// The platform's time, of which the answer tells.
    now: UnixMillis,
}

impl Platform {
    /// Whether the server ends.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Answers one request.
    pub(crate) async fn answer<B>(self: &Arc<Self>, peer: IpAddr, request: Request<B>) -> Answered
    where
        B: Body<Data = Bytes> + Send + Unpin,
    {
        let (parts, body) = request.into_parts();
        let arrival = self.arrival(self.source(peer, &parts));
        let injected = match &self.faults {
            None => Injected::default(),
            Some(faults) => Box::pin(self.inject(faults, arrival, &parts)).await,
        };
        let body_is_there = !body.is_end_stream();
        let started = match injected.instead {
            None => self.start(arrival, &parts, body),
            Some(answer) => Started::Instead(answer),
        };
        let (answer, body_left, now) = match started {
            Started::Instead(answer) => (answer, body_is_there, arrival.now),
            Started::Answered(answer) => (answer, false, arrival.now),
            Started::Queued(answer, row, _under_way) => {
                let face = Face::of(parts.uri.path());
                let answer = self.once_written(row, answer, arrival, face, &parts, &[]);
                (answer.await, false, arrival.now)
            }
            Started::Waiting(later) => {
                let later = later.await;
                (later.answer, later.body_left, later.now)
            }
        };
        tracing::debug!(request_id = %arrival.id, status = answer.status.as_u16(), "answered");
        let date = self.dates.at(now);
        Answered {
            maker: answer.growing.as_ref().map(|growing| growing.maker()),
            response: answer.into_response(arrival.id, date),
            body_left,
            is_cut: injected.is_cut,
        }
    }

    /// Where a request of a socket's peer comes from.
    fn source(&self, peer: IpAddr, parts: &Parts) -> IpAddr {
        let proxies = self.rules.proxies();
        if !proxies.contains(peer) {
            return peer;
        }
        let headers = parts.headers.iter();
        let fields: Vec<_> = headers
            .map(|(name, value)| Field::new(name.as_str(), value.as_bytes()))
            .collect();
        proxies.source(peer, &fields)
    }

    fn arrival(&self, peer: IpAddr) -> Arrival {
        let (real, now) = self.clock.both();
        Arrival {
            id: RequestId::at(real),
            started: Instant::now(),
            real,
            now,
            peer,
        }
    }

    fn start<'p, B>(self: &'p Arc<Self>, arrival: Arrival, parts: &'p Parts, body: B) -> Started<'p>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'p,
    {
        let path = parts.uri.path();
        let face = Face::of(path);
        let is_management = path.starts_with("/manage/");
        let busy = self.under_way.fetch_add(1, Ordering::AcqRel) >= self.limits.concurrency;
        let under_way = UnderWay(&self.under_way);
        let turned_away = if busy {
            Some(Duration::from_secs(1))
        } else if is_management {
            // Who looks into a flood from their own machine must be heard.
            None
        } else {
            self.failures.turned_away_for(arrival.peer, arrival.now)
        };
        if let Some(wait) = turned_away {
            // Counted, not told one by one: a flood must not become a flood of rows.
            self.failures.turned_away(arrival.peer);
            let answer = face.problem(&Problem::Flood { wait }, arrival.id);
            let body_left = !body.is_end_stream();
            return if body_left {
                let now = arrival.now;
                Started::Waiting(Box::pin(ready(Later {
                    answer,
                    body_left,
                    now,
                })))
            } else {
                Started::Answered(answer)
            };
        }
        if path == openapi::PATH && parts.method == Method::GET {
            return Started::Answered(self.show_openapi(arrival, parts));
        }
        if is_management || !body.is_end_stream() {
            return Started::Waiting(Box::pin(async move {
                let _under_way = under_way;
                self.read_and_answer(arrival, face, parts, body).await
            }));
        }
        match calls::answer(self, arrival, face, parts, &Bytes::new()) {
            Passed::Decided(Decided::Answered(answer)) => Started::Answered(answer),
            Passed::Decided(Decided::Queued(answer, row)) => {
                Started::Queued(answer, row, under_way)
            }
            passed => Started::Waiting(Box::pin(async move {
                let _under_way = under_way;
                self.finish(passed, arrival, face, parts, &Bytes::new())
                    .await
            })),
        }
    }

    /// Answers a request that has to wait: for a slot, for its row, for the store.
    async fn finish(
        &self,
        passed: Passed,
        arrival: Arrival,
        face: Face,
        parts: &Parts,
        body: &Bytes,
    ) -> Later {
        let (decided, arrival) = match passed {
            Passed::Delayed(delayed) => {
                calls::wait(self, arrival, face, parts, body, delayed).await
            }
            Passed::Decided(decided) => (decided, arrival),
        };
        let answer = match decided {
            Decided::Answered(answer) => answer,
            Decided::Queued(answer, row) => {
                self.once_written(row, answer, arrival, face, parts, body)
                    .await
            }
            Decided::NeedsStore(rest) => rest.answer(self, arrival, face, parts, body).await,
        };
        Later {
            answer,
            body_left: false,
            now: arrival.now,
        }
    }

    /// Writes down where whole runs of audit rows lie, and when keys were last used.
    ///
    /// # Errors
    ///
    /// As [`AuditLog::write_index`].
    pub(crate) async fn write_index(&self) -> Result<(), StoreError> {
        let used = || self.keys.take_last_used();
        self.audit
            .write_index(&self.store, &self.personal, used)
            .await
    }

    /// The description of every route: to whoever asks, and with a row like everything else.
    fn show_openapi(&self, arrival: Arrival, parts: &Parts) -> Answer {
        if let Err(problem) = calls::target(parts) {
            return self.refuse_target(arrival, Face::Api, parts, problem);
        }
        let (client, personal) = self.personal.unknown();
        let written = self.audit.append(&Entry {
            method: "GET",
            path: openapi::PATH,
            status: StatusCode::OK.as_u16(),
            user_agent: user_agent(parts),
            ..Entry::of(arrival, client, &personal)
        });
        match written {
            Ok(()) => Answer::json_bytes(StatusCode::OK, self.costs.document()),
            Err(AuditDown) => self.unrecorded(arrival, Face::Api, parts, &[]),
        }
    }

    async fn read_and_answer<B: Body<Data = Bytes> + Unpin>(
        self: &Arc<Self>,
        arrival: Arrival,
        face: Face,
        parts: &Parts,
        body: B,
    ) -> Later {
        let limits = &self.limits;
        let read = match is_readable(&parts.headers) {
            true => read_body(body, limits.body_bytes, limits.body).await,
            false => Err(BodyError::Coded),
        };
        let body = match read {
            Ok(body) => body,
            Err(error) => {
                return Later {
                    answer: self.refuse_body(arrival, face, parts, error),
                    body_left: true,
                    now: arrival.now,
                };
            }
        };
        if parts.uri.path().starts_with("/manage/") {
            let answer = match calls::target(parts) {
                // Secrets are in some of these answers, and people's addresses in others.
                Ok(_) => manage::answer(self, arrival, parts, &body)
                    .await
                    .with(CACHE_CONTROL, "no-store"),
                Err(problem) => self.refuse_target(arrival, face, parts, problem),
            };
            return Later {
                answer,
                body_left: false,
                now: arrival.now,
            };
        }
        let passed = calls::answer(self, arrival, face, parts, &body);
        self.finish(passed, arrival, face, parts, &body).await
    }

    /// The answer, once its row is in the audit log.
    async fn once_written(
        &self,
        row: QueuedRow,
        answer: Answer,
        arrival: Arrival,
        face: Face,
        parts: &Parts,
        body: &[u8],
    ) -> Answer {
        match self.audit.written(row).await {
            Ok(()) => answer,
            Err(AuditDown) => self.unrecorded(arrival, face, parts, body),
        }
    }

    fn refuse_body(&self, arrival: Arrival, face: Face, parts: &Parts, error: BodyError) -> Answer {
        let cap = self.limits.body_bytes;
        let (rule, problem, finding) = match error {
            BodyError::TooLarge => (
                Rule::Body,
                Problem::TooLarge,
                Finding::new(
                    "The body is over its cap.",
                    format!("a body of more than {cap} bytes"),
                    format!("at most {cap} bytes"),
                    "Send less in one request.",
                ),
            ),
            BodyError::TooSlow => (
                Rule::Flood,
                Problem::Timeout,
                Finding::new(
                    "The body took too long to arrive.",
                    format!("not whole after {} s", self.limits.body.as_secs()),
                    "a body that is sent at once",
                    "Send the body without pauses.",
                ),
            ),
            BodyError::Broken => (
                Rule::Flood,
                Problem::Unframed("The body broke off or its chunks are malformed"),
                Finding::new(
                    "The body broke off or its chunks are malformed.",
                    "a body that can't be read",
                    "a body as long as it says, or well-formed chunks",
                    "Send the whole body.",
                ),
            ),
            BodyError::Coded => (
                Rule::Flood,
                Problem::Unframed("The body is in a transfer coding other than chunked"),
                Finding::new(
                    "The body is in a transfer coding other than chunked.",
                    "a Transfer-Encoding that is not chunked, or not it alone",
                    "Transfer-Encoding: chunked, or a Content-Length",
                    "Send the body as it is.",
                ),
            ),
        };
        let trace = Trace::outside_pipeline(rule, finding);
        self.refuse_unheard(arrival, face, parts, &problem, trace)
    }

    /// Refuses a request whose target or `Host` is malformed.
    pub(crate) fn refuse_target(
        &self,
        arrival: Arrival,
        face: Face,
        parts: &Parts,
        problem: String,
    ) -> Answer {
        let finding = Finding::new(
            "The request's target or Host header is malformed.",
            problem.clone(),
            "one Host header, and a target of characters that a URL may have",
            "Let an HTTP library build the request.",
        );
        let trace = Trace::outside_pipeline(Rule::Flood, finding);
        self.refuse_unheard(arrival, face, parts, &Problem::Malformed(problem), trace)
    }

    /// Refuses a request before anyone knows whose it is.
    pub(crate) fn refuse_unheard(
        &self,
        arrival: Arrival,
        face: Face,
        parts: &Parts,
        problem: &Problem,
        trace: Trace,
    ) -> Answer {
        let (client, personal) = self.personal.unknown();
        let rule = trace.rule;
        let status = problem.status();
        let mut entry = Entry {
            status: status.as_u16(),
            rule: Some(rule),
            user_agent: user_agent(parts),
            ..Entry::of(arrival, client, &personal)
        };
        // What a scenario lets be was read.
        if rule == Rule::Scenario {
            let route = Route::find(parts.method.as_str(), parts.uri.path());
            let Route { method, path, .. } = route.unwrap_or(&Route::NONE);
            (entry.method, entry.path) = (*method, *path);
        }
        let written = self.audit.append(&entry);
        if written.is_err() {
            return self.unrecorded(arrival, face, parts, &[]);
        }
        self.keep((client, &personal), arrival.id, Share::Whole, || {
            let explanation = trace.into_explanation(Some(arrival.id.to_string()));
            self.kept(arrival, parts, &[], status, explanation)
        });
        face.problem(problem, arrival.id)
    }

    /// What is answered when the audit row can't be written: nothing is accepted in silence.
    pub(crate) fn unrecorded(
        &self,
        arrival: Arrival,
        face: Face,
        parts: &Parts,
        body: &[u8],
    ) -> Answer {
        let problem = Problem::Unavailable;
        let trace = Trace::outside_pipeline(
            Rule::Audit,
            Finding::new(
                "The audit row of the request could not be written.",
                "the audit log can't be written: the disk is full or broken",
                "a row in the audit log before the answer",
                "Free some space on the platform's disk; it goes on by itself.",
            ),
        );
        let (client, personal) = self.personal.unknown();
        self.keep((client, &personal), arrival.id, Share::Whole, || {
            let explanation = trace.into_explanation(Some(arrival.id.to_string()));
            self.kept(arrival, parts, body, problem.status(), explanation)
        });
        face.problem(&problem, arrival.id)
    }

    /// The whole answer, as bytes, to what could not be read as a request.
    pub(crate) fn answer_unreadable(&self, peer: IpAddr, status: u16) -> Vec<u8> {
        let arrival = self.arrival(peer);
        let (problem, observed) = match status {
            408 => (Problem::Timeout, "a header that did not arrive in time"),
            414 | 431 => (
                Problem::Headers(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST)),
                "a line or headers that are too long or too many",
            ),
            _ => (
                Problem::Malformed("The request can't be read as HTTP/1.1".to_owned()),
                "bytes that are not a request of HTTP/1.1",
            ),
        };
        let trace = Trace::outside_pipeline(
            Rule::Flood,
            Finding::new(
                "The request could not be read.",
                observed,
                format!(
                    "a request of HTTP/1.1 with at most {} bytes of headers within {} s",
                    self.limits.header_bytes,
                    self.limits.header.as_secs()
                ),
                "Send a well-formed request at once.",
            ),
        );
        self.failures.failed(peer, arrival.now);
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = http::Method::from_bytes(b"UNREADABLE").unwrap_or_default();
        let answer = self.refuse_unheard(arrival, Face::Api, &parts, &problem, trace);
        answer.into_last_bytes(arrival.id, self.dates.at(self.clock.now()))
    }
}

/// What the client says it is.
pub(crate) fn user_agent(parts: &Parts) -> Option<&[u8]> {
    let value = parts.headers.get(http::header::USER_AGENT)?;
    Some(value.as_bytes())
}
