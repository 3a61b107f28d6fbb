//! The programs below the window: a screen and WebKit's driver.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};

use strongroom_testkit::Home;

/// How long a program may take to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A screen in memory. Dropping it ends it.
pub(super) struct Screen {
    server: Child,
    // Held open for as long as the server may write to it.
    _stdout: BufReader<ChildStdout>,
    /// The value of `DISPLAY`.
    pub(super) name: String,
}

impl Screen {
    /// Starts one; the server picks a free number itself.
    pub(super) fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24"])
            .args(["-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts (scripts/setup installs it)");
        let mut stdout = BufReader::new(server.stdout.take().expect("stdout is piped"));
        let mut number = String::new();
        stdout
            .read_line(&mut number)
            .expect("the number of the screen");
        assert!(!number.trim().is_empty(), "Xvfb ended without a screen");
        Self {
            server,
            _stdout: stdout,
            name: format!(":{}", number.trim()),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// WebKit's driver and, in its process group, the app that it starts. Dropping it ends all of them.
pub(super) struct Driver {
    driver: Child,
    port: u16,
}

impl Driver {
    /// Starts the driver; what it starts inherits `environment`.
    pub(super) fn start(home: &Home, environment: &[(&str, &str)], log: &Path) -> Self {
        // Two tests may find the same port free at once: the loser's driver ends, and it tries again.
        for _ in 0..5 {
            if let Some(driver) = Self::try_start(home, environment, log) {
                return driver;
            }
        }
        panic!("WebKitWebDriver does not come up (scripts/setup installs it)");
    }

    fn try_start(home: &Home, environment: &[(&str, &str)], log: &Path) -> Option<Self> {
        let port = free_port();
        let log = File::options()
            .append(true)
            .create(true)
            .open(log)
            .expect("a log in the temporary directory");
        let driver = home
            .surround(&mut Command::new("WebKitWebDriver"))
            .arg(format!("--port={port}"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("WebKitWebDriver starts (scripts/setup installs it)");
        let mut started = Self { driver, port };
        let deadline = Instant::now() + PATIENCE;
        while started.driver.try_wait().ok().flatten().is_none() && Instant::now() < deadline {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Some(started);
            }
            thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// The web processes of the app: of this process group, by name.
    pub(super) fn web_processes(&self) -> Vec<u32> {
        let group = self.driver.id().to_string();
        fs::read_dir("/proc")
            .expect("Linux has /proc")
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|id: &u32| {
                // `id (name) state parent group …`; the name is cut after 15 bytes.
                let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
                let (before, after) = stat.rsplit_once(')').unwrap_or_default();
                before.ends_with("(WebKitWebProces") && after.split(' ').nth(3) == Some(&group)
            })
            .collect()
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.driver.id()).ok().and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
        let _ = self.driver.wait();
    }
}

/// A port that nothing listens on.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}
