//! A burst: one request many times over, to see where a limit is.

use serde::{Deserialize, Serialize};

use crate::exchange::SendRequest;

/// What is sent, and how often.
#[derive(Serialize, Deserialize)]
pub struct BurstArgs {
    /// The request. It is signed anew each time.
    pub request: SendRequest,
    /// How many times; absent if `for_ms` says how long. Never more than 1,000,000.
    pub count: Option<u64>,
    /// For how long, in milliseconds; whichever of both is over first ends it. Never more than an hour.
    pub for_ms: Option<u64>,
    /// At most so many a second; as fast as it goes if absent.
    pub rate: Option<f64>,
    /// Over how many connections at once, 1 to 256.
    pub concurrency: u32,
    /// The rate, or the number of connections, grows to its full height within so many milliseconds.
    #[serde(default)]
    pub ramp_ms: u64,
    /// Whether it is waited once as long as a 429 asks for (at most two minutes), and tried again.
    #[serde(default)]
    pub check_retry_after: bool,
    /// Whether a host that is not this machine was agreed to.
    #[serde(default)]
    pub confirm_remote: bool,
}

/// How a burst is going: everything since the sample before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BurstSample {
    /// The end of the sample, in milliseconds since the burst began.
    pub at_ms: u64,
    /// Answers below 400.
    pub accepted: u64,
    /// Answers 429.
    pub limited: u64,
    /// Other answers.
    pub other: u64,
    /// Requests without an answer.
    pub failed: u64,
    /// The time from a request's first byte to the end of its answer that half of them did not exceed, in
    /// milliseconds.
    pub p50_ms: f64,
    /// The same for 90 %.
    pub p90_ms: f64,
    /// The same for 99 %.
    pub p99_ms: f64,
}

/// How a burst went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BurstReport {
    /// How many were sent.
    pub sent: u64,
    /// Answers below 400.
    pub accepted: u64,
    /// Answers 429.
    pub limited: u64,
    /// Other answers.
    pub other: u64,
    /// Requests without an answer.
    pub failed: u64,
    /// How many answers had which status, by status.
    pub statuses: Vec<(u16, u64)>,
    /// Why requests had no answer, and how many.
    pub failures: Vec<(String, u64)>,
    /// How long it took, in milliseconds.
    pub total_ms: f64,
    /// Answers a second.
    pub rate: f64,
    /// How long answers took.
    pub latency: Latency,
    /// What the answers say of a limit; absent if none was met.
    pub limit: Option<MeasuredLimit>,
    /// One sentence that says what was measured.
    pub summary: String,
    /// How it went over time.
    pub samples: Vec<BurstSample>,
}

/// How long answers took, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Latency {
    /// The shortest.
    pub min_ms: f64,
    /// What half of them did not exceed.
    pub p50_ms: f64,
    /// What 90 % did not exceed.
    pub p90_ms: f64,
    /// What 99 % did not exceed.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// A limit as the answers show it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct MeasuredLimit {
    /// The most that were accepted within any `window_s` seconds.
    pub accepted: u64,
    /// The window, in seconds: what the answers say of it, or 60.
    pub window_s: u64,
    /// Whether the answers say so (`RateLimit-Policy`), or the window is an assumption.
    pub window_stated: bool,
    /// What the first 429 said in `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
    /// Whether a request after that time was accepted; absent if it was not tried.
    pub retry_after_held: Option<bool>,
}
