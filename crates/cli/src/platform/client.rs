//! `platform client`: whose keys there are, and the end of what is known about one.

use clap::Subcommand;
use strongroom_contract::{
    clients::ClientView,
    error::{ErrorCode, Failure},
};

use super::{Place, ask};
use crate::{
    output::Output,
    style::{DIM, GOOD},
    text::{self, Cell, Table, printable},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the clients, the newest first
    List,
    /// End a client's keys and erase what is personal of it: source addresses, requests, resources
    Erase(EraseArgs),
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
        Command::Erase(args) => erase(args, place, output),
    }
}

fn list(place: &Place, output: Output) -> Result<(), Failure> {
    let list = ask(place, async |platform| platform.list_clients().await)?;
    output.print(&list, |out| {
        let mut table = Table::new(&["CLIENT", "KEYS", "CREATED", "ID"]);
        for client in &list.clients {
            table.row([
                Cell::plain(&client.name),
                Cell::plain(client.keys.to_string()),
                Cell::plain(client.created.to_string()),
                Cell::styled(&client.id, DIM),
            ]);
        }
        table.write(out)
    })
}

fn erase(args: &EraseArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let erased = ask(place, async |platform| {
        let list = platform.list_clients().await?;
        let is_meant =
            |client: &&ClientView| client.id == args.client || client.name == args.client;
        let client = list.clients.iter().find(is_meant).ok_or_else(|| {
            Failure::new(
                ErrorCode::NotFound,
                format!("the platform has no client {:?}", args.client),
            )
            .hint("see `strongroom platform client list`")
        })?;
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
