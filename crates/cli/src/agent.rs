//! `agent`: the process that owns the vault. Hidden: other commands start it.

use std::process::ExitCode;

use strongroom_contract::error::Failure;
use strongroom_workbench::{
    agent::{self, Options},
    home::Home,
};

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run() -> Result<ExitCode, Failure> {
    agent::run(Home::from_environment()?, Options::default())?;
    Ok(ExitCode::SUCCESS)
}
