//! `platform allow|allow-all`: from where keys may be used.

use std::io::{self, Write};

use clap::Subcommand;
use strongroom_contract::{
    error::Failure,
    manage::{AllowAllView, ChangeAllowlist, ListCheck, SourceCheck},
};
use strongroom_workbench::platform::merged_entries;

use super::{
    Place, ask,
    rules::{changed, listed},
};
use crate::{
    output::Output,
    style::{BAD, DIM, GOOD, STRONG},
};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct AllowArgs {
    #[command(subcommand)]
    check: Option<AllowCommand>,
    /// The key's public id
    #[arg(required = true)]
    app_id: Option<String>,
    /// Addresses or networks, such as 127.0.0.1 or 10.0.0.0/8
    #[arg(value_name = "CIDR")]
    allow: Vec<String>,
    /// Go on even if the list locks out this machine, or every source seen lately
    #[arg(long)]
    yes: bool,
}

#[derive(Subcommand)]
enum AllowCommand {
    /// Say whether a key may be used from an address, and what lets it or does not
    Check {
        /// The key's public id
        app_id: String,
        /// The address, such as 203.0.113.7
        address: String,
    },
}

#[derive(Subcommand)]
pub(super) enum AllowAllCommand {
    /// Show the list
    Show,
    /// Replace it
    Set {
        /// Addresses or networks, such as 127.0.0.1 or 10.0.0.0/8
        #[arg(value_name = "CIDR", required = true)]
        allow: Vec<String>,
        /// Go on even if the list locks out this machine, or every source seen lately
        #[arg(long)]
        yes: bool,
    },
    /// Empty it: only each key's own list counts
    Clear,
}

pub(super) fn allow(args: AllowArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let (app_id, list) = match (args.check, args.app_id) {
        (Some(AllowCommand::Check { app_id, address }), _) => {
            return check(&app_id, &address, place, output);
        }
        (None, app_id) => (
            app_id.unwrap_or_default(),
            ChangeAllowlist {
                allow: args.allow,
                guard: !args.yes,
            },
        ),
    };
    let key = ask(place, async |platform| {
        platform.change_allowlist(&app_id, &list).await
    })?;
    changed(&key, output)?;
    tell_merged(&list.allow, &key.allow, output)
}

pub(super) fn allow_all(
    command: AllowAllCommand,
    place: &Place,
    output: Output,
) -> Result<(), Failure> {
    let (allow, guard) = match command {
        AllowAllCommand::Show => {
            let list = ask(place, async |platform| platform.allow_all().await)?;
            return show_all(&list, output);
        }
        AllowAllCommand::Set { allow, yes } => (allow, !yes),
        AllowAllCommand::Clear => (Vec::new(), false),
    };
    let change = ChangeAllowlist { allow, guard };
    let list = ask(place, async |platform| {
        platform.change_allow_all(&change).await
    })?;
    show_all(&list, output)?;
    tell_merged(&change.allow, &list.allow, output)
}

fn show_all(list: &AllowAllView, output: Output) -> Result<(), Failure> {
    output.print(list, |out| {
        let sources = listed(&list.allow, "any source");
        writeln!(
            out,
            "any key may be used from {sources}{}",
            match list.allow.is_empty() {
                true => ": only its own list counts",
                false => ", if its own list lets it too",
            }
        )
    })
}

fn tell_merged(typed: &[String], kept: &[String], output: Output) -> Result<(), Failure> {
    output.text(|out| {
        merged_entries(typed, kept)
            .iter()
            .try_for_each(|(entry, network)| writeln!(out, "  {entry} is merged into {network}"))
    })
}

fn check(app_id: &str, address: &str, place: &Place, output: Output) -> Result<(), Failure> {
    let check = ask(place, async |platform| {
        platform.check_source(app_id, address).await
    })?;
    output.print(&check, |out| show_check(out, app_id, &check))
}

fn show_check(out: &mut dyn Write, app_id: &str, check: &SourceCheck) -> io::Result<()> {
    let SourceCheck {
        address,
        passes,
        by_key,
        by_all,
        is_proxy,
    } = check;
    match passes {
        true => writeln!(out, "{GOOD}✓{GOOD:#} {STRONG}{address}{STRONG:#} passes")?,
        false => writeln!(
            out,
            "{BAD}✗{BAD:#} {STRONG}{address}{STRONG:#} is refused by the rule source"
        )?,
    }
    show_list(out, "the key's list", by_key)?;
    show_list(out, "the list for all keys", by_all)?;
    if *is_proxy {
        writeln!(
            out,
            "  it is a proxy that is believed: what counts is the address that it speaks for"
        )?;
    }
    let add = |command: String, list: &ListCheck| {
        format!(
            "strongroom platform {command} {} {address}",
            list.allow.join(" ")
        )
    };
    if !by_key.passes {
        writeln!(out, "To let it: {}", add(format!("allow {app_id}"), by_key))?;
    }
    if !by_all.passes {
        writeln!(
            out,
            "To let it: {}",
            add("allow-all set".to_owned(), by_all)
        )?;
    }
    Ok(())
}

fn show_list(out: &mut dyn Write, name: &str, list: &ListCheck) -> io::Result<()> {
    match (&list.entry, list.passes) {
        (Some(entry), _) => writeln!(out, "  {DIM}{name}{DIM:#} has {entry}"),
        (None, true) => writeln!(out, "  {DIM}{name}{DIM:#} is empty: any source"),
        (None, false) => {
            let entries = listed(&list.allow, "nothing");
            writeln!(out, "  {DIM}{name}{DIM:#} has no entry for it: {entries}")
        }
    }
}
