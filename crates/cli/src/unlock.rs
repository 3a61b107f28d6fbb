//! `unlock`, `lock`, `status`.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use strongroom_contract::{
    agent::{self, Lock, Nothing, Status, Unlock},
    error::Failure,
    time::UnixMillis,
    vault::{Freshness, VaultState, VaultStatus},
};

use crate::{
    client::Client,
    input,
    output::Output,
    style::{ACCENT, DIM, GOOD, WARN},
    text::{self, Cell},
};

#[derive(clap::Args)]
pub(crate) struct UnlockArgs {
    /// Read the passphrase from a file, `-` for stdin
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Read the code from one line of stdin
    #[arg(long)]
    code_stdin: bool,
    /// Take this for the time that the code belongs to: for machines with a dead clock
    #[arg(long, value_name = "TIME")]
    at: Option<UnixMillis>,
    /// Let other programs have secrets printed (`read`, `key show --field`) until the vault is locked
    #[arg(long)]
    allow_read: bool,
    /// Open a copy that is older than the newest one seen on this machine
    #[arg(long)]
    accept_older: bool,
}

pub(crate) fn unlock(args: &UnlockArgs, output: Output) -> Result<ExitCode, Failure> {
    let mut client = Client::connect(output)?;
    let factors = agent::UnlockArgs {
        passphrase: input::passphrase(
            args.passphrase_file.as_deref(),
            args.code_stdin,
            false,
            output,
        )?,
        code: input::code(args.code_stdin)?,
        at: args.at,
        allow_read: args.allow_read,
        accept_older: args.accept_older,
    };
    let unlocked = client.call::<Unlock>(&factors)?;
    for warning in &unlocked.warnings {
        output.warn(warning);
    }
    output.print(&unlocked, |out| {
        let held = unlocked.status.items.unwrap_or_default();
        write!(out, "{GOOD}✓ unlocked{GOOD:#} {DIM}")?;
        write!(out, "({}", text::count(held, "item"))?;
        if let Some(day) = &unlocked.status.last_code_day {
            write!(out, ", codes work until {day}")?;
        }
        writeln!(out, "){DIM:#}")
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn lock(output: Output) -> Result<ExitCode, Failure> {
    let status = Client::connect(output)?.call::<Lock>(&Nothing {})?;
    output.print(&status, |out| match status.state {
        VaultState::None => writeln!(out, "no vault here"),
        _ => writeln!(out, "{GOOD}✓ locked{GOOD:#}"),
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn status(output: Output) -> Result<ExitCode, Failure> {
    let status = Client::connect(output)?.call::<Status>(&Nothing {})?;
    output.print(&status, |out| show(out, &status))?;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut dyn Write, status: &VaultStatus) -> io::Result<()> {
    let vault = match status.state {
        VaultState::None => {
            writeln!(out, "no vault here yet")?;
            return writeln!(out, "Next: {ACCENT}strongroom vault create{ACCENT:#}");
        }
        VaultState::Locked => Cell::styled("locked", WARN),
        VaultState::Unlocked if status.read_only => {
            Cell::styled("unlocked, read-only: the code is not used up", WARN)
        }
        VaultState::Unlocked => Cell::styled("unlocked", GOOD),
    };
    let mut rows = vec![("vault", vault)];
    if let Some(items) = status.items {
        rows.push(("holds", Cell::plain(text::count(items, "item"))));
    }
    if let Some(path) = &status.path {
        rows.push(("file", Cell::plain(path)));
    }
    if let Some(id) = &status.vault_id {
        rows.push(("id", Cell::styled(id, DIM)));
    }
    if let Some(day) = &status.last_code_day {
        rows.push(("codes", Cell::plain(format!("work until {day}"))));
    }
    if let Some(freshness) = status.freshness {
        rows.push(("freshness", freshness_cell(freshness)));
    }
    if status.state == VaultState::Unlocked {
        let reading = if status.reveal_allowed {
            Cell::styled(
                "secrets can be read by other programs until the vault is locked",
                WARN,
            )
        } else {
            Cell::plain("secrets can be used, not read")
        };
        rows.push(("reading", reading));
    }
    text::facts(out, &rows)
}

fn freshness_cell(freshness: Freshness) -> Cell {
    match freshness {
        Freshness::Proven => Cell::plain("proven: the newest copy that this machine has seen"),
        Freshness::Unproven => Cell::styled("unproven: nothing here to compare it with", WARN),
        Freshness::AcceptedOlder => Cell::styled("an older copy, accepted by you", WARN),
    }
}
