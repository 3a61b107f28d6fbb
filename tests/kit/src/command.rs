//! The built command, and what a run of it said.

use std::{
    env,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

/// The built `strongroom`, beside or above this test or benchmark in the target folder.
#[must_use]
pub fn program() -> PathBuf {
    built("strongroom", "strongroom-cli")
}

/// A built program of `package`, beside or above this test or benchmark in the target folder.
#[must_use]
pub fn built(name: &str, package: &str) -> PathBuf {
    let this = env::current_exe().expect("a program knows its own path");
    this.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            panic!(
                "{name} is not built beside {}; run: cargo build -p {package}",
                this.display()
            )
        })
}

/// What a run of a command said, and its exit code.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The command line, for messages.
    pub command: String,
    /// The exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    pub(crate) fn of(command: &Command, output: &Output) -> Self {
        let arguments: Vec<_> = command
            .get_args()
            .map(|argument| argument.to_string_lossy())
            .collect();
        Self {
            command: arguments.join(" "),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same, if it exited with `code`.
    #[must_use]
    pub fn exited(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "`strongroom {}` exited with {}, not {code}\n--- stdout\n{}\n--- stderr\n{}",
            self.command, self.code, self.stdout, self.stderr
        );
        self
    }

    /// The JSON document that it printed, if it succeeded.
    #[must_use]
    pub fn document(self) -> Value {
        self.exited(0).json()
    }

    /// The `code` of the failure that it printed as JSON, if it exited with `exit`.
    #[must_use]
    pub fn failure(self, exit: i32) -> String {
        let document = self.exited(exit).json();
        document["error"]["code"]
            .as_str()
            .unwrap_or_else(|| panic!("not a failure: {document}"))
            .to_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "`strongroom {}` printed no JSON document ({error}): {}\n--- stderr\n{}",
                self.command, self.stdout, self.stderr
            )
        })
    }
}
