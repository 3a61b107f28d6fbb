//! `platform key`: issue, list, revoke.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use anstyle::Style;
use clap::Subcommand;
use serde::Serialize;
use strongroom_contract::{
    error::Failure,
    manage::{CreateKey, CreatedKey, KeyEnvironment, KeyState, KeyView},
    secret::Revealed,
    time::UnixMillis,
};
use strongroom_workbench::platform::create_and_store;

use super::{
    Place, ask,
    limits::Wait,
    rotation::{self, NoteArgs, RetireArgs, RotateArgs},
    settings::{self, ExpireArgs, PublicKeyArgs, RenameArgs},
};
use crate::{
    client::Client,
    output::Output,
    style::{ACCENT, BAD, DIM, GOOD, STRONG, WARN},
    text::{self, Cell, Table},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Issue a key; its secret is shown once, or goes straight into the vault
    Create(CreateArgs),
    /// List the keys that the platform issued
    List,
    /// Show one key, with its secrets' numbers and when they were used
    Show(KeyArgs),
    /// Add a second secret, which takes over; the older one goes on for the overlap
    Rotate(RotateArgs),
    /// End one of a key's two secrets at once; ending the newest takes the rotation back
    Retire(RetireArgs),
    /// Replace the note about a key; none given: none
    Note(NoteArgs),
    /// Replace a key's name
    Rename(RenameArgs),
    /// Change when a key ends: a time, or never
    Expire(ExpireArgs),
    /// Register the public key (Ed25519) that a key's signatures are verified with, or end it
    PublicKey(PublicKeyArgs),
    /// Revoke a key: from then on no request with it is accepted
    Revoke(KeyArgs),
}

#[derive(clap::Args)]
pub(super) struct CreateArgs {
    /// A name for people
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it may do, such as payins:write; repeatable
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Accepted requests in every rolling minute [default: 60]
    #[arg(long, value_name = "PER_MINUTE", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Accepted requests in a day (UTC) [default: no quota]
    #[arg(long, value_name = "PER_DAY", value_parser = clap::value_parser!(u32).range(1..))]
    quota: Option<u32>,
    /// How long a request over a limit waits for a slot, up to 5s [default: none]
    #[arg(
        long,
        value_name = "DURATION|none",
        default_value = "none",
        hide_default_value = true
    )]
    delay: Wait,
    /// The client that it belongs to, whose keys can share a limit [default: one of the key's own name]
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// A source (CIDR or address) that it may be used from; repeatable [default: any]
    #[arg(long = "allow", value_name = "CIDR")]
    allow: Vec<String>,
    /// Let it sign requests: the platform then keeps its secret, sealed
    #[arg(long)]
    may_sign: bool,
    /// From when on it can be used [default: at once]
    #[arg(long, value_name = "TIME")]
    not_before: Option<UnixMillis>,
    /// When it ends
    #[arg(long, value_name = "TIME")]
    expires: Option<UnixMillis>,
    /// A note for people
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// A key of the live environment, with an app-id that says so
    #[arg(long)]
    live: bool,
    /// An Ed25519 public key (PEM, JWK or base64): the key then signs with the private half, and has no
    /// secret
    #[arg(long, value_name = "FILE", conflicts_with_all = ["store", "may_sign"])]
    public_key: Option<PathBuf>,
    /// Put it into the vault under this name, to be sent to loopback hosts alone
    #[arg(long, value_name = "NAME")]
    store: Option<String>,
}

#[derive(clap::Args)]
pub(super) struct KeyArgs {
    /// The key's public id
    pub(super) app_id: String,
}

pub(super) fn run(command: Command, place: &Place, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create(args, place, output),
        Command::List => list(place, output),
        Command::Show(args) => rotation::show(&args, place, output),
        Command::Rotate(args) => rotation::rotate(&args, place, output),
        Command::Retire(args) => rotation::retire(&args, place, output),
        Command::Note(args) => rotation::note(args, place, output),
        Command::Rename(args) => settings::rename(args, place, output),
        Command::Expire(args) => settings::expire(&args, place, output),
        Command::PublicKey(args) => settings::public_key(&args, place, output),
        Command::Revoke(KeyArgs { app_id }) => {
            let key = ask(place, async |platform| platform.revoke(&app_id).await)?;
            output.print(&key, |out| {
                writeln!(out, "{GOOD}✓{GOOD:#} {STRONG}{app_id}{STRONG:#} is revoked")
            })
        }
    }
}

/// What `platform key create` prints: the one time that the secret is shown.
#[derive(Serialize)]
struct Issued {
    app_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key: Option<Revealed>,
    key: KeyView,
    /// The name under which the vault holds it, if it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<String>,
}

fn create(args: CreateArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let wanted = CreateKey {
        name: args.name,
        client: args.client,
        scopes: args.scopes,
        limit_per_minute: args.limit,
        daily_quota: args.quota,
        delay_ms: args.delay.0,
        allow: args.allow,
        may_sign: args.may_sign,
        expires: args.expires,
        not_before: args.not_before,
        note: args.note,
        environment: match args.live {
            true => KeyEnvironment::Live,
            false => KeyEnvironment::Test,
        },
        public_key: args
            .public_key
            .as_deref()
            .map(settings::read_key)
            .transpose()?,
    };
    let mut vault = args
        .store
        .as_ref()
        .map(|_| Client::connect(output))
        .transpose()?;
    let (created, url) = ask(place, async |platform| {
        let created = match (&mut vault, &args.store) {
            (Some(vault), Some(name)) => {
                let stored = create_and_store(platform, vault.inner(), &wanted, name).await?;
                stored.created
            }
            _ => platform.create_key(&wanted).await?,
        };
        Ok((created, platform.url().to_owned()))
    })?;
    let CreatedKey {
        app_id,
        secret_key,
        key,
    } = created;
    let issued = Issued {
        app_id,
        secret_key,
        key,
        stored: args.store,
    };
    output.print(&issued, |out| show(out, &issued, &url))
}

fn show(out: &mut dyn Write, issued: &Issued, url: &str) -> io::Result<()> {
    let Issued {
        app_id,
        secret_key,
        key,
        stored,
    } = issued;
    let name = text::printable(&key.name, false);
    writeln!(out, "{GOOD}✓{GOOD:#} issued {STRONG}{name}{STRONG:#}")?;
    super::rules::held_to(out, key)?;
    writeln!(out)?;
    writeln!(out, "{DIM}app-id{DIM:#}      {app_id}")?;
    let Some(secret_key) = secret_key else {
        return writeln!(
            out,
            "\nIt has no secret: sign with the private half of its public key (rfc9421-ed25519)."
        );
    };
    match stored {
        None => {
            writeln!(
                out,
                "{DIM}secret-key{DIM:#}  {WARN}{}{WARN:#}",
                secret_key.expose_secret()
            )?;
            writeln!(out, "\nThe secret is shown this once.")
        }
        Some(stored) => {
            let stored = text::printable(stored, false);
            writeln!(
                out,
                "{DIM}secret-key{DIM:#}  in the vault, as {STRONG}{stored}{STRONG:#}"
            )?;
            let next = format!("strongroom send GET {url}/api/v1/ping --key {stored}");
            writeln!(out, "\nNext: {ACCENT}{next}{ACCENT:#}")
        }
    }
}

/// A state in words, and how it is shown.
pub(super) fn worded(state: KeyState) -> (&'static str, Style) {
    match state {
        KeyState::NotYet => ("not yet", WARN),
        KeyState::Active => ("active", GOOD),
        KeyState::Rotating => ("rotating", GOOD),
        KeyState::Expired => ("expired", BAD),
        KeyState::Revoked => ("revoked", BAD),
    }
}

fn list(place: &Place, output: Output) -> Result<(), Failure> {
    let list = ask(place, async |platform| platform.list_keys().await)?;
    output.print(&list, |out| {
        if list.keys.is_empty() {
            writeln!(out, "no keys issued yet")?;
            return writeln!(
                out,
                "Next: {ACCENT}strongroom platform key create --name NAME{ACCENT:#}"
            );
        }
        let mut table = Table::new(&[
            "NAME",
            "APP-ID",
            "STATE",
            "A MINUTE",
            "SOURCES",
            "SCOPES",
            "LAST USED",
        ]);
        for key in &list.keys {
            let (state, style) = worded(key.state);
            let last_used = key.last_used.map(|time| time.to_string());
            table.row([
                Cell::styled(&key.name, STRONG),
                Cell::plain(&key.app_id),
                Cell::styled(state, style),
                Cell::plain(key.limit_per_minute.to_string()),
                Cell::optional(Some(&key.allow.join(" "))),
                Cell::optional(Some(&key.scopes.join(" "))),
                Cell::optional(last_used.as_deref()),
            ]);
        }
        table.write(out)
    })
}
