//! `platform clock`: the platform's time, and moving it.

use clap::Subcommand;
use strongroom_contract::{error::Failure, manage::ClockView, time::Span};

use super::{Place, ask};
use crate::{output::Output, style::DIM};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show what the platform takes for now
    Show,
    /// Move a virtual clock ahead
    Advance(AdvanceArgs),
}

#[derive(clap::Args)]
pub(super) struct AdvanceArgs {
    /// How far: 90s, 2h, 30d
    #[arg(value_name = "DURATION")]
    by: Span,
}

pub(super) fn run(command: &Command, place: &Place, output: Output) -> Result<(), Failure> {
    let clock: ClockView = match command {
        Command::Show => ask(place, async |platform| platform.clock().await)?,
        Command::Advance(AdvanceArgs { by: Span(by) }) => {
            ask(place, async |platform| platform.advance_clock(*by).await)?
        }
    };
    output.print(&clock, |out| {
        let kind = if clock.is_virtual {
            "virtual"
        } else {
            "the machine's"
        };
        writeln!(out, "{} {DIM}({kind}){DIM:#}", clock.now)
    })
}
