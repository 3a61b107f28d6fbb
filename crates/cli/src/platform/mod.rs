//! `platform`: what the local platform issues and remembers.

mod allow;
mod audit;
mod client;
mod clock;
mod key;
mod limits;
mod rotation;
mod rules;
mod settings;

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;
use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_workbench::{home::Home, platform::Platform};

use crate::{output::Output, runtime};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Keys that the platform issues
    #[command(subcommand)]
    Key(key::Command),
    /// Set how many requests a key may make in every rolling minute, or have a limit suggested
    Limit(limits::LimitArgs),
    /// Set how many requests a key may make in a day (UTC), or end its quota
    Quota(limits::QuotaArgs),
    /// Let a key's requests over a limit wait for a slot, up to a bound, or refuse them at once
    Delay(limits::DelayArgs),
    /// The routes that a key may call, and how many slots of its limits each takes
    #[command(subcommand)]
    Route(limits::RouteCommand),
    /// Replace the source addresses that a key may be used from; none named: any
    Allow(allow::AllowArgs),
    /// The source addresses that any key may be used from, whatever its own list says
    #[command(subcommand)]
    AllowAll(allow::AllowAllCommand),
    /// Replace a key's scopes; none named: none
    Scope(rules::ScopeArgs),
    /// What was asked and done, and whether the record of it is whole
    #[command(subcommand)]
    Audit(audit::Command),
    /// Clients, and the end of what is known about one
    #[command(subcommand)]
    Client(client::Command),
    /// The platform's clock
    #[command(subcommand)]
    Clock(clock::Command),
    /// Print the OpenAPI 3.1 document of every route; needs no running platform
    Openapi,
}

/// Which platform: the one that runs in this home, unless its address is given.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The platform's origin, if it is not the one that runs here
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// The certificate that it is trusted by
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The file that holds the owner's management key
    #[arg(long, global = true, value_name = "FILE")]
    owner_file: Option<PathBuf>,
}

pub(crate) fn run(args: Args, output: Output) -> Result<ExitCode, Failure> {
    let Args { place, command } = args;
    match command {
        Command::Key(command) => key::run(command, &place, output)?,
        Command::Limit(args) => limits::limit(args, &place, output)?,
        Command::Quota(args) => limits::quota(&args, &place, output)?,
        Command::Delay(args) => limits::delay(&args, &place, output)?,
        Command::Route(command) => limits::route(command, &place, output)?,
        Command::Allow(args) => allow::allow(args, &place, output)?,
        Command::AllowAll(command) => allow::allow_all(command, &place, output)?,
        Command::Scope(args) => rules::scope(args, &place, output)?,
        Command::Audit(command) => return audit::run(&command, &place, output),
        Command::Client(command) => client::run(&command, &place, output)?,
        Command::Clock(command) => clock::run(&command, &place, output)?,
        Command::Openapi => openapi(output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn openapi(output: Output) -> Result<(), Failure> {
    let document = strongroom_workbench::platform::openapi();
    output.print(&document, |out| writeln!(out, "{document:#}"))
}

/// Asks the platform for something.
pub(crate) fn ask<T>(
    place: &Place,
    question: impl AsyncFnOnce(&Platform) -> Result<T, Failure>,
) -> Result<T, Failure> {
    runtime::block_on(async { question(&place.open()?).await })
}

impl Place {
    fn open(&self) -> Result<Platform, Failure> {
        match (&self.url, &self.ca, &self.owner_file) {
            (None, None, None) => Platform::of_home(&Home::from_environment()?),
            (Some(url), Some(ca), Some(owner_file)) => Platform::of(url, ca, owner_file),
            _ => Err(Failure::new(
                ErrorCode::Usage,
                "a platform elsewhere is named by three things, and not all are given",
            )
            .hint("give --url, --ca and --owner-file, or none of them for the one that runs here")),
        }
    }
}
