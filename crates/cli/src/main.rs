//! The `strongroom` command: one file per noun.
//!
//! A command parses its arguments, asks one use case of the workbench (or of the vault's owner,
//! over its socket), and shows the answer through [`output::Output`]: one JSON document with
//! `--json`, text for people otherwise. docs/CLI.md lists every command with its JSON shapes.
//!
//! Deliberately absent: any decision of its own, any secret among the arguments, and any runtime on
//! the way to the vault's owner: a whole `strongroom read` takes milliseconds.

mod agent;
mod args;
mod burst;
mod client;
mod demo;
mod enrol;
mod explain;
mod history;
mod input;
mod jwt;
mod key;
mod logging;
mod output;
mod platform;
mod qr;
mod read;
mod requests;
mod runtime;
mod scheme;
mod send;
mod serve;
mod shell;
mod sign;
mod signals;
mod style;
mod text;
mod unlock;
mod usage;
mod vault;
mod way;
mod with_platform;

use std::process::ExitCode;

use clap::Parser;
use strongroom_contract::error::Failure;
use strongroom_workbench::os::process;

use crate::{
    args::{Cli, Command},
    output::Output,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    logging::start();
    if let Err(error) = process::harden() {
        tracing::warn!(%error, "this process's memory can be read by others");
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error),
    };
    let output = Output::new(cli.json);
    run(cli.command, output).unwrap_or_else(|failure| output.fail(failure))
}

fn run(command: Command, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Demo(args) => demo::run(&args, output),
        Command::Vault(command) => vault::run(command, output),
        Command::Unlock(args) => unlock::unlock(&args, output),
        Command::Lock => unlock::lock(output),
        Command::Status => unlock::status(output),
        Command::Key(command) => key::run(command, output),
        Command::Read(args) => read::run(&args, output),
        Command::Send(args) => send::run(args, output),
        Command::Sign(args) => sign::run(args, output),
        Command::Scheme(command) => scheme::run(&command, output),
        Command::Burst(args) => burst::run(args, output),
        Command::Requests(command) => requests::run(command, output),
        Command::History(command) => history::run(command, output),
        Command::Jwt(command) => jwt::run(command, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Serve(args) => serve::run(args, output),
        Command::WithPlatform(args) => with_platform::run(args, output),
        Command::Platform(args) => platform::run(args, output),
        Command::Completions(args) => shell::completions(&args, output),
        Command::Man(args) => shell::man(&args, output),
        Command::Agent(_) => agent::run(),
    }
}
