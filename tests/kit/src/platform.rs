//! A running local platform.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Stdio},
};

use serde_json::Value;
use strongroom_contract::platform::PlatformAddress;

use crate::Home;

/// `strongroom serve`, accepting connections. Dropping it ends it.
pub struct Platform {
    child: Child,
    // Held open, so that the server can go on writing to it.
    _stdout: BufReader<ChildStdout>,
    address: PlatformAddress,
    log: PathBuf,
}

impl Platform {
    /// Starts the platform of `home` on a free port.
    #[must_use]
    pub fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(["serve", "--json", "--port", "0"]);
        command.args(arguments);
        Self::start_command(home, command)
    }

    /// Starts the platform by a command line of one's own, which has to run `serve --json`.
    #[must_use]
    pub fn start_command(home: &Home, mut command: std::process::Command) -> Self {
        let log = home.beside("serve.log");
        let stderr = File::options()
            .append(true)
            .create(true)
            .open(&log)
            .expect("a log in the temporary directory");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the built command starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line of stdout");
        let address = serde_json::from_str(&line).unwrap_or_else(|error| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            panic!("the platform did not start ({error}): {line}{said}")
        });
        Self {
            child,
            _stdout: stdout,
            address,
            log,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &PlatformAddress {
        &self.address
    }

    /// The absolute URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address.url)
    }

    /// What it said on stderr, so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Issues a key straight into the open vault of `home`, under `name`; the answer.
    #[must_use]
    pub fn issue(&self, home: &Home, name: &str, arguments: &[&str]) -> Value {
        let mut command = vec![
            "platform", "key", "create", "--json", "--name", name, "--store", name,
        ];
        command.extend(arguments);
        home.run(&command).document()
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, as Ctrl-C does, and waits for its exit code.
    #[must_use]
    pub fn interrupt(&mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        self.child.wait().ok().and_then(|status| status.code())
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.kill();
    }
}
