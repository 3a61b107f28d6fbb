//! A session bus of one's own with a real Secret Service on it, unlocked.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Home;

/// A session bus and a keyring, for a home. Dropping it ends both.
pub struct Keyring {
    bus: Child,
    keyring: Child,
    // Held open for as long as the bus may write to it.
    _stdout: BufReader<ChildStdout>,
    address: String,
}

impl Keyring {
    /// Starts both, with an empty keyring below `home`.
    #[must_use]
    pub fn start(home: &Home) -> Self {
        let mut bus = home
            .surround(&mut Command::new("dbus-daemon"))
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon starts (scripts/setup installs it)");
        let mut stdout = BufReader::new(bus.stdout.take().expect("stdout is piped"));
        let mut address = String::new();
        stdout.read_line(&mut address).expect("the bus's address");
        let address = address.trim().to_owned();
        let mut keyring = home
            .surround(&mut Command::new("gnome-keyring-daemon"))
            .args(["--foreground", "--components=secrets", "--unlock"])
            .env("DBUS_SESSION_BUS_ADDRESS", &address)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon starts (scripts/setup installs it)");
        let mut password = keyring.stdin.take().expect("stdin is piped");
        password
            .write_all(b"login")
            .expect("the keyring reads its password");
        drop(password);
        let started = Self {
            bus,
            keyring,
            _stdout: stdout,
            address,
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while !started.is_there(home) {
            assert!(Instant::now() < deadline, "the keyring does not come up");
            thread::sleep(Duration::from_millis(20));
        }
        started
    }

    /// The variable that leads programs to this bus.
    #[must_use]
    pub fn variable(&self) -> (&'static str, &str) {
        ("DBUS_SESSION_BUS_ADDRESS", &self.address)
    }

    fn is_there(&self, home: &Home) -> bool {
        let asked = home
            .surround(&mut Command::new("dbus-send"))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
            ])
            .args([
                "org.freedesktop.DBus.NameHasOwner",
                "string:org.freedesktop.secrets",
            ])
            .output();
        asked.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).contains("boolean true"))
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        for child in [&mut self.keyring, &mut self.bus] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
