//! `platform client`: whose keys there are, the limit that they share, and the end of what is known about one.

use clap::Subcommand;
use strongroom_contract::{
    clients::ClientView,
    error::{ErrorCode, Failure},
    limits::SetClientLimit,
};
use strongroom_workbench::platform::Platform;

use super::{Place, ask, limits::Count};
use crate::{
    output::Output,
    style::{DIM, GOOD},
    text::{self, Cell, Table, printable},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the clients, the newest first
    List,
    /// Set how many requests all keys of a client may make in every rolling minute, or end that limit
    Limit(LimitArgs),
    /// End a client's keys and erase what is personal of it: source addresses, requests, resources
    Erase(EraseArgs),
}

#[derive(clap::Args)]
pub(super) struct LimitArgs {
    /// Its name or id
    client: String,
    /// Accepted requests in every rolling minute over all of its keys, or none
    #[arg(value_name = "N|none")]
    per_minute: Count,
}

#[derive(clap::Args)]
pub(super) struct EraseArgs {
    /// Its name or id
    client: String,
    /// Go on: what is erased can't be brought back
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(command: &Command, place: &Place, output: Output) -> Result<(), Failure> {
    match command {
        Command::List => list(place, output),
        Command::Limit(args) => limit(args, place, output),
        Command::Erase(args) => erase(args, place, output),
    }
}

fn list(place: &Place, output: Output) -> Result<(), Failure> {
    let list = ask(place, async |platform| platform.list_clients().await)?;
    output.print(&list, |out| {
        let mut table = Table::new(&["CLIENT", "KEYS", "A MINUTE", "CREATED", "ID"]);
        for client in &list.clients {
            let limit = client.limit_per_minute.map(|limit| limit.to_string());
            table.row([
                Cell::plain(&client.name),
                Cell::plain(client.keys.to_string()),
                Cell::optional(limit.as_deref()),
                Cell::plain(client.created.to_string()),
                Cell::styled(&client.id, DIM),
            ]);
        }
        table.write(out)
    })
}

fn limit(args: &LimitArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let LimitArgs {
        client,
        per_minute: Count(per_minute),
    } = args;
    let limit = SetClientLimit {
        per_minute: *per_minute,
    };
    let client = ask(place, async |platform| {
        let client = named(platform, client).await?;
        platform.set_client_limit(&client.id, &limit).await
    })?;
    output.print(&client, |out| {
        let name = printable(&client.name, false);
        let keys = text::count(client.keys, "key");
        match client.limit_per_minute {
            Some(limit) => writeln!(
                out,
                "{GOOD}✓{GOOD:#} {name} may make {limit} requests a minute over its {keys}"
            ),
            None => writeln!(
                out,
                "{GOOD}✓{GOOD:#} {name} has no limit but those of its {keys}"
            ),
        }
    })
}

/// The client of this name or id.
async fn named(platform: &Platform, wanted: &str) -> Result<ClientView, Failure> {
    let list = platform.list_clients().await?;
    let is_meant = |client: &ClientView| client.id == wanted || client.name == wanted;
    list.clients.into_iter().find(is_meant).ok_or_else(|| {
        Failure::new(
            ErrorCode::NotFound,
            format!("the platform has no client {wanted:?}"),
        )
        .hint("see `strongroom platform client list`")
    })
}

fn erase(args: &EraseArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let erased = ask(place, async |platform| {
        let client = &named(platform, &args.client).await?;
        if !args.yes {
            return Err(unconfirmed(client));
        }
        platform.erase_client(&client.id).await
    })?;
    output.print(&erased, |out| {
        let keys = text::count(erased.keys, "key");
        writeln!(
            out,
            "{GOOD}✓{GOOD:#} {} is erased, and {keys} ended with it",
            printable(&args.client, false)
        )?;
        writeln!(
            out,
            "{DIM}rows of the audit log stay, without addresses, and still verify{DIM:#}"
        )
    })
}

fn unconfirmed(client: &ClientView) -> Failure {
    Failure::new(
        ErrorCode::Refused,
        format!(
            "this ends {} of {:?} and erases its source addresses, requests and resources for good",
            text::count(client.keys, "key"),
            client.name
        ),
    )
    .hint("to go on, repeat it with --yes; copies of the state directory keep what they have")
}
