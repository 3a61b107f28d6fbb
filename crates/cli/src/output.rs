//! What a command says: one document for programs, or text for people; and how it fails.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use serde::Serialize;
use strongroom_contract::error::{ErrorCode, Failure, FailureDocument};

use crate::style::{ACCENT, BAD, WARN};

/// Where a command's words go, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads along.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person looks at stdout as it is written.
    pub(crate) fn is_watched(self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Whether colours reach the eye: a terminal that has them, and no wish against them.
    pub(crate) fn is_coloured(self) -> bool {
        anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
    }

    /// Prints `document` as JSON, or what `human` writes. For a stream: once for each line.
    pub(crate) fn print<T: Serialize>(
        self,
        document: &T,
        human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.json {
            let mut line = serde_json::to_vec(document)
                .map_err(|error| Failure::new(ErrorCode::Failed, error.to_string()))?;
            line.push(b'\n');
            let mut out = io::stdout().lock();
            written(out.write_all(&line).and_then(|()| out.flush()))
        } else {
            self.text(human)
        }
    }

    /// As [`Output::print`], but what `human` writes goes out byte for byte: a secret may hold what
    /// looks like a colour.
    pub(crate) fn print_raw<T: Serialize>(
        self,
        document: &T,
        human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.json {
            return self.print(document, |_| Ok(()));
        }
        let mut out = io::stdout().lock();
        written(human(&mut out).and_then(|()| out.flush()))
    }

    /// Prints what `human` writes; nothing where a program reads along.
    pub(crate) fn text(
        self,
        human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        // A line at a time would take as long as all else does for a list of thousands.
        let mut out = io::BufWriter::new(anstream::stdout().lock());
        written(human(&mut out).and_then(|()| out.flush()))
    }

    /// A remark on stderr for a person; nothing where a program reads along.
    pub(crate) fn remark(self, human: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if !self.json {
            // What can't be said to a closed stderr is not worth failing for.
            let _ = human(&mut anstream::stderr().lock());
        }
    }

    /// A warning on stderr for a person.
    pub(crate) fn warn(self, warning: &str) {
        self.remark(|err| writeln!(err, "{WARN}warning:{WARN:#} {warning}"));
    }

    /// A next step on stderr for a person.
    pub(crate) fn hint(self, hint: &str) {
        self.remark(|err| writeln!(err, "{ACCENT}hint:{ACCENT:#} {hint}"));
    }

    /// Shows why a command failed; the exit code that says the same.
    pub(crate) fn fail(self, failure: Failure) -> ExitCode {
        let code = exit_code(failure.code);
        if self.json {
            // A failure to say so leaves the exit code to say it.
            let _ = self.print(&FailureDocument { error: failure }, |_| Ok(()));
        } else {
            self.remark(|err| writeln!(err, "{BAD}error:{BAD:#} {}", failure.message));
            if let Some(hint) = &failure.hint {
                self.hint(hint);
            }
        }
        code
    }
}

/// 130, as shells say it, for what was interrupted; otherwise the error's own.
fn exit_code(code: ErrorCode) -> ExitCode {
    match code {
        ErrorCode::Cancelled => ExitCode::from(130),
        _ => ExitCode::from(code.exit_code()),
    }
}

/// A reader that has seen enough (`| head`) is no failure of ours.
fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            ErrorCode::Failed,
            format!("can't write to stdout: {error}"),
        )),
        _ => Ok(()),
    }
}
