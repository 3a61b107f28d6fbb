//! `jwt`: a JSON Web Token read, and checked with a key of the vault.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Subcommand;
use serde_json::Value;
use strongroom_contract::{
    agent::JwtVerify,
    error::Failure,
    explain::{Decision, Outcome},
    jwt::{JwtCheck, JwtMember, JwtReport, JwtVerifyArgs},
    time::UnixMillis,
};
use strongroom_workbench::jwt;

use crate::{
    client::Client,
    input,
    output::Output,
    style::{ACCENT, BAD, DIM, GOOD, STRONG, WARN},
    text::printable,
};

/// What `verify` exits with where a check failed.
const REFUSED: u8 = 5;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show what a token says, with its times in words; its signature is not checked
    Decode(DecodeArgs),
    /// The same, and check its signature with a key of the vault; exits 5 if a check fails
    Verify(VerifyArgs),
}

#[derive(clap::Args)]
pub(crate) struct DecodeArgs {
    /// A file with the token; stdin if absent. A token is a credential, and no argument holds one
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// The time to judge it at; now if absent
    #[arg(long, value_name = "TIME")]
    now: Option<UnixMillis>,
}

#[derive(clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    token: DecodeArgs,
    /// The key that should have signed it, by name or id: a shared secret, or a key in PEM
    #[arg(long, value_name = "NAME")]
    key: String,
}

pub(crate) fn run(command: Command, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Decode(args) => {
            let token = input::secret_file(&args.file, output)?;
            let report = jwt::decode(&token, args.now)?;
            output.print(&report, |out| show(out, &report))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify(VerifyArgs { token: args, key }) => {
            let token = input::revealed(input::secret_file(&args.file, output)?);
            let at = args.now;
            let report =
                Client::connect(output)?.call::<JwtVerify>(&JwtVerifyArgs { token, key, at })?;
            output.print(&report, |out| show(out, &report))?;
            Ok(match report.decision {
                Decision::Accepted => ExitCode::SUCCESS,
                Decision::Refused | Decision::Unknown => ExitCode::from(REFUSED),
            })
        }
    }
}

fn show(out: &mut dyn Write, report: &JwtReport) -> io::Result<()> {
    let said = match report.decision {
        Decision::Accepted => format!("{GOOD}the token is genuine and in its time{GOOD:#}"),
        Decision::Refused => format!("{BAD}the token is not to be accepted{BAD:#}"),
        Decision::Unknown => format!("{WARN}whether the token is genuine was not checked{WARN:#}"),
    };
    writeln!(out, "{said}")?;
    for (name, members) in [("header", &report.header), ("claims", &report.claims)] {
        writeln!(out, "\n{STRONG}{name}{STRONG:#}")?;
        show_members(out, members)?;
    }
    writeln!(out, "\n{STRONG}checks{STRONG:#}")?;
    for check in &report.checks {
        show_check(out, check)?;
    }
    Ok(())
}

fn show_members(out: &mut dyn Write, members: &[JwtMember]) -> io::Result<()> {
    if members.is_empty() {
        return writeln!(out, "  {DIM}none{DIM:#}");
    }
    for member in members {
        let value = match (&member.words, &member.value) {
            (Some(words), value) => format!("{words} ({value})"),
            (None, Value::String(text)) => text.clone(),
            (None, value) => value.to_string(),
        };
        let (name, value) = (printable(&member.name, false), printable(&value, false));
        write!(out, "  {name}: {value}")?;
        match &member.meaning {
            Some(meaning) => writeln!(out, "  {DIM}{meaning}{DIM:#}")?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

fn show_check(out: &mut dyn Write, check: &JwtCheck) -> io::Result<()> {
    let (mark, style) = match check.outcome {
        Outcome::Passed => ("✓", GOOD),
        Outcome::Failed => ("✗", BAD),
        Outcome::Skipped => ("–", DIM),
        Outcome::Unknown => ("?", WARN),
    };
    let (rule, observed) = (check.rule.id(), printable(&check.observed, false));
    writeln!(out, "  {style}{mark} {rule:10}{style:#}  {observed}")?;
    if !matches!(check.outcome, Outcome::Failed | Outcome::Unknown) {
        return Ok(());
    }
    let expected = printable(&check.expected, false);
    writeln!(out, "{:16}{DIM}expected{DIM:#} {expected}", "")?;
    match &check.fix {
        Some(fix) => writeln!(
            out,
            "{:16}{ACCENT}fix{ACCENT:#} {}",
            "",
            printable(fix, false)
        ),
        None => Ok(()),
    }
}
