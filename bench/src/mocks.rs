//! The platform under load beside what does less: an empty handler on the same stack, which is as fast as
//! that goes, and two mock servers that are made from the platform's own OpenAPI document.
//!
//! The mocks are given plain HTTP, which is less work for them, and check no credential.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    harness::{Goal, Pair, Row, Stopped, Unit},
    server::Loaded,
    wrk,
};

const PATH: &str = "/api/v1/ping";
const ROUNDS: usize = 3;
const SECONDS: u32 = 4;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let loaded = Loaded::start()?;
    let folder = tempfile::tempdir()?;
    let document = folder.path().join("openapi.json");
    let printed = loaded.home.run(&["platform", "openapi", "--json"]);
    fs::write(&document, printed.exited(0).stdout)?;
    let empty = Peer::empty()?;
    let prism = Peer::mock(&folder, "prism", &document)?;
    let mockoon = Peer::mock(&folder, "mockoon-cli", &document)?;
    let headers = [
        ("app-id", loaded.app_id.as_str()),
        ("secret-key", loaded.secret.as_str()),
    ];
    let ours = loaded.platform.url(PATH);
    let mut rows = Vec::new();
    for (peer, name, goal) in [
        (&empty, "an empty handler on the same stack", 0.6),
        (&prism, "Stoplight Prism", 10.0),
        (&mockoon, "Mockoon", 10.0),
    ] {
        // Warmed, unmeasured.
        let _ = wrk::load(&peer.url, &headers, 1)?;
        let pair = Pair::alternate(
            ROUNDS,
            || {
                loaded.pass_a_minute();
                Ok(wrk::load(&ours, &headers, SECONDS)?.per_second)
            },
            || Ok(wrk::load(&peer.url, &headers, SECONDS)?.per_second),
        )?;
        rows.push(Row {
            what: "server: requests over HTTPS, every rule on, audited".to_owned(),
            peer: name.to_owned(),
            unit: Unit::PerSecond,
            pair,
            goal: Goal::AtLeast(goal),
        });
    }
    Ok(rows)
}

/// A server of somebody else's on the server's core. Dropping it ends it.
struct Peer {
    child: Child,
    url: String,
}

impl Peer {
    fn empty() -> Result<Self, Stopped> {
        let mut child = on_the_core(&strongroom_testkit::built(
            "empty-server",
            "strongroom-bench",
        ))
        .stdout(Stdio::piped())
        .spawn()?;
        let mut port = String::new();
        let stdout = child.stdout.take();
        let stdout = stdout.ok_or_else(|| Stopped::because("the empty server says nothing"))?;
        BufReader::new(stdout).read_line(&mut port)?;
        Ok(Self {
            child,
            url: format!("https://localhost:{}{PATH}", port.trim()),
        })
    }

    /// A mock server of the document, once it answers.
    fn mock(folder: &TempDir, name: &str, document: &Path) -> Result<Self, Stopped> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port()
            .to_string();
        let program = installed(name)?;
        let mut command = on_the_core(&program);
        match name {
            "prism" => command
                .args([
                    "mock",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    &port,
                    "--verboseLevel",
                    "silent",
                ])
                .arg(document),
            _ => command
                .args(["start", "--hostname", "127.0.0.1", "--port", &port])
                .args(["--disable-log-to-file", "--data"])
                .arg(document),
        };
        let log = folder.path().join(name);
        let child = command
            .env("HOME", folder.path())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .spawn()?;
        let peer = Self {
            child,
            url: format!("http://127.0.0.1:{port}{PATH}"),
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
            if Instant::now() > deadline {
                let said = fs::read_to_string(log)?;
                return Err(Stopped::because(format!("{name} did not start: {said}")));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(peer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn on_the_core(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", wrk::SERVER_CORE]).arg(program);
    command
}

/// A mock server that `scripts/setup bench` has installed, beside what is built.
fn installed(name: &str) -> Result<PathBuf, Stopped> {
    let this = env::current_exe()?;
    let places = this.ancestors().skip(1);
    let mut places = places.map(|place| place.join("mocks/node_modules/.bin").join(name));
    places.find(|place| place.exists()).ok_or_else(|| {
        Stopped::because(format!("{name} is not installed: run scripts/setup bench"))
    })
}
