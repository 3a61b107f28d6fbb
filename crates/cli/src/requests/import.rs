//! `requests import`: files of other programs become saved requests.

use std::{
    io::{self, IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    requests::{FileProblem, ImportReport},
};
use strongroom_workbench::foreign::{self, Source};

use crate::{
    input,
    output::Output,
    style::{ACCENT, DIM, GOOD, STRONG, WARN},
    text::{count, printable},
};

/// The most that is read from stdin, in bytes.
const MOST_STDIN: u64 = 64 * 1024 * 1024;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// curl commands, .http files, Postman collections and environments, OpenAPI, HAR, raw HTTP
    #[arg(value_name = "FILE", required_unless_present = "curl_stdin")]
    files: Vec<PathBuf>,
    /// What the files are written in, if that can't be told: curl, http, http-env, postman, openapi,
    /// har, raw
    #[arg(long, value_name = "F")]
    format: Option<String>,
    /// The folder that they go into; made if it is missing
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    into: PathBuf,
    /// Read curl commands from stdin
    #[arg(long, conflicts_with_all = ["files", "format"])]
    curl_stdin: bool,
}

pub(crate) fn run(args: Args, output: Output) -> Result<(), Failure> {
    let report = if args.curl_stdin {
        let source = Source::Text {
            name: "stdin".to_owned(),
            bytes: stdin(output)?,
        };
        foreign::import(&[source], Some("curl"), &args.into)?
    } else {
        let sources: Vec<Source> = args.files.into_iter().map(Source::File).collect();
        foreign::import(&sources, args.format.as_deref(), &args.into)?
    };
    output.print(&report, |out| show_import(out, &report))
}

fn stdin(output: Output) -> Result<Vec<u8>, Failure> {
    if io::stdin().is_terminal() {
        output.remark(|err| {
            writeln!(
                err,
                "Paste curl commands, then press Ctrl-D on a line of its own."
            )
        });
    }
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MOST_STDIN + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| input::unreadable(Path::new("stdin"), &error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_STDIN {
        return Err(Failure::new(
            ErrorCode::Usage,
            "stdin is longer than 64 MiB, the most that is read",
        ));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(Failure::new(ErrorCode::Usage, "stdin is empty")
            .hint("write a curl command to it, as your browser copies one"));
    }
    Ok(bytes)
}

fn show_import(out: &mut dyn Write, report: &ImportReport) -> io::Result<()> {
    let requests = number(report.requests.len(), "request");
    let environments = number(report.environments.len(), "environment");
    let folder = printable(&report.folder, false);
    writeln!(
        out,
        "{GOOD}✓{GOOD:#} {requests} and {environments} are in {STRONG}{folder}{STRONG:#}"
    )?;
    for row in &report.requests {
        show_row(out, &row.path, &row.method, &row.url)?;
    }
    for environment in &report.environments {
        let (path, name) = (
            printable(&environment.path, false),
            printable(&environment.name, false),
        );
        writeln!(out, "  {path}  {DIM}{name}{DIM:#}")?;
    }
    if !report.secrets.is_empty() {
        let secrets = number(report.secrets.len(), "secret");
        writeln!(
            out,
            "\n{WARN}{secrets} taken out, and written nowhere:{WARN:#}"
        )?;
        for secret in &report.secrets {
            let (variable, place) = (&secret.variable, printable(&secret.place, false));
            writeln!(out, "  {{{{{variable}}}}}  {}, {place}", secret.kind)?;
        }
        writeln!(
            out,
            "  {ACCENT}Put each into the vault (`strongroom key add`), and set its variable in an environment to its reference, sr://NAME/secret.{ACCENT:#}"
        )?;
    }
    show_problems(out, &report.problems)
}

fn show_row(out: &mut dyn Write, path: &str, method: &str, url: &str) -> io::Result<()> {
    let (method, url) = (printable(method, false), printable(url, false));
    writeln!(
        out,
        "  {}  {DIM}{method} {url}{DIM:#}",
        printable(path, false)
    )
}

fn show_problems(out: &mut dyn Write, problems: &[FileProblem]) -> io::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let shown = number(problems.len(), "problem");
    writeln!(out, "\n{WARN}{shown}:{WARN:#}")?;
    for problem in problems {
        let file = printable(&problem.file, false);
        let message = printable(&problem.message, false);
        let mut place = file.into_owned();
        if let Some(at) = &problem.place {
            place.push(':');
            place.push_str(&printable(at, false));
        }
        let colon = if place.is_empty() { "" } else { ": " };
        writeln!(out, "  {STRONG}{place}{STRONG:#}{colon}{message}")?;
    }
    Ok(())
}

fn number(count_of: usize, noun: &str) -> String {
    count(u64::try_from(count_of).unwrap_or(u64::MAX), noun)
}
