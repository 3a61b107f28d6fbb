//! `explain`: why the local platform answered a request as it did.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use strongroom_contract::{
    error::Failure,
    explain::{Check, Decision, Explanation, Outcome},
};

use crate::{
    output::Output,
    platform::{self, Place},
    style::{ACCENT, BAD, DIM, GOOD, STRONG, WARN},
    text::printable,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The request's id, as in the answer's X-Request-Id
    request_id: String,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(args: &Args, output: Output) -> Result<ExitCode, Failure> {
    let explanation = platform::ask(&args.place, async |platform| {
        platform.explain(&args.request_id).await
    })?;
    output.print(&explanation, |out| show(out, &explanation))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn show(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let id = explanation.request_id.as_deref().unwrap_or("the request");
    write!(out, "{STRONG}{}{STRONG:#} ", printable(id, false))?;
    match (explanation.decision, explanation.rule) {
        (Decision::Accepted, _) => writeln!(out, "{GOOD}accepted{GOOD:#}")?,
        (Decision::Refused, Some(rule)) => {
            writeln!(
                out,
                "{BAD}refused{BAD:#} by {STRONG}{}{STRONG:#}",
                rule.id()
            )?;
        }
        (Decision::Refused, None) => writeln!(out, "{BAD}refused{BAD:#}")?,
        (Decision::Unknown, _) => writeln!(out, "{WARN}can't be told{WARN:#}")?,
    }
    writeln!(out, "{}\n", printable(&explanation.cause, false))?;
    let width = explanation
        .checks
        .iter()
        .map(|check| check.rule.id().len())
        .max()
        .unwrap_or_default();
    for check in &explanation.checks {
        show_check(out, check, width, explanation.fix.as_deref())?;
    }
    if let Some(fix) = &explanation.fix {
        writeln!(out, "\n{ACCENT}Fix:{ACCENT:#} {}", printable(fix, false))?;
    }
    Ok(())
}

fn show_check(
    out: &mut dyn Write,
    check: &Check,
    width: usize,
    said_below: Option<&str>,
) -> io::Result<()> {
    let (mark, style) = match check.outcome {
        Outcome::Passed => ("✓", GOOD),
        Outcome::Failed => ("✗", BAD),
        Outcome::Skipped => ("–", DIM),
        Outcome::Unknown => ("?", WARN),
    };
    let rule = check.rule.id();
    write!(out, "  {style}{mark} {rule:width$}{style:#}  ")?;
    if check.outcome == Outcome::Skipped && check.observed.is_empty() {
        return writeln!(out, "{DIM}not looked at{DIM:#}");
    }
    writeln!(out, "{}", printable(&check.observed, false))?;
    if check.outcome == Outcome::Passed {
        return Ok(());
    }
    let margin = width + 6;
    if !check.expected.is_empty() {
        let expected = printable(&check.expected, false);
        writeln!(out, "{:margin$}{DIM}expected{DIM:#} {expected}", "")?;
    }
    if let Some(fix) = check.fix.as_deref().filter(|fix| Some(*fix) != said_below) {
        writeln!(
            out,
            "{:margin$}{DIM}fix{DIM:#} {}",
            "",
            printable(fix, false)
        )?;
    }
    Ok(())
}
