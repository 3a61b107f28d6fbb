//! `serve`: the local platform in the foreground, announced in `platform.json` while it runs.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use strongroom_contract::{error::Failure, platform::PlatformAddress};
use strongroom_server::{Config, Limits, Server, StartError};

use super::scenario::{self, Play, Scenario, Staged};
use crate::{home::Home, manage::Platform, os::process::open_files, running};

/// How the platform is started.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The port, on loopback; 0 lets the system choose.
    pub port: u16,
    /// Whether any other port will do if that one is taken.
    pub or_any_port: bool,
    /// The state directory; the home's own if absent.
    pub state: Option<PathBuf>,
    /// Whether its clock can be advanced.
    pub virtual_clock: bool,
    /// Whether the bodies of refused requests are kept, for explain.
    pub capture_bodies: bool,
    /// A file outside of the state directory that gets a copy of every audit checkpoint.
    pub checkpoint: Option<PathBuf>,
    /// The networks of proxies that are believed when they say whom they speak for; none if empty.
    pub trust_proxies: Vec<String>,
    /// The header in which they say it; `x-forwarded-for` if absent.
    pub proxy_header: Option<String>,
    /// The scenario that it plays, if any: on a state directory that is gone with it, unless one is
    /// named, and with a clock that can be advanced.
    pub scenario: Option<Play>,
}

impl ServeOptions {
    /// The port of a platform that was not told another one.
    pub const DEFAULT_PORT: u16 = Config::DEFAULT_PORT;
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            port: Self::DEFAULT_PORT,
            or_any_port: false,
            state: None,
            virtual_clock: false,
            capture_bodies: false,
            checkpoint: None,
            trust_proxies: Vec::new(),
            proxy_header: None,
            scenario: None,
        }
    }
}

/// How many files the platform needs beside its connections: its store, its log, and some to spare.
const OWN_FILES: usize = 128;

/// The limits, such that connections leave files for the store and the log: without them nothing could
/// be recorded, and all would be refused. One source has half of them at most.
fn limits_within(files: usize) -> Limits {
    let limits = Limits::default();
    let connections = limits
        .connections
        .min(files.saturating_sub(OWN_FILES).max(1));
    Limits {
        connections,
        connections_per_source: limits.connections_per_source.min(connections.div_ceil(2)),
        ..limits
    }
}

/// Runs the platform until `stop` completes. `ready` hears of its address, and of the scenario's stage
/// if it plays one, once it accepts connections and is announced in the home.
///
/// # Errors
///
/// [`InUse`](strongroom_contract::error::ErrorCode::InUse) if the port or the state directory is;
/// [`Usage`](strongroom_contract::error::ErrorCode::Usage) if a proxy makes no sense; what else keeps it from starting; what `ready` says, after stopping again.
pub async fn serve(
    home: &Home,
    options: ServeOptions,
    ready: impl FnOnce(&PlatformAddress, Option<Staged>) -> Result<(), Failure>,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let thrown_away = match options {
        ServeOptions {
            state: None,
            scenario: Some(_),
            ..
        } => Some(throw_away()?),
        _ => None,
    };
    let state = match (&thrown_away, options.state) {
        (Some(directory), _) => directory.path().join("state"),
        (None, Some(state)) => state,
        (None, None) => home.platform_state(),
    };
    let faults = options
        .scenario
        .filter(|play| play.scenario == Scenario::Flaky)
        .map(|play| play.seed);
    let proxies =
        super::allowlist::proxies(&options.trust_proxies, options.proxy_header.as_deref())?;
    let config = |port| Config {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        virtual_clock: options.virtual_clock || options.scenario.is_some(),
        capture_bodies: options.capture_bodies,
        checkpoint: options.checkpoint.clone(),
        proxies: proxies.clone(),
        limits: limits_within(open_files()),
        faults,
        ..Config::in_directory(state.clone())
    };
    let server = match Server::start(config(options.port)).await {
        Err(StartError::PortInUse(taken)) if options.or_any_port => {
            tracing::info!(%taken, "the port is in use; another one is taken");
            Server::start(config(0)).await?
        }
        started => started?,
    };
    let address = server.address();
    let begun = async {
        running::announce(home, &address)?;
        let staged = match options.scenario {
            Some(play) => Some(scenario::stage(&Platform::at(&address)?, play).await?),
            None => None,
        };
        ready(&address, staged)
    };
    let outcome = begun.await;
    if outcome.is_ok() {
        stop.await;
    }
    // Nobody new finds it; then those under way are answered.
    running::withdraw(home, address.pid);
    server.shutdown().await;
    outcome
}

fn throw_away() -> Result<tempfile::TempDir, Failure> {
    let made = tempfile::Builder::new()
        .prefix("strongroom-scenario-")
        .tempdir();
    made.map_err(|error| {
        let message = format!("no temporary directory: {error}");
        Failure::new(strongroom_contract::error::ErrorCode::Storage, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_log_and_one_source_leaves_connections() {
        let many = limits_within(1 << 20);
        assert_eq!(many.connections, Limits::default().connections);
        let few = limits_within(1_024);
        assert_eq!(few.connections, 1_024 - OWN_FILES);
        assert_eq!(few.connections_per_source, few.connections / 2);
        assert_eq!(limits_within(0).connections, 1);
    }
}
