//! `platform audit`: what was asked and done.

use std::process::ExitCode;

use clap::Subcommand;
use strongroom_contract::{error::Failure, manage::AuditRowView};

use super::{Place, ask};
use crate::{
    output::Output,
    style::{ACCENT, BAD, DIM, GOOD, WARN},
    text::{self, Cell, Table, printable},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List requests and management acts, the newest first
    List(ListArgs),
    /// Check that no row was edited, removed or reordered
    Verify,
}

#[derive(clap::Args)]
pub(super) struct ListArgs {
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
        Command::Verify => verify(place, output),
    }
}

fn list(args: &ListArgs, place: &Place, output: Output) -> Result<ExitCode, Failure> {
    let page = ask(place, async |platform| {
        platform.audit(args.limit, args.before).await
    })?;
    output.print(&page, |out| {
        if page.rows.is_empty() {
            return writeln!(out, "no rows yet");
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

fn verify(place: &Place, output: Output) -> Result<ExitCode, Failure> {
    let verification = ask(place, async |platform| platform.verify_audit().await)?;
    output.print(&verification, |out| {
        let rows = text::count(verification.rows, "row");
        let checkpoints = text::count(verification.checkpoints, "signed checkpoint");
        if verification.ok {
            return writeln!(
                out,
                "{GOOD}✓{GOOD:#} the audit log is whole {DIM}({rows}, {checkpoints}){DIM:#}"
            );
        }
        let problem = verification.problem.as_deref().unwrap_or("it does not verify");
        let place = match verification.first_bad {
            Some(row) => format!("row {row}: "),
            None => String::new(),
        };
        writeln!(out, "{BAD}✗ changed{BAD:#} {place}{}", printable(problem, false))?;
        writeln!(out, "  rows before it are as they were written; keep a copy of the directory {ACCENT}before{ACCENT:#} you go on")
    })?;
    Ok(if verification.ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
