//! A burst: one request many times over, signed anew each time, over connections that are reused.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use base64::Engine as _;
use hdrhistogram::Histogram;
use strongroom_contract::{
    burst::{BurstArgs, BurstReport, BurstSample, Latency},
    error::{ErrorCode, Failure},
    time::UnixMillis,
};
use strongroom_crypto::random::Reserve;
use strongroom_sender::{Brief, Options, Reused};
use strongroom_signing::Scheme;
use tokio::task::JoinSet;

use super::{
    BASE64_URL, Credential, Route, check_hosts,
    draft::{Draft, Repeated, Signature},
    limit::{self, Limited},
    options, scheme, time_to_sign_with, token,
};
use crate::{cancel::Cancellation, os::clock, session::Session};

/// Between two samples.
const SAMPLE: Duration = Duration::from_millis(200);
/// What a burst may ask of this machine, and of another one.
const HERE: Bounds = Bounds {
    count: 1_000_000,
    span: Duration::from_secs(3_600),
    rate: f64::INFINITY,
    concurrency: 256,
};
const ELSEWHERE: Bounds = Bounds {
    count: 10_000,
    span: Duration::from_secs(600),
    rate: 200.0,
    concurrency: 16,
};

struct Bounds {
    count: u64,
    span: Duration,
    rate: f64,
    concurrency: u32,
}

/// Sends the burst. `sampled` hears how it goes. When it is cancelled, what was measured until then is the
/// result.
///
/// # Errors
///
/// [`ErrorCode::Refused`] for another machine without leave; [`ErrorCode::Usage`] beyond the bounds, or if
/// the request makes no sense. That requests fail is no error.
pub(crate) async fn burst(
    session: &Arc<Session>,
    args: BurstArgs,
    credential: Option<Credential>,
    route: &Route,
    cancellation: &Cancellation,
    mut sampled: impl FnMut(&BurstSample),
) -> Result<BurstReport, Failure> {
    let plan = Arc::new(Plan::new(session, &args, credential, route).await?);
    let tally = Arc::new(Tally::new()?);
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for number in 0..args.concurrency {
        let (plan, tally) = (Arc::clone(&plan), Arc::clone(&tally));
        workers.spawn(async move { plan.work(number, began, &tally).await });
    }
    let mut tick = tokio::time::interval_at((began + SAMPLE).into(), SAMPLE);
    let mut samples = Vec::new();
    loop {
        tokio::select! {
            () = cancellation.cancelled() => {
                workers.shutdown().await;
                break;
            }
            ended = workers.join_next() => if ended.is_none() { break },
            _ = tick.tick() => {
                let sample = tally.sample(began.elapsed());
                sampled(&sample);
                samples.push(sample);
            }
        }
    }
    let took = began.elapsed();
    let last = tally.sample(took);
    sampled(&last);
    samples.push(last);
    let held = match tally.last_limited() {
        Some(limited) if args.check_retry_after && !cancellation.is_cancelled() => {
            tokio::select! {
                () = cancellation.cancelled() => None,
                held = plan.try_again(&limited) => held,
            }
        }
        _ => None,
    };
    Ok(tally.report(took, samples, held))
}

/// What every worker knows.
struct Plan {
    request: Repeated,
    /// What it is signed with.
    signer: Option<(Credential, Scheme)>,
    options: Options,
    /// Of the platform's clock before ours, in milliseconds.
    ahead: i64,
    count: u64,
    span: Option<Duration>,
    rate: Option<f64>,
    ramp: Duration,
    concurrency: u32,
    /// The next request's number.
    next: AtomicU64,
}

impl Plan {
    async fn new(
        session: &Arc<Session>,
        args: &BurstArgs,
        mut credential: Option<Credential>,
        route: &Route,
    ) -> Result<Self, Failure> {
        let home = session.home();
        let request = args.request.clone();
        let draft = Draft::read(&request)?;
        let target = draft.target();
        let bounds = if target.is_loopback() {
            HERE
        } else {
            ELSEWHERE
        };
        if !target.is_loopback() && !args.confirm_remote {
            return Err(Failure::new(
                ErrorCode::Refused,
                format!(
                    "{} is not this machine: a burst there was not agreed to",
                    target.authority()
                ),
            )
            .hint("send it with --confirm-remote if its owner knows of it")
            .details(serde_json::json!({ "rule": "remote-burst" })));
        }
        bounds.check(args)?;
        if let Some(credential) = &credential {
            check_hosts(&request, &credential.hosts)?;
        }
        let hosts = credential
            .as_ref()
            .map(|credential| credential.hosts.as_slice());
        let options = options(home, &request, &draft, hosts, route)?;
        let scheme = credential
            .as_ref()
            .map(|credential| scheme(&request, credential))
            .transpose()?;
        // One token serves all of it.
        if let (Some(key), Some(scheme)) = (&credential, scheme)
            && let Some(held) = token::exchanged(session, &request, key, scheme, &options).await?
        {
            credential = Some(held.credential);
        }
        let ahead = match scheme {
            Some(scheme) => {
                let theirs = time_to_sign_with(home, &draft, scheme).await?;
                i64::try_from(theirs.0).unwrap_or(i64::MAX)
                    - i64::try_from(clock::now().0).unwrap_or(i64::MAX)
            }
            None => 0,
        };
        let plan = Self {
            request: Repeated::new(draft)?,
            signer: credential.zip(scheme),
            options,
            ahead,
            count: args.count.unwrap_or(bounds.count),
            span: args.for_ms.map(Duration::from_millis),
            rate: args.rate,
            ramp: Duration::from_millis(args.ramp_ms),
            concurrency: args.concurrency,
            next: AtomicU64::new(0),
        };
        // What makes no sense is told before anything is sent.
        plan.signed(&mut Reserve::new())?;
        Ok(plan)
    }

    fn signed(&self, nonces: &mut Reserve) -> Result<Signature, Failure> {
        let Some((credential, scheme)) = &self.signer else {
            return Ok(Signature::Headers(Vec::new()));
        };
        let now = UnixMillis(clock::now().0.saturating_add_signed(self.ahead));
        let nonce = BASE64_URL.encode(nonces.bytes::<16>());
        self.request.sign(&nonce, *scheme, credential, now)
    }

    async fn work(&self, worker: u32, began: Instant, tally: &Tally) {
        let mut connection = None;
        let mut nonces = Reserve::new();
        if self.rate.is_none() {
            let late = self.ramp * worker / self.concurrency.max(1);
            tokio::time::sleep_until((began + late).into()).await;
        }
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let due = self.due(number);
            let is_over = |at: Duration| self.span.is_some_and(|span| at >= span);
            if number >= self.count || is_over(due.max(began.elapsed())) {
                return;
            }
            if due > began.elapsed() {
                tokio::time::sleep_until((began + due).into()).await;
            }
            match self.once(&mut connection, &mut nonces).await {
                Ok(brief) => tally.answered(began.elapsed(), &brief),
                Err(failure) => {
                    connection = None;
                    tally.failed(&failure);
                    // A server that is gone is not asked as fast as this machine can.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn once(
        &self,
        connection: &mut Option<Reused>,
        nonces: &mut Reserve,
    ) -> Result<Brief, Failure> {
        let signature = self.signed(nonces)?;
        let plain = self.request.outgoing();
        if connection.as_mut().is_some_and(|open| !open.is_open()) {
            *connection = None;
        }
        let open = match connection {
            Some(open) => open,
            None => connection.insert(Reused::open(plain.target(), &self.options).await?),
        };
        match &signature {
            Signature::Headers(added) => open.send(plain, added, &self.options).await,
            Signature::Whole(outgoing) => open.send(outgoing, &[], &self.options).await,
        }
    }

    /// When a request is due, from the beginning on: at once without a rate. While the rate grows from
    /// nothing, `n` requests are out after `sqrt(2 n ramp / rate)`.
    fn due(&self, number: u64) -> Duration {
        let Some(rate) = self.rate else {
            return Duration::ZERO;
        };
        let (number, ramp) = (number as f64, self.ramp.as_secs_f64());
        let within_ramp = rate * ramp / 2.0;
        let seconds = if number < within_ramp {
            (2.0 * number * ramp / rate).sqrt()
        } else {
            ramp + (number - within_ramp) / rate
        };
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// Whether a request is accepted once the time that a 429 asked for is over; `None` if that is too
    /// long to wait for, or there is no answer.
    async fn try_again(&self, limited: &Limited) -> Option<bool> {
        let until = limited.retry_at()?;
        tokio::time::sleep_until(until.into()).await;
        let brief = self.once(&mut None, &mut Reserve::new()).await.ok()?;
        Some(brief.status < 400)
    }
}

impl Bounds {
    fn check(&self, args: &BurstArgs) -> Result<(), Failure> {
        let usage = |message: String, hint: &str| {
            Err(Failure::new(ErrorCode::Usage, message).hint(hint.to_owned()))
        };
        if args.count.is_none() && args.for_ms.is_none() {
            return usage(
                "a burst without an end was asked for".to_owned(),
                "say --count N or --for DURATION",
            );
        }
        if args
            .count
            .is_some_and(|count| count == 0 || count > self.count)
        {
            return usage(
                format!("the count goes from 1 to {} there", self.count),
                "choose a number in that range",
            );
        }
        let span = args.for_ms.map(Duration::from_millis);
        if span.is_some_and(|span| span.is_zero() || span > self.span) {
            return usage(
                format!("a burst lasts up to {} s there", self.span.as_secs()),
                "choose a time above 0 and up to that",
            );
        }
        if args.concurrency == 0 || args.concurrency > self.concurrency {
            return usage(
                format!("the concurrency goes from 1 to {} there", self.concurrency),
                "choose a number in that range",
            );
        }
        let sound = |rate: f64| rate.is_finite() && rate > 0.0 && rate <= self.rate;
        if args.rate.is_some_and(|rate| !sound(rate)) {
            return usage(
                "the rate is a number of requests a second above 0; elsewhere than on this machine, 200 at most"
                    .to_owned(),
                "choose another rate",
            );
        }
        if self.rate.is_finite() && args.rate.is_none() {
            return usage(
                "a burst to another machine needs a rate".to_owned(),
                "say --rate R, requests a second",
            );
        }
        Ok(())
    }
}

/// What was counted.
struct Tally(Mutex<Counts>);

struct Counts {
    all: BurstSample,
    since: BurstSample,
    statuses: BTreeMap<u16, u64>,
    failures: BTreeMap<String, u64>,
    /// In microseconds.
    latency: Histogram<u64>,
    latency_since: Histogram<u64>,
    limit: limit::Observer,
}

impl Tally {
    fn new() -> Result<Self, Failure> {
        let histogram = || {
            Histogram::new(3)
                .map_err(|error| Failure::new(ErrorCode::Failed, format!("no histogram: {error}")))
        };
        Ok(Self(Mutex::new(Counts {
            all: BurstSample::default(),
            since: BurstSample::default(),
            statuses: BTreeMap::new(),
            failures: BTreeMap::new(),
            latency: histogram()?,
            latency_since: histogram()?,
            limit: limit::Observer::default(),
        })))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self, at: Duration, brief: &Brief) {
        let mut counts = self.counts();
        let counts = &mut *counts;
        for sample in [&mut counts.all, &mut counts.since] {
            match brief.status {
                429 => sample.limited += 1,
                ..400 => sample.accepted += 1,
                _ => sample.other += 1,
            }
        }
        *counts.statuses.entry(brief.status).or_default() += 1;
        let micros = u64::try_from(brief.took.as_micros()).unwrap_or(u64::MAX);
        counts.latency.saturating_record(micros);
        counts.latency_since.saturating_record(micros);
        counts.limit.note(at, brief);
    }

    fn failed(&self, failure: &Failure) {
        let mut counts = self.counts();
        counts.all.failed += 1;
        counts.since.failed += 1;
        if counts.failures.len() < 20 || counts.failures.contains_key(&failure.message) {
            *counts.failures.entry(failure.message.clone()).or_default() += 1;
        }
    }

    fn last_limited(&self) -> Option<Limited> {
        self.counts().limit.last()
    }

    /// What came about since the sample before.
    fn sample(&self, at: Duration) -> BurstSample {
        let mut counts = self.counts();
        let latency = latency(&counts.latency_since);
        counts.latency_since.reset();
        let sample = std::mem::take(&mut counts.since);
        BurstSample {
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            p50_ms: latency.p50_ms,
            p90_ms: latency.p90_ms,
            p99_ms: latency.p99_ms,
            ..sample
        }
    }

    fn report(&self, took: Duration, samples: Vec<BurstSample>, held: Option<bool>) -> BurstReport {
        let counts = self.counts();
        let all = counts.all;
        let answers = all.accepted + all.limited + all.other;
        let limit = counts.limit.measured(held);
        let rate = answers as f64 / took.as_secs_f64().max(f64::EPSILON);
        BurstReport {
            sent: answers + all.failed,
            accepted: all.accepted,
            limited: all.limited,
            other: all.other,
            failed: all.failed,
            statuses: counts
                .statuses
                .iter()
                .map(|(status, count)| (*status, *count))
                .collect(),
            failures: counts
                .failures
                .iter()
                .map(|(why, count)| (why.clone(), *count))
                .collect(),
            total_ms: took.as_secs_f64() * 1_000.0,
            rate,
            latency: latency(&counts.latency),
            summary: limit::sentence(limit.as_ref(), all.accepted, answers + all.failed, rate),
            limit,
            samples,
        }
    }
}

fn latency(histogram: &Histogram<u64>) -> Latency {
    if histogram.is_empty() {
        return Latency::default();
    }
    let millis = |micros: u64| micros as f64 / 1_000.0;
    Latency {
        min_ms: millis(histogram.min()),
        p50_ms: millis(histogram.value_at_quantile(0.5)),
        p90_ms: millis(histogram.value_at_quantile(0.9)),
        p99_ms: millis(histogram.value_at_quantile(0.99)),
        max_ms: millis(histogram.max()),
    }
}
