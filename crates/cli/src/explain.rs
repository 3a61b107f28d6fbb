//! `explain`: why a request was answered as it was, or why one that is pasted fails.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use strongroom_contract::{
    agent::{Explain, ExplainArgs, ExplainPast, ExplainPastArgs},
    diagnosis::{Diagnosis, Exhibit, Part, Piece},
    error::{ErrorCode, Failure},
    explain::{Check, Decision, Explanation, Outcome},
    time::UnixMillis,
};
use strongroom_workbench::explain::{self, Report};

use crate::{
    client::Client,
    input::unreadable,
    output::Output,
    platform::{self, Place},
    sign,
    style::{ACCENT, BAD, DIM, GOOD, STRONG, WARN},
    text::printable,
};

const AFTER_HELP: &str = "\
With --key, the vault's owner compares the request with that key: its secret stays there. With
--credential-stdin, a credential that is typed for this alone is used, as JSON with the
fields that `sign` takes: {\"id\": ..., \"secret\": ...}; the vault may be locked. With neither, the platform that runs here judges it by its
own record of the key, if one runs.

With --history, the vault's owner takes a request of its history as it was sent, and judges it at that
time by the key that it was sent with, or by --key.

A request that is given is kept nowhere, and no answer or report holds a secret.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The request's id, as in the answer's X-Request-Id
    #[arg(
        required_unless_present_any = ["request", "history"],
        conflicts_with_all = ["request", "history"]
    )]
    request_id: Option<String>,
    /// A request of the history, by the number that `history list` shows
    #[arg(long, value_name = "ID", conflicts_with = "request")]
    history: Option<u64>,
    /// A file with the request that failed; - for stdin
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// How the file is written
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "raw",
        requires = "request"
    )]
    format: Format,
    /// Compare it with this key of the vault, by name or id
    #[arg(long, value_name = "NAME", conflicts_with = "request_id")]
    key: Option<String>,
    /// Compare it with the credential that stdin holds, as JSON
    #[arg(long, requires = "request", conflicts_with = "key")]
    credential_stdin: bool,
    /// How it should be signed; what the key says if absent
    #[arg(long, value_name = "SCHEME", conflicts_with = "request_id")]
    scheme: Option<String>,
    /// The address that it came from
    #[arg(long, value_name = "ADDRESS", requires = "request")]
    peer: Option<String>,
    /// The time to judge it at; now if absent
    #[arg(long, value_name = "TIME", requires = "request")]
    now: Option<UnixMillis>,
    /// Write a report for a ticket, too
    #[arg(long, value_name = "FILE.md|FILE.html")]
    report: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// How a request is written.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// HTTP as it is on the wire: request line, headers, an empty line, the body
    Raw,
    /// A curl command
    Curl,
    /// An HTTP archive, of which the last entry that failed is meant
    Har,
}

pub(crate) fn run(args: &Args, output: Output) -> Result<ExitCode, Failure> {
    let report = match &args.report {
        Some(path) => Some((path, Report::of_file(&path.to_string_lossy())?)),
        None => None,
    };
    let diagnosis = diagnosis(args, output)?;
    if let Some((path, report)) = report {
        std::fs::write(path, report.write(&diagnosis)).map_err(|error| {
            let message = format!("can't write {}: {error}", path.display());
            Failure::new(ErrorCode::Failed, message)
        })?;
    }
    output.print(&diagnosis, |out| show_diagnosis(out, &diagnosis))?;
    Ok(ExitCode::SUCCESS)
}

fn diagnosis(args: &Args, output: Output) -> Result<Diagnosis, Failure> {
    if let Some(id) = &args.request_id {
        return platform::ask(&args.place, async |platform| platform.diagnosis(id).await);
    }
    if let Some(id) = args.history {
        return Client::connect(output)?.call::<ExplainPast>(&ExplainPastArgs {
            id,
            key: args.key.clone(),
            scheme: args.scheme.clone(),
        });
    }
    let exhibit = exhibit(args)?;
    if let Some(key) = &args.key {
        let key = key.clone();
        return Client::connect(output)?.call::<Explain>(&ExplainArgs {
            exhibit,
            key,
            scheme: args.scheme.clone(),
        });
    }
    if args.credential_stdin {
        return explain::here(&exhibit, Some(sign::credential()?), args.scheme.as_deref());
    }
    let by_platform = platform::ask(&args.place, async |platform| {
        platform.explain_exhibit(&exhibit).await
    });
    match by_platform {
        // Without a platform, the request alone is looked at.
        Err(failure) if failure.code == ErrorCode::PlatformUnavailable => {
            explain::here(&exhibit, None, None)
        }
        answered => answered,
    }
}

fn exhibit(args: &Args) -> Result<Exhibit, Failure> {
    let path = args.request.as_deref().unwrap_or(Path::new("-"));
    let bytes = if path.as_os_str() == "-" {
        if args.credential_stdin {
            return Err(Failure::new(
                ErrorCode::Usage,
                "stdin can't hold both the request and the credential",
            )
            .hint("put the request into a file"));
        }
        let mut bytes = Vec::new();
        let read = io::stdin().read_to_end(&mut bytes);
        read.map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    let bytes = bytes.map_err(|error| unreadable(path, &error))?;
    let format = match args.format {
        Format::Raw => explain::Format::Raw,
        Format::Curl => explain::Format::Curl,
        Format::Har => explain::Format::Har,
    };
    let exhibit = explain::paste(&bytes, format)?;
    Ok(Exhibit {
        peer: args.peer.clone(),
        at: args.now,
        ..exhibit
    })
}

fn show_diagnosis(out: &mut dyn Write, diagnosis: &Diagnosis) -> io::Result<()> {
    show(out, &diagnosis.explanation)?;
    if !diagnosis.parts.is_empty() {
        writeln!(
            out,
            "\n{STRONG}What was received, and what was signed{STRONG:#}"
        )?;
        for part in &diagnosis.parts {
            show_part(out, part)?;
        }
    }
    for change in &diagnosis.changes {
        let how = if change.proven {
            "with this change it matches"
        } else {
            "read off the request"
        };
        writeln!(
            out,
            "\n{GOOD}{}{GOOD:#} {DIM}({how}){DIM:#} {}",
            change.id,
            printable(&change.what, false)
        )?;
    }
    if let Some(sentence) = &diagnosis.sentence {
        writeln!(
            out,
            "\n{ACCENT}To send back:{ACCENT:#} {}",
            printable(sentence, false)
        )?;
    }
    Ok(())
}

fn show_part(out: &mut dyn Write, part: &Part) -> io::Result<()> {
    let name = printable(&part.name, false);
    if part.same == Some(true) {
        return writeln!(out, "  {GOOD}={GOOD:#} {name}");
    }
    writeln!(out, "  {WARN}≠{WARN:#} {name}")?;
    show_side(out, "received", &part.received)?;
    match &part.signed {
        Some(signed) => show_side(out, "signed", signed),
        None => writeln!(out, "    {DIM}signed    not known{DIM:#}"),
    }
}

fn show_side(out: &mut dyn Write, side: &str, pieces: &[Piece]) -> io::Result<()> {
    write!(out, "    {DIM}{side:9}{DIM:#} ")?;
    for piece in pieces {
        let text = printable(&piece.text, false);
        let text = if piece.invisible {
            format!("⟨{text}⟩")
        } else {
            text.into_owned()
        };
        if piece.differs {
            write!(out, "{BAD}{text}{BAD:#}")?;
        } else {
            write!(out, "{text}")?;
        }
    }
    writeln!(out)
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
