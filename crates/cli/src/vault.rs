//! `vault`: create, recover, verify.

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;
use strongroom_contract::{
    agent::{Nothing, Verify},
    error::Failure,
    vault::Verification,
};

use crate::{
    client::Client,
    enrol::{self, EnrolArgs},
    input,
    output::Output,
    style::{ACCENT, BAD, DIM, GOOD},
    text,
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create the vault: shows what to scan and the recovery code, once
    #[command(after_help = enrol::AFTER_HELP)]
    Create(EnrolArgs),
    /// Open the way in again with the recovery code: new passphrase, new codes, new recovery code
    #[command(after_help = enrol::AFTER_HELP)]
    Recover(RecoverArgs),
    /// Check the file: structure and checksums while locked, everything while unlocked
    Verify,
}

#[derive(clap::Args)]
pub(crate) struct RecoverArgs {
    /// The file that holds the recovery code, `-` for stdin
    #[arg(long, value_name = "FILE")]
    recovery_file: PathBuf,
    /// Recover this copy although this machine has seen a newer one
    #[arg(long)]
    accept_older: bool,
    #[command(flatten)]
    enrol: EnrolArgs,
}

pub(crate) fn run(command: Command, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Create(args) => enrol::create(&args, output),
        Command::Recover(RecoverArgs {
            recovery_file,
            accept_older,
            enrol,
        }) => {
            let code = input::secret_file(&recovery_file, output)?;
            enrol::recover(input::revealed(code), accept_older, &enrol, output)
        }
        Command::Verify => verify(output),
    }
}

fn verify(output: Output) -> Result<ExitCode, Failure> {
    let verification = Client::connect(output)?.call::<Verify>(&Nothing {})?;
    let Verification {
        ok,
        unlocked,
        records,
        findings,
    } = &verification;
    output.print(&verification, |out| {
        for finding in findings {
            writeln!(
                out,
                "{BAD}✗{BAD:#} {}: {}",
                text::printable(&finding.place, false),
                text::printable(&finding.problem, false)
            )?;
        }
        if *ok {
            let records = text::count(*records, "record");
            writeln!(out, "{GOOD}✓{GOOD:#} the vault is intact {DIM}({records}){DIM:#}")?;
        } else {
            let found = text::count(findings.len() as u64, "problem");
            writeln!(out, "{BAD}damaged{BAD:#}: {found}")?;
        }
        if !unlocked {
            writeln!(
                out,
                "  locked: structure and checksums only; `{ACCENT}strongroom unlock{ACCENT:#}` and verify again for everything"
            )?;
        }
        Ok(())
    })?;
    Ok(if *ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(6)
    })
}
