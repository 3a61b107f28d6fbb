//! `requests run`: the requests of a folder in order, each answer checked.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use strongroom_contract::{
    agent::{Event, RunStart},
    error::{ErrorCode, Failure},
    run::{Outcome, RunArgs, RunReport, RunStep},
};
use strongroom_workbench::runs;

use super::absolute;
use crate::{
    client::Client,
    output::Output,
    style::{BAD, DIM, GOOD},
    text::{self, milliseconds, printable},
    way::Way,
};

const AFTER_HELP: &str = "\
docs/REQUESTS.md says what a request's file may expect of its answer, and how values are carried on.
Exit 0 if every answer was as expected, 1 if not.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The folder
    folder: PathBuf,
    /// The environment, by name or file
    #[arg(long = "env", value_name = "NAME")]
    environment: Option<String>,
    /// Only this request or folder, by path or name; repeatable
    #[arg(long, value_name = "WHAT")]
    only: Vec<String>,
    /// A variable that comes before the environment's; repeatable
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = parse_variable)]
    variables: Vec<(String, String)>,
    /// End with the first that fails
    #[arg(long)]
    bail: bool,
    /// Write a report too: FILE.html or FILE.json; repeatable
    #[arg(long = "report", value_name = "FILE")]
    reports: Vec<PathBuf>,
    #[command(flatten)]
    way: Way,
}

fn parse_variable(typed: &str) -> Result<(String, String), String> {
    let (name, value) = typed
        .split_once('=')
        .ok_or("expected NAME=VALUE, such as currency=AUD")?;
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run(args: Args, output: Output) -> Result<ExitCode, Failure> {
    for report in &args.reports {
        kind_of(report)?;
    }
    let run = RunArgs {
        folder: absolute(&args.folder)?,
        environment: args.environment,
        variables: args.variables.into_iter().collect::<BTreeMap<_, _>>(),
        only: args.only,
        bail: args.bail,
        options: args.way.options()?,
    };
    let mut client = Client::connect(output)?;
    let report = client.inner().call::<RunStart>(&run, |progress| {
        if let Some(Event::RunStep(step)) = progress.event {
            // Told again in the end to whoever reads along.
            drop(output.text(|out| show_step(out, &step)));
        }
    })?;
    for path in &args.reports {
        let content = match kind_of(path)? {
            Kind::Html => runs::html(&report),
            Kind::Json => serde_json::to_string_pretty(&report)
                .map_err(|error| Failure::new(ErrorCode::Failed, error.to_string()))?,
        };
        fs::write(path, content).map_err(|error| {
            Failure::new(
                ErrorCode::Storage,
                format!("the report {} can't be written: {error}", path.display()),
            )
        })?;
    }
    output.print(&report, |out| show_sum(out, &report))?;
    Ok(if report.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show_step(out: &mut dyn Write, step: &RunStep) -> io::Result<()> {
    let name = printable(&step.name, false);
    let (style, mark) = match step.outcome {
        Outcome::Passed => (GOOD, "✓"),
        Outcome::Failed => (BAD, "✗"),
        Outcome::Skipped => (DIM, "–"),
    };
    let status = step.status.map_or_else(String::new, |status| {
        format!("{status} in {}", milliseconds(step.total_ms))
    });
    writeln!(out, "{style}{mark}{style:#} {name} {DIM}{status}{DIM:#}")?;
    if let Some(failure) = &step.failure {
        writeln!(
            out,
            "    {BAD}{}{BAD:#}",
            printable(&failure.message, false)
        )?;
        if let Some(hint) = &failure.hint {
            writeln!(out, "    {DIM}{}{DIM:#}", printable(hint, false))?;
        }
    }
    for check in step.checks.iter().filter(|check| !check.passed) {
        writeln!(
            out,
            "    {BAD}{}{BAD:#}: expected {}, was {}",
            printable(&check.what, false),
            printable(&check.expected, false),
            printable(&check.observed, false)
        )?;
    }
    Ok(())
}

fn show_sum(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    let requests = text::count(u64::from(report.passed + report.failed), "request");
    let skipped = match report.skipped {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    let (style, verdict) = if report.failed == 0 {
        (GOOD, "all as expected".to_owned())
    } else {
        (BAD, format!("{} not as expected", report.failed))
    };
    writeln!(
        out,
        "\n{requests} in {}: {style}{verdict}{style:#}{skipped}",
        milliseconds(report.total_ms)
    )
}

enum Kind {
    Html,
    Json,
}

fn kind_of(report: &Path) -> Result<Kind, Failure> {
    match report.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => Ok(Kind::Html),
        Some("json") => Ok(Kind::Json),
        _ => Err(Failure::new(
            ErrorCode::Usage,
            format!("{} is no report that can be written", report.display()),
        )
        .hint("name it FILE.html or FILE.json")),
    }
}
