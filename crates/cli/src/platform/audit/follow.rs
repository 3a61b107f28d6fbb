//! `platform audit tail`: rows as they are written.

use std::{process::ExitCode, time::Duration};

use strongroom_contract::{error::Failure, manage::AuditRowView};

use super::{Place, cells, newest, query::QueryArgs};
use crate::{output::Output, runtime, signals, text::row};

/// How long the platform is to wait for rows.
const WAIT: Duration = Duration::from_secs(20);

#[derive(clap::Args)]
pub(in crate::platform) struct Args {
    #[command(flatten)]
    query: QueryArgs,
    /// How many rows from before to show first
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000))]
    lines: u32,
}

pub(super) fn tail(args: &Args, place: &Place, output: Output) -> Result<ExitCode, Failure> {
    let query = args.query.query()?;
    runtime::block_on(async {
        let platform = place.open()?;
        let mut stop = std::pin::pin!(signals::told_to_stop()?);
        let end = platform.follow_audit(&query, None, Duration::ZERO).await?;
        if args.lines > 0 {
            let before = newest(&platform, &query, args.lines, Some(end.next)).await?;
            for row in before.rows.iter().rev() {
                show(row, output)?;
            }
        }
        let mut next = end.next;
        loop {
            let tail = tokio::select! {
                tail = platform.follow_audit(&query, Some(next), WAIT) => tail?,
                () = &mut stop => return Ok(()),
            };
            for row in &tail.rows {
                show(row, output)?;
            }
            next = tail.next;
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn show(shown: &AuditRowView, output: Output) -> Result<(), Failure> {
    output.print(shown, |out| row(out, &cells(shown)))
}
