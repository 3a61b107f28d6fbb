//! `platform audit verify|checkpoint|retain|reindex`: that the record is whole, and stays so.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use strongroom_contract::{
    audit::{SetRetention, VerifyAudit},
    error::{ErrorCode, Failure},
    time::{Span, SpanError},
};

use super::{Place, ask};
use crate::{
    output::Output,
    style::{ACCENT, BAD, DIM, GOOD},
    text::{self, printable},
};

#[derive(clap::Args)]
pub(in crate::platform) struct VerifyArgs {
    /// A file with checkpoints that were kept elsewhere, one in each line, to compare with
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
}

#[derive(clap::Args)]
pub(in crate::platform) struct CheckpointArgs {
    /// Add it to this file, for `platform audit verify --checkpoint FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(in crate::platform) struct RetainArgs {
    /// For how long, such as 90d; `forever` keeps them all
    #[arg(value_name = "DURATION")]
    keep: Option<String>,
}

pub(super) fn verify(
    args: &VerifyArgs,
    place: &Place,
    output: Output,
) -> Result<ExitCode, Failure> {
    let mut copies = VerifyAudit::default();
    for path in &args.checkpoint {
        let text = fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        copies.checkpoints.extend(lines.map(str::to_owned));
    }
    let verification = ask(place, async |platform| {
        platform.verify_audit_with(&copies).await
    })?;
    output.print(&verification, |out| {
        let rows = text::count(verification.rows, "row");
        let checkpoints = text::count(verification.checkpoints, "signed checkpoint");
        if verification.ok {
            return writeln!(
                out,
                "{GOOD}✓{GOOD:#} the audit log is whole {DIM}({rows}, {checkpoints}){DIM:#}"
            );
        }
        let problem = verification
            .problem
            .as_deref()
            .unwrap_or("it does not verify");
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

pub(super) fn checkpoint(
    args: &CheckpointArgs,
    place: &Place,
    output: Output,
) -> Result<ExitCode, Failure> {
    let checkpoint = ask(place, async |platform| platform.checkpoint_audit().await)?;
    if let Some(path) = &args.out {
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut file| {
                file.write_all(format!("{}\n", checkpoint.signed).as_bytes())?;
                file.sync_all()
            })
            .map_err(|error| unusable(path, &error))?;
    }
    output.print(&checkpoint, |out| {
        let rows = text::count(checkpoint.rows, "row");
        match &args.out {
            Some(path) => writeln!(
                out,
                "{GOOD}✓{GOOD:#} {rows} vouched for in {}; keep it where the platform can't write",
                path.display()
            ),
            None => writeln!(out, "{}", checkpoint.signed),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn retain(
    args: &RetainArgs,
    place: &Place,
    output: Output,
) -> Result<ExitCode, Failure> {
    let wanted = args.keep.as_deref().map(retention).transpose()?;
    let kept = ask(place, async |platform| match &wanted {
        Some(wanted) => platform.retain_audit(wanted).await,
        None => platform.audit_retention().await,
    })?;
    output.print(&kept, |out| {
        let keep = match kept.keep_ms {
            Some(ms) => format!("for {}", Span(Duration::from_millis(ms))),
            None => "for ever".to_owned(),
        };
        let there = text::count(kept.rows - kept.first_row, "row");
        writeln!(out, "rows are kept {keep}; {there} are there")?;
        match kept.cut_at {
            Some(at) => writeln!(
                out,
                "{DIM}those before row {} were cut off at {at}, and the cut is signed{DIM:#}",
                kept.first_row
            ),
            None => Ok(()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn retention(text: &str) -> Result<SetRetention, Failure> {
    let keep_ms = match text {
        "forever" => None,
        text => {
            let span: Span = text.parse().map_err(|error: SpanError| {
                Failure::new(ErrorCode::Usage, format!("{text:?}: {error}; or `forever`"))
            })?;
            Some(u64::try_from(span.0.as_millis()).unwrap_or(u64::MAX))
        }
    };
    Ok(SetRetention { keep_ms })
}

pub(super) fn reindex(place: &Place, output: Output) -> Result<ExitCode, Failure> {
    let made = ask(place, async |platform| platform.reindex_audit().await)?;
    output.print(&made, |out| {
        let rows = text::count(made.rows, "row");
        writeln!(out, "{GOOD}✓{GOOD:#} the index was made anew from {rows}")
    })?;
    Ok(ExitCode::SUCCESS)
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    Failure::new(ErrorCode::Usage, format!("can't use {shown}: {error}"))
}
