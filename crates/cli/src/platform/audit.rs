//! `platform audit`: what was asked and done.

mod export;
mod follow;
mod keep;
mod query;

use std::process::ExitCode;

use clap::Subcommand;
use strongroom_contract::{
    audit::AuditQuery,
    error::Failure,
    manage::{AuditPage, AuditRowView},
};
use strongroom_workbench::platform::Platform;

use super::{Place, ask};
use crate::{
    output::Output,
    style::{BAD, DIM, GOOD, WARN},
    text::{Cell, Table},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List requests and management acts, the newest first
    List(ListArgs),
    /// Show rows as they are written, until Ctrl-C
    Tail(follow::Args),
    /// Check that no row was edited, removed or reordered
    Verify(keep::VerifyArgs),
    /// Write rows to a file, with a proof that can be checked later
    Export(export::ExportArgs),
    /// Check that exported rows are what the platform exported, and stand in its log
    VerifyExport(export::VerifyExportArgs),
    /// Sign how far the log goes, to be kept elsewhere: it shows later whether the end was cut off
    Checkpoint(keep::CheckpointArgs),
    /// Show for how long rows are kept, or set it: what is older is cut off, and the cut signed
    Retain(keep::RetainArgs),
    /// Make the index of the log anew from its files
    Reindex,
}

#[derive(clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    query: query::QueryArgs,
    /// How many rows
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only rows before this one: what `next` said
    #[arg(long, value_name = "SEQUENCE")]
    before: Option<u64>,
}

pub(super) fn run(command: &Command, place: &Place, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::List(args) => list(args, place, output),
        Command::Tail(args) => follow::tail(args, place, output),
        Command::Verify(args) => keep::verify(args, place, output),
        Command::Export(args) => export::export(args, place, output),
        Command::VerifyExport(args) => export::verify(args, place, output),
        Command::Checkpoint(args) => keep::checkpoint(args, place, output),
        Command::Retain(args) => keep::retain(args, place, output),
        Command::Reindex => keep::reindex(place, output),
    }
}

fn list(args: &ListArgs, place: &Place, output: Output) -> Result<ExitCode, Failure> {
    let query = args.query.query()?;
    let page = ask(place, async |platform| {
        newest(platform, &query, args.limit, args.before).await
    })?;
    output.print(&page, |out| {
        if page.rows.is_empty() {
            return writeln!(out, "no such rows");
        }
        let mut table = Table::new(&[
            "ROW", "TIME", "STATUS", "RULE", "WHAT", "KEY", "FROM", "REQUEST",
        ]);
        for row in &page.rows {
            table.row(cells(row));
        }
        table.write(out)?;
        if let Some(next) = page.next {
            writeln!(out, "{DIM}older rows: --before {next}{DIM:#}")?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The newest rows before row `before` that are asked for. One answer of the platform can have fewer:
/// it looks through a part of a long log at a time.
async fn newest(
    platform: &Platform,
    query: &AuditQuery,
    limit: u32,
    before: Option<u64>,
) -> Result<AuditPage, Failure> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut page = platform.search_audit(query, limit, before).await?;
    while let (Some(next), true) = (page.next, page.rows.len() < wanted) {
        let more = platform.search_audit(query, limit, Some(next)).await?;
        page.rows.extend(more.rows);
        page.next = more.next;
        if page.rows.len() > wanted {
            page.rows.truncate(wanted);
            page.next = page.rows.last().map(|row| row.sequence);
        }
    }
    Ok(page)
}

fn cells(row: &AuditRowView) -> Vec<Cell> {
    let status = match row.status {
        ..300 => GOOD,
        300..400 => WARN,
        _ => BAD,
    };
    let what = if row.is_request() {
        &row.route
    } else {
        &row.act
    };
    vec![
        Cell::styled(row.sequence.to_string(), DIM),
        Cell::plain(row.at.to_string()),
        Cell::styled(row.status.to_string(), status),
        Cell::optional(row.rule.map(|rule| rule.id())),
        Cell::plain(what),
        Cell::optional(row.app_id.as_deref()),
        Cell::optional(row.source.as_deref()),
        Cell::styled(&row.request_id, DIM),
    ]
}
