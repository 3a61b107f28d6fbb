//! The platform under load beside nginx: HTTPS, kept-alive connections, one core each for the server
//! and the load.
//!
//! Ours identifies and authenticates by `app-id` and `secret-key`, runs every rule, and writes an audit
//! row before each answer. nginx looks the key up in a map, runs allow, deny and `limit_req`, and
//! writes a buffered access log; another one is measured whose log is as safe as ours.

use std::fs;

use strongroom_testkit::{Home, Platform, Vault};

use crate::{
    harness::{Goal, Pair, Row, Stopped, Unit},
    nginx::{AccessLog, Nginx},
    wrk,
};

const PATH: &str = "/api/v1/ping";
const ROUNDS: usize = 9;
const SECONDS: u32 = 4;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let loaded = Loaded::start()?;
    let body = loaded.ping();
    let pair = (loaded.app_id.as_str(), loaded.secret.as_str());
    let nginx = Nginx::start(PATH, &body, pair, AccessLog::Buffered)?;
    let safe_nginx = Nginx::start(PATH, &body, pair, AccessLog::Safe)?;
    let headers = [
        ("app-id", loaded.app_id.as_str()),
        ("secret-key", loaded.secret.as_str()),
    ];
    let ours = Server {
        url: loaded.platform.url(PATH),
        pid: loaded.platform.address().pid,
    };
    let theirs = Server::of(&nginx)?;
    let safe = Server::of(&safe_nginx)?;
    loaded.pass_a_minute();
    for server in [&ours, &theirs, &safe] {
        // Warmed, unmeasured.
        let _ = wrk::load(&server.url, &headers, 1)?;
    }
    let mut turns = Vec::new();
    for _ in 0..ROUNDS {
        loaded.pass_a_minute();
        turns.push(Turn {
            ours: ours.measure(&headers)?,
            nginx: theirs.measure(&headers)?,
            safe: safe.measure(&headers)?,
        });
    }
    safe_nginx.kept_its_log()?;
    let mut rows = Vec::new();
    let peers: [(&str, Peer); 2] = [
        ("nginx", |turn| &turn.nginx),
        ("nginx, its log as safe as ours", |turn| &turn.safe),
    ];
    for (name, peer) in peers {
        let mut row = |what: &str, unit, goal, figure: fn(&Measured) -> f64| {
            let pairs: Vec<_> = turns
                .iter()
                .map(|turn| (figure(&turn.ours), figure(peer(turn))))
                .collect();
            rows.push(Row {
                what: format!("server: {what}"),
                peer: name.to_owned(),
                unit,
                pair: Pair::of_turns(&pairs),
                goal,
            });
        };
        row(
            "requests over HTTPS, every rule on, audited",
            Unit::PerSecond,
            Goal::AtLeast(1.3),
            |it| it.per_second,
        );
        row(
            "the same, in a second of the server's processor time",
            Unit::PerSecond,
            Goal::AtLeast(1.3),
            |it| it.per_processor_second,
        );
        row(
            "within what time 99 of 100 are answered",
            Unit::Seconds,
            Goal::AtMost(1.0),
            |it| it.p99,
        );
    }
    Ok(rows)
}

/// One measurement of each.
struct Turn {
    ours: Measured,
    nginx: Measured,
    /// nginx whose log is as safe as ours.
    safe: Measured,
}

/// What was measured of one that ours is compared with.
type Peer = fn(&Turn) -> &Measured;

/// What a server under load was measured at.
struct Measured {
    per_second: f64,
    /// Requests in a second of the server's processor time, which says the same on a machine that has
    /// other things to do.
    per_processor_second: f64,
    p99: f64,
}

/// A server under load, and the process that does its work.
struct Server {
    url: String,
    pid: u32,
}

impl Server {
    fn of(nginx: &Nginx) -> Result<Self, Stopped> {
        Ok(Self {
            url: nginx.url(PATH),
            pid: nginx.worker()?,
        })
    }

    fn measure(&self, headers: &[(&str, &str)]) -> Result<Measured, Stopped> {
        let before = processor_seconds(self.pid)?;
        let answered = wrk::load(&self.url, headers, SECONDS)?;
        Ok(Measured {
            per_second: answered.per_second,
            per_processor_second: answered.requests / (processor_seconds(self.pid)? - before),
            p99: answered.p99,
        })
    }
}

/// The processor time that a process has used, in user and kernel mode (proc(5), fields 14 and 15).
fn processor_seconds(pid: u32) -> Result<f64, Stopped> {
    /// `sysconf(_SC_CLK_TCK)`, which Linux has fixed at 100.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS)
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
