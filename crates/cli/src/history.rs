//! `history`: what was sent with the vault open, and what came back.

use std::process::ExitCode;

use clap::Subcommand;
use strongroom_contract::{
    agent::{HistoryClear, HistoryGet, HistoryList, Nothing},
    error::Failure,
    history::{HistoryFilter, HistoryId, HistoryRow},
    time::UnixMillis,
};

use crate::{
    client::Client,
    output::Output,
    send,
    style::{BAD, DIM, GOOD, WARN},
    text::{self, Cell, Table, milliseconds, printable},
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List what was sent, the newest first
    List(ListArgs),
    /// Show one entry whole: the request, and what came back
    Show {
        /// Its number in the list
        id: u64,
    },
    /// Remove the whole history for good
    Clear,
}

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Only entries with this in the method, URL, name, key or request id
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Only what this key signed
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Only statuses of this class: 2 for 200 to 299; 0 for requests without an answer
    #[arg(long, value_name = "DIGIT", value_parser = clap::value_parser!(u8).range(0..=5))]
    status: Option<u8>,
    /// Only what went to this host
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Only what was sent since
    #[arg(long, value_name = "TIME")]
    since: Option<UnixMillis>,
    /// Only entries before this one
    #[arg(long, value_name = "ID")]
    before: Option<u64>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

pub(crate) fn run(command: Command, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::List(args) => list(args, output),
        Command::Show { id } => show(id, output),
        Command::Clear => clear(output),
    }
}

fn list(args: ListArgs, output: Output) -> Result<ExitCode, Failure> {
    let page = Client::connect(output)?.call::<HistoryList>(&HistoryFilter {
        text: args.text,
        key: args.key,
        status_class: args.status,
        host: args.host,
        since: args.since,
        before: args.before,
        limit: Some(args.limit),
    })?;
    if page.unreadable > 0 {
        let exchanges = text::count(page.unreadable, "exchange");
        output.warn(&format!(
            "{exchanges} of the history can't be read: damaged"
        ));
    }
    output.print(&page, |out| {
        if page.rows.is_empty() {
            return writeln!(out, "nothing was sent");
        }
        let mut table = Table::new(&["ID", "TIME", "STATUS", "TOOK", "REQUEST", "KEY"]);
        for row in &page.rows {
            table.row(cells(row));
        }
        table.write(out)?;
        match page.rows.last() {
            Some(last) if page.more => {
                writeln!(out, "{DIM}older ones: --before {}{DIM:#}", last.id)
            }
            _ => Ok(()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn cells(row: &HistoryRow) -> Vec<Cell> {
    let (status, style) = match row.status {
        None => ("none".to_owned(), BAD),
        Some(status @ ..300) => (status.to_string(), GOOD),
        Some(status @ 300..400) => (status.to_string(), WARN),
        Some(status) => (status.to_string(), BAD),
    };
    vec![
        Cell::styled(row.id.to_string(), DIM),
        Cell::plain(row.at.to_string()),
        Cell::styled(status, style),
        Cell::plain(milliseconds(row.total_ms)),
        Cell::plain(format!("{} {}", row.method, row.url)),
        Cell::optional(row.key.as_deref()),
    ]
}

fn show(id: u64, output: Output) -> Result<ExitCode, Failure> {
    let entry = Client::connect(output)?.call::<HistoryGet>(&HistoryId { id })?;
    output.print(&entry, |out| {
        writeln!(out, "{DIM}{}{DIM:#}", entry.row.at)?;
        match (&entry.exchange, &entry.failure) {
            (Some(exchange), _) => {
                send::show(out, exchange, entry.row.key.as_deref(), true, output)
            }
            (None, failure) => {
                let url = printable(&entry.row.url, false);
                writeln!(out, "{} {url}", printable(&entry.row.method, false))?;
                let why = failure
                    .as_ref()
                    .map_or("no answer", |failure| &failure.message);
                writeln!(out, "{BAD}{}{BAD:#}", printable(why, false))
            }
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn clear(output: Output) -> Result<ExitCode, Failure> {
    let removed = Client::connect(output)?.call::<HistoryClear>(&Nothing {})?;
    output.print(&removed, |out| {
        writeln!(out, "{} removed", text::count(removed.removed, "exchange"))
    })?;
    Ok(ExitCode::SUCCESS)
}
