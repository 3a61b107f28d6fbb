//! The platform under load beside nginx: HTTPS, kept-alive connections, one core each for the server
//! and the load.
//!
//! Ours identifies and authenticates by `app-id` and `secret-key`, runs every rule, and writes an audit
//! row before each answer. nginx looks the key up in a map, runs allow, deny and `limit_req`, and
//! writes a buffered access log.

use strongroom_testkit::{Home, Platform, Vault};

use crate::{
    harness::{Goal, Pair, Row, Stopped, Unit},
    nginx::Nginx,
    wrk,
};

const PATH: &str = "/api/v1/ping";
const ROUNDS: usize = 5;
const SECONDS: u32 = 4;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let loaded = Loaded::start()?;
    let body = loaded.ping();
    let nginx = Nginx::start(PATH, &body, (&loaded.app_id, &loaded.secret))?;
    let headers = [
        ("app-id", loaded.app_id.as_str()),
        ("secret-key", loaded.secret.as_str()),
    ];
    // Warm both, unmeasured.
    loaded.pass_a_minute();
    wrk::requests_per_second(&loaded.platform.url(PATH), &headers, 1)?;
    wrk::requests_per_second(&nginx.url(PATH), &headers, 1)?;
    let pair = Pair::alternate(
        ROUNDS,
        || {
            loaded.pass_a_minute();
            wrk::requests_per_second(&loaded.platform.url(PATH), &headers, SECONDS)
        },
        || wrk::requests_per_second(&nginx.url(PATH), &headers, SECONDS),
    )?;
    Ok(vec![Row {
        what: "server: requests over HTTPS, every rule on, audited".to_owned(),
        peer: "nginx".to_owned(),
        unit: Unit::PerSecond,
        pair,
        goal: Goal::AtLeast(1.0),
    }])
}

/// A platform with a key whose limit no load here reaches.
pub(crate) struct Loaded {
    pub(crate) platform: Platform,
    pub(crate) home: Home,
    pub(crate) app_id: String,
    pub(crate) secret: String,
}

impl Loaded {
    pub(crate) fn start() -> Result<Self, Stopped> {
        let home = Home::new();
        let vault = Vault::create(&home);
        let _ = vault.unlock(&["--allow-read"]).exited(0);
        drop(vault);
        let mut command = std::process::Command::new("taskset");
        home.surround(&mut command)
            .args(["-c", wrk::SERVER_CORE])
            .arg(strongroom_testkit::program())
            .args(["serve", "--json", "--port", "0", "--virtual-clock"]);
        let platform = Platform::start_command(&home, command);
        let _ = platform.issue(&home, "load", &["--limit", "1000000"]);
        let field = |name: &str| {
            let read = home.run(&["read", "-n", &format!("sr://load/{name}")]);
            read.exited(0).stdout
        };
        Ok(Self {
            app_id: field("id"),
            secret: field("secret"),
            platform,
            home,
        })
    }

    /// What ping answers.
    pub(crate) fn ping(&self) -> String {
        let url = self.platform.url(PATH);
        let sent = self
            .home
            .run(&["send", "--json", "--fail", "GET", &url, "--key", "load"]);
        let document = sent.document();
        document["body"].as_str().unwrap_or_default().to_owned()
    }

    /// Empties the rolling window.
    pub(crate) fn pass_a_minute(&self) {
        let _ = self
            .home
            .run(&["platform", "clock", "advance", "61s", "--json"])
            .exited(0);
    }
}
