//! A home of its own for one test, with nothing of the user's in sight.

use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

use crate::command::{Outcome, program};

/// A throw-away home. Dropping it ends the vault's owner, if one runs.
pub struct Home {
    dir: TempDir,
    environment: Vec<(String, String)>,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// An empty home, with a runtime directory for its sockets.
    #[must_use]
    pub fn new() -> Self {
        // Not below the target folder: a socket's path has room for about 100 bytes.
        let dir = tempfile::Builder::new()
            .prefix("sr-")
            .tempdir()
            .expect("a temporary directory");
        let home = Self {
            dir,
            environment: Vec::new(),
        };
        for private in [home.path(), home.runtime()] {
            fs::create_dir(&private).expect("a directory in the temporary directory");
            fs::set_permissions(&private, fs::Permissions::from_mode(0o700))
                .expect("the permissions of a directory of ours");
        }
        home
    }

    /// The same home, with these variables for every command.
    #[must_use]
    pub fn with_environment(mut self, variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.environment.extend(variables.iter().map(owned));
        self
    }

    /// `STRONGROOM_HOME`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// A place beside the home for files of the test's own.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The directory that holds everything: the home, the runtime directory, the test's own files.
    #[must_use]
    pub fn outermost(&self) -> &Path {
        self.dir.path()
    }

    fn runtime(&self) -> PathBuf {
        self.dir.path().join("run")
    }

    /// Writes a file that only we can read beside the home; its path.
    #[must_use]
    pub fn file(&self, name: &str, contents: &str) -> String {
        let path = self.beside(name);
        fs::write(&path, contents).expect("a file in the temporary directory");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            .expect("the permissions of a file of ours");
        path.display().to_string()
    }

    /// `strongroom` with these arguments, in this home and no other environment.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(program());
        self.surround(&mut command).args(arguments);
        command
    }

    /// Gives `command` this home as its environment, and no other.
    pub fn surround<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            .env("STRONGROOM_HOME", self.path())
            .env("XDG_RUNTIME_DIR", self.runtime())
            .envs(self.environment.iter().cloned())
    }

    /// Runs `strongroom` with these arguments and nothing on stdin.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with("", arguments)
    }

    /// Runs `strongroom` with `stdin` and these arguments.
    #[must_use]
    pub fn run_with(&self, stdin: &str, arguments: &[&str]) -> Outcome {
        finish(self.command(arguments), stdin)
    }

    /// The process that owns the vault, if one runs.
    #[must_use]
    pub fn owner(&self) -> Option<Pid> {
        self.owner_connection()
            .and_then(|stream| rustix::net::sockopt::socket_peercred(&stream).ok())
            .map(|credentials| credentials.pid)
    }

    /// A raw connection to the vault's owner, if one runs.
    #[must_use]
    pub fn owner_connection(&self) -> Option<UnixStream> {
        let mut folders = vec![self.runtime()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else if let Ok(stream) = UnixStream::connect(entry.path()) {
                    return Some(stream);
                }
            }
        }
        None
    }

    /// Ends the vault's owner as a power cut would. Whether one ran.
    #[must_use]
    pub fn kill_owner(&self) -> bool {
        self.owner()
            .is_some_and(|pid| rustix::process::kill_process(pid, Signal::KILL).is_ok())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.kill_owner();
    }
}

/// Runs `command` with `stdin` to its end.
pub(crate) fn finish(mut command: Command, stdin: &str) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the built command starts");
    if let Some(mut pipe) = child.stdin.take() {
        // A command that fails early does not read to the end.
        let _ = pipe.write_all(stdin.as_bytes());
    }
    let output = child.wait_with_output().expect("a child of ours");
    Outcome::of(&command, &output)
}
