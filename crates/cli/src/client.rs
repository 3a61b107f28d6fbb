//! The way to the vault's owner, with progress for a person on stderr.

use std::{
    io::{self, IsTerminal, Write},
    time::Instant,
};

use strongroom_contract::{
    agent::{Operation, Progress},
    error::{ErrorCode, Failure},
};
use strongroom_workbench::{client, home::Home};

use crate::{output::Output, style::DIM};

/// A connection to the owner of this home's vault.
pub(crate) struct Client {
    inner: client::Client,
    output: Output,
}

impl Client {
    /// Connects to the owner, after starting it if none runs.
    pub(crate) fn connect(output: Output) -> Result<Self, Failure> {
        Self::connect_to(&Home::from_environment()?, output)
    }

    /// Connects to the owner of `home`.
    pub(crate) fn connect_to(home: &Home, output: Output) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            let message =
                format!("can't find this program's own file to start the vault's owner: {error}");
            Failure::new(ErrorCode::Failed, message)
        })?;
        Ok(Self {
            inner: client::Client::connect_or_start(home, &program)?,
            output,
        })
    }

    /// The connection itself, for use cases that ask for several operations.
    pub(crate) fn inner(&mut self) -> &mut client::Client {
        &mut self.inner
    }

    /// Asks for one operation and waits for its answer.
    pub(crate) fn call<O: Operation>(&mut self, args: &O::Args) -> Result<O::Output, Failure> {
        let mut line = ProgressLine::new(self.output);
        self.inner.call::<O>(args, |progress| line.show(&progress))
    }
}

/// One line on stderr that is overwritten as work goes on, and gone at its end. Only where a person
/// looks at it.
pub(crate) struct ProgressLine {
    watched: bool,
    shown: bool,
    begun: Instant,
}

impl ProgressLine {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            watched: !output.is_json() && io::stderr().is_terminal(),
            shown: false,
            begun: Instant::now(),
        }
    }

    pub(crate) fn show(&mut self, progress: &Progress) {
        if !self.watched {
            return;
        }
        self.shown = true;
        let share = match progress.total {
            Some(total) if total > 0 => format!(" {}%", progress.done.min(total) * 100 / total),
            _ => String::new(),
        };
        let seconds = self.begun.elapsed().as_secs();
        let mut err = anstream::stderr().lock();
        // Progress is a courtesy: a closed stderr does not stop the work.
        let _ = write!(
            err,
            "\r\x1b[2K{DIM}{}{share} … {seconds} s{DIM:#}",
            progress.stage
        );
        let _ = err.flush();
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(anstream::stderr().lock(), "\r\x1b[2K");
        }
    }
}
