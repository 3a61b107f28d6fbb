//! `platform key show|rotate|retire|note`: one key and its secrets.

use std::{
    io::{self, Write},
    str::FromStr,
    time::Duration,
};

use serde::Serialize;
use strongroom_contract::{
    error::Failure,
    manage::{KeyView, RetireSecret, RotateKey, RotatedKey, SecretView, SetNote},
    time::Span,
};

use strongroom_workbench::platform::rotate_and_store;

use super::{
    Place, ask,
    key::{KeyArgs, worded},
};
use crate::{
    client::Client,
    output::Output,
    style::{ACCENT, DIM, GOOD, STRONG, WARN},
    text::{Cell, Table, printable},
};

#[derive(clap::Args)]
pub(super) struct RotateArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// For how long the older secret goes on: now (it ends at once), 1h, 24h, up to 7d
    #[arg(long, value_name = "DURATION", default_value = "24h")]
    overlap: Overlap,
    /// Put the new secret into the vault, as a new version of the item of this name
    #[arg(long, value_name = "NAME")]
    store: Option<String>,
}

/// What `platform key rotate` prints: the one time that the new secret is shown.
#[derive(Serialize)]
struct Rotated {
    #[serde(flatten)]
    rotated: RotatedKey,
    /// The name under which the vault holds it, if it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<String>,
}

#[derive(clap::Args)]
pub(super) struct RetireArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// The secret's number, as `platform key show` lists it
    secret_id: u32,
}

#[derive(clap::Args)]
pub(super) struct NoteArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// The note
    #[arg(default_value = "", hide_default_value = true)]
    note: String,
}

/// For how long two secrets count.
#[derive(Clone, Copy)]
struct Overlap(Duration);

impl FromStr for Overlap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "now" {
            return Ok(Self(Duration::ZERO));
        }
        let Span(overlap) = text
            .parse()
            .map_err(|_| "an overlap is now, 1h, 24h, 7d or another time up to 7d".to_owned())?;
        if overlap > RotateKey::LONGEST_OVERLAP {
            return Err("two secrets count for at most 7d; issue a second key instead".to_owned());
        }
        Ok(Self(overlap))
    }
}

pub(super) fn rotate(args: &RotateArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let RotateArgs {
        key: KeyArgs { app_id },
        overlap: Overlap(overlap),
        store,
    } = args;
    let rotate = RotateKey {
        overlap_ms: Some(u64::try_from(overlap.as_millis()).unwrap_or(u64::MAX)),
    };
    let mut vault = store
        .as_ref()
        .map(|_| Client::connect(output))
        .transpose()?;
    let rotated = ask(place, async |platform| match (&mut vault, store) {
        (Some(vault), Some(name)) => {
            let done = rotate_and_store(platform, vault.inner(), app_id, &rotate, name).await?;
            Ok(done.rotated)
        }
        _ => platform.rotate(app_id, &rotate).await,
    })?;
    let rotated = Rotated {
        rotated,
        stored: store.clone(),
    };
    output.print(&rotated, |out| tell(out, &rotated))
}

fn tell(out: &mut dyn Write, rotated: &Rotated) -> io::Result<()> {
    let Rotated { rotated, stored } = rotated;
    let RotatedKey {
        app_id,
        secret_key,
        secret_id,
        key,
    } = rotated;
    let name = printable(&key.name, false);
    writeln!(
        out,
        "{GOOD}✓{GOOD:#} {STRONG}{name}{STRONG:#} has secret {secret_id} now"
    )?;
    let older = key.secrets.iter().find(|secret| secret.id != *secret_id);
    match older {
        Some(SecretView {
            id,
            is_live: true,
            retire_at: Some(end),
            ..
        }) => writeln!(out, "  secret {id} goes on until {end}")?,
        Some(SecretView { id, .. }) => writeln!(out, "  secret {id} has ended")?,
        None => {}
    }
    writeln!(out)?;
    writeln!(out, "{DIM}app-id{DIM:#}      {app_id}")?;
    match stored {
        Some(stored) => {
            let stored = printable(stored, false);
            writeln!(
                out,
                "{DIM}secret-key{DIM:#}  in the vault, as {STRONG}{stored}{STRONG:#}"
            )?;
        }
        None => {
            writeln!(
                out,
                "{DIM}secret-key{DIM:#}  {WARN}{}{WARN:#}",
                secret_key.expose_secret()
            )?;
            writeln!(out, "\nThe secret is shown this once.")?;
        }
    }
    if let Some(SecretView {
        id, is_live: true, ..
    }) = older
    {
        let next = format!("strongroom platform key retire {app_id} {id}");
        writeln!(
            out,
            "Once nothing uses secret {id} any more: {ACCENT}{next}{ACCENT:#}"
        )?;
    }
    Ok(())
}

pub(super) fn retire(args: &RetireArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let RetireArgs {
        key: KeyArgs { app_id },
        secret_id,
    } = args;
    let secret = RetireSecret {
        secret_id: *secret_id,
    };
    let key = ask(place, async |platform| {
        platform.retire(app_id, &secret).await
    })?;
    output.print(&key, |out| details(out, &key))
}

pub(super) fn note(args: NoteArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let NoteArgs {
        key: KeyArgs { app_id },
        note,
    } = args;
    let note = SetNote { note };
    let key = ask(place, async |platform| {
        platform.set_note(&app_id, &note).await
    })?;
    output.print(&key, |out| details(out, &key))
}

pub(super) fn show(args: &KeyArgs, place: &Place, output: Output) -> Result<(), Failure> {
    let key = ask(place, async |platform| platform.key(&args.app_id).await)?;
    output.print(&key, |out| details(out, &key))
}

/// All that is known of a key.
fn details(out: &mut dyn Write, key: &KeyView) -> io::Result<()> {
    let name = printable(&key.name, false);
    let (state, style) = worded(key.state);
    writeln!(
        out,
        "{STRONG}{name}{STRONG:#} {style}{state}{style:#} {DIM}{}{DIM:#}",
        key.app_id
    )?;
    super::rules::held_to(out, key)?;
    if let Some(not_before) = key.not_before {
        writeln!(out, "  from {not_before} on")?;
    }
    if let Some(expires) = key.expires {
        writeln!(out, "  until {expires}")?;
    }
    for line in key.note.lines() {
        writeln!(out, "  {DIM}{}{DIM:#}", printable(line, false))?;
    }
    let mut table = Table::new(&["SECRET", "STATE", "CREATED", "ENDS", "LAST USED"]);
    for secret in &key.secrets {
        let (state, style) = if secret.is_live {
            ("live", GOOD)
        } else {
            ("ended", DIM)
        };
        let time = |time: Option<strongroom_contract::time::UnixMillis>| {
            Cell::optional(time.map(|time| time.to_string()).as_deref())
        };
        table.row([
            Cell::plain(secret.id.to_string()),
            Cell::styled(state, style),
            Cell::styled(secret.created.to_string(), DIM),
            time(secret.retire_at),
            time(secret.last_used),
        ]);
    }
    if let Some(registered) = &key.public_key {
        let last_used = registered.last_used.map(|time| time.to_string());
        table.row([
            Cell::plain(format!("{} (public key)", registered.id)),
            Cell::styled("live", GOOD),
            Cell::styled(registered.created.to_string(), DIM),
            Cell::optional(None),
            Cell::optional(last_used.as_deref()),
        ]);
    }
    writeln!(out)?;
    table.write(out)
}
