//! What a server is started with.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use strongroom_policy::source::Proxies;

/// What a server is started with. [`Config::in_directory`] gives the defaults.
#[derive(Debug, Clone)]
pub struct Config {
    /// The state directory: keys, store, audit log. Made on first start, for its owner alone.
    pub state_dir: PathBuf,
    /// Where to listen. Port 0 lets the system choose. The certificate names loopback alone, so any
    /// other address needs a TLS front of its own.
    pub address: SocketAddr,
    /// Whether the clock can be advanced by `/manage/v1/clock/advance`.
    pub virtual_clock: bool,
    /// Whether bodies of refused requests are kept (up to [`Limits::captured_body`]) for explain.
    pub capture_bodies: bool,
    /// A file outside of the state directory that gets a copy of every audit checkpoint.
    pub checkpoint: Option<PathBuf>,
    /// The proxies that are believed when they say whom they speak for.
    pub proxies: Proxies,
    /// The seed of faults to inject, for clients that have to live with them; none if absent.
    pub faults: Option<u64>,
    /// Sizes, counts and times.
    pub limits: Limits,
}

impl Config {
    /// The port of a server that was not told another one.
    pub const DEFAULT_PORT: u16 = 8443;

    /// The defaults: loopback, port 8443, the real clock, bodies of refused requests not kept, no proxy believed.
    #[must_use]
    pub fn in_directory(state_dir: PathBuf) -> Self {
        Self {
            state_dir,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, Self::DEFAULT_PORT)),
            virtual_clock: false,
            capture_bodies: false,
            checkpoint: None,
            proxies: Proxies::none(),
            faults: None,
            limits: Limits::default(),
        }
    }
}

/// Sizes, counts and times that bound what one client can take from the others.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections open at once.
    pub connections: usize,
    /// Connections open at once from one source address.
    pub connections_per_source: usize,
    /// Requests being read or answered at once.
    pub concurrency: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a request's header may take; also how long a connection may stay idle.
    pub header: Duration,
    /// How long a request's body may take.
    pub body: Duration,
    /// The size of a request's line and headers, in bytes.
    pub header_bytes: usize,
    /// The number of a request's headers.
    pub headers: usize,
    /// The size of a request's body, in bytes.
    pub body_bytes: usize,
    /// Failed authentications from one source address within a minute, after which that source is
    /// turned away unheard until the minute is over.
    pub failures_per_source: u32,
    /// Requests that wait for a slot at once, of all keys that let theirs wait.
    pub delayed: usize,
    /// The same of one key.
    pub delayed_per_key: u32,
    /// How much of a refused request's body is kept, in bytes.
    pub captured_body: usize,
    /// How many refused requests are kept.
    pub captured_requests: usize,
    /// How many refused requests of one key are kept in a second; of the others, the audit log says which
    /// rule refused them.
    pub captured_a_second: usize,
    /// How long a refused request is kept.
    pub captured_for: Duration,
    /// How long requests under way are waited for when the server stops.
    pub shutdown: Duration,
    /// The size of an audit segment, after which the next one is begun, in bytes.
    pub audit_segment_bytes: u64,
    /// How often the audit log is brought to the disk, if no more than a MiB of it waits for that, and
    /// what else waits is written down.
    pub sync_every: Duration,
    /// How often a signed checkpoint of the audit log is written, if rows were added.
    pub checkpoint_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_per_source: 10_000,
            concurrency: 4_096,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(15),
            body: Duration::from_secs(30),
            header_bytes: 32 * 1024,
            headers: 100,
            body_bytes: 1024 * 1024,
            failures_per_source: 600,
            delayed: 1_024,
            delayed_per_key: 64,
            captured_body: 64 * 1024,
            captured_requests: 10_000,
            captured_a_second: 200,
            captured_for: Duration::from_secs(7 * 86_400),
            shutdown: Duration::from_secs(5),
            audit_segment_bytes: 64 * 1024 * 1024,
            sync_every: Duration::from_secs(1),
            checkpoint_every: Duration::from_secs(60),
        }
    }
}
