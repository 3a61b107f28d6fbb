//! `requests`: saved requests in a folder, and files of other programs.

mod export;
mod import;
mod run;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use strongroom_contract::{
    collection::{Collection, FolderArgs},
    error::{ErrorCode, Failure},
};
use strongroom_workbench::collection;

use crate::{
    input::unreadable,
    output::Output,
    style::{ACCENT, BAD, DIM, STRONG},
    text::printable,
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the requests and environments of a folder
    List {
        /// The folder
        folder: PathBuf,
    },
    /// Send the requests of a folder in order, and check their answers
    Run(run::Args),
    /// Read files of other programs into a folder of requests; secrets are taken out and listed
    Import(import::Args),
    /// Print a saved request as a command, a file or a program; secrets become variables
    Export(export::Args),
}

pub(crate) fn run(command: Command, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Run(args) => return run::run(args, output),
        Command::List { folder } => list(&folder, output)?,
        Command::Import(args) => import::run(args, output)?,
        Command::Export(args) => export::run(&args, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Without the vault's owner: it may be locked, and need not run.
fn list(folder: &Path, output: Output) -> Result<(), Failure> {
    let folder = absolute(folder)?;
    let listed = collection::list(&FolderArgs { folder })?;
    output.print(&listed, |out| show_list(out, &listed))
}

fn show_list(out: &mut dyn Write, listed: &Collection) -> io::Result<()> {
    writeln!(out, "{STRONG}{}{STRONG:#}", printable(&listed.name, false))?;
    if listed.entries.is_empty() && listed.environments.is_empty() {
        writeln!(
            out,
            "  no requests; `strongroom requests import` reads those of other programs"
        )?;
    }
    for entry in &listed.entries {
        let indent = "  ".repeat(entry.depth as usize + 1);
        let name = printable(&entry.name, false);
        match &entry.method {
            Some(method) => writeln!(
                out,
                "{indent}{ACCENT}{}{ACCENT:#} {name} {DIM}{}{DIM:#}",
                printable(method, false),
                printable(&entry.path, false)
            )?,
            None => writeln!(out, "{indent}{STRONG}{name}{STRONG:#}")?,
        }
    }
    for environment in &listed.environments {
        let production = if environment.production {
            ", production"
        } else {
            ""
        };
        let name = printable(&environment.name, false);
        writeln!(out, "{DIM}environment {name}{production}{DIM:#}")?;
    }
    for problem in &listed.problems {
        let path = printable(&problem.path, false);
        let message = printable(&problem.message, false);
        writeln!(out, "{BAD}{path}: {message}{BAD:#}")?;
    }
    Ok(())
}

fn absolute(folder: &Path) -> Result<String, Failure> {
    let found = fs::canonicalize(folder).map_err(|error| unreadable(folder, &error))?;
    found
        .into_os_string()
        .into_string()
        .map_err(|_| Failure::new(ErrorCode::Usage, "the folder's path is not UTF-8"))
}
