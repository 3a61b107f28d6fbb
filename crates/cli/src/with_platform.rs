//! `with-platform`: a command, such as a test suite, against a fresh platform that is gone with it.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    process::{ExitCode, ExitStatus},
};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    manage::CreateKey,
};
use strongroom_workbench::{
    os::process,
    platform::{self, Handed, Part, Play, Report, Scenario, ServeOptions},
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    output::Output,
    runtime,
    style::{ACCENT, BAD, DIM, STRONG},
    text::printable,
};

const AFTER_HELP: &str = "\
COMMAND finds in its environment:
  API_BASE_URL, API_APP_ID, API_SECRET_KEY; API_NEXT_SECRET_KEY in the scenario rotating
  SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE
  STRONGROOM_HOME, by which `strongroom platform` and `strongroom explain` speak of this platform

The exit code is COMMAND's. What was refused is told on stderr afterwards.

  strongroom with-platform --set CLEVER_URL=url --set CLEVER_SECRET=secret-key -- npm test";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// What its key may do, such as payins:write; repeatable [default: everything]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Issue the key without any scope
    #[arg(long, conflicts_with = "scopes")]
    no_scope: bool,
    /// Accepted requests in every rolling minute [default: 60]
    #[arg(long, value_name = "PER_MINUTE", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// A source (CIDR or address) that the key may be used from; repeatable [default: any]
    #[arg(long = "allow", value_name = "CIDR")]
    allow: Vec<String>,
    /// Let the key sign requests
    #[arg(long)]
    may_sign: bool,
    /// Play a scenario, with its key: expired-key, tight-limit, ip-denied, rotating or flaky
    #[arg(long, value_name = "NAME", conflicts_with_all = ["scopes", "no_scope", "limit", "allow", "may_sign"])]
    scenario: Option<Scenario>,
    /// What the faults of the scenario flaky follow from
    #[arg(long, value_name = "N", requires = "scenario", default_value_t = 1)]
    seed: u64,
    /// Let `strongroom platform clock advance` move the platform's clock
    #[arg(long)]
    virtual_clock: bool,
    /// A variable of your own: url, app-id, secret-key or ca; repeatable
    #[arg(long = "set", value_name = "NAME=PART", value_parser = variable)]
    set: Vec<(String, Part)>,
    /// Write what was refused, and why, to this file as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The command and its arguments
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

fn variable(text: &str) -> Result<(String, Part), String> {
    let parts = Part::ALL.map(|(name, _)| name).join(", ");
    let expected = || format!("expected NAME=PART, with PART one of {parts}");
    let (name, part) = text.split_once('=').ok_or_else(expected)?;
    if name.is_empty() {
        return Err(expected());
    }
    let known = Part::ALL.into_iter().find(|(known, _)| *known == part);
    let (_, part) = known.ok_or_else(|| format!("there is no part {part:?}: {}", expected()))?;
    Ok((name.to_owned(), part))
}

pub(crate) fn run(args: Args, output: Output) -> Result<ExitCode, Failure> {
    let key = CreateKey {
        name: "with-platform".to_owned(),
        client: None,
        scopes: match args.scopes {
            chosen if !chosen.is_empty() || args.no_scope => chosen,
            _ => platform::every_scope(),
        },
        limit_per_minute: args.limit,
        allow: args.allow,
        may_sign: args.may_sign,
        ..CreateKey::default()
    };
    let options = ServeOptions {
        port: 0,
        virtual_clock: args.virtual_clock,
        capture_bodies: true,
        scenario: args.scenario.map(|scenario| Play {
            scenario,
            seed: args.seed,
        }),
        ..ServeOptions::default()
    };
    let (status, report) = runtime::on_every_core()?.block_on(platform::with_platform(
        options,
        &key,
        async |handed| command(&args.command, handed, &args.set).await,
    ))?;
    if let Some(file) = &args.report {
        let json = serde_json::to_vec_pretty(&report).map_err(io::Error::from);
        json.and_then(|json| fs::write(file, json))
            .map_err(|error| {
                let message = format!("the report {} can't be written: {error}", file.display());
                Failure::new(ErrorCode::Failed, message)
            })?;
    }
    output.remark(|err| show(err, &report));
    Ok(exit_code(status))
}

async fn command(
    words: &[OsString],
    handed: &Handed,
    own: &[(String, Part)],
) -> Result<ExitStatus, Failure> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| Failure::new(ErrorCode::Usage, "no command was given"))?;
    let listening = |error: io::Error| {
        Failure::new(
            ErrorCode::Failed,
            format!("can't listen for signals: {error}"),
        )
    };
    // Ctrl-C reaches the command by itself, as one of the terminal's foreground: it ends as it likes,
    // and we after it.
    let _interrupt = signal(SignalKind::interrupt()).map_err(listening)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(listening)?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .envs(handed.variables(own))
        .spawn()
        .map_err(|error| not_started(program, &error))?;
    loop {
        let ended = tokio::select! {
            ended = child.wait() => Some(ended),
            _ = terminate.recv() => None,
        };
        match (ended, child.id()) {
            (Some(ended), _) => {
                return ended.map_err(|error| Failure::new(ErrorCode::Failed, error.to_string()));
            }
            (None, Some(pid)) => {
                // If it has ended meanwhile, waiting says so.
                let _asked = process::ask_to_end(pid);
            }
            (None, None) => {}
        }
    }
}

fn not_started(program: &OsString, error: &io::Error) -> Failure {
    let (code, hint) = match error.kind() {
        io::ErrorKind::NotFound => (
            ErrorCode::NotFound,
            "give a program on the PATH or a path to one; for a line of shell: sh -c '...'",
        ),
        _ => (ErrorCode::Failed, "see whether you can start it by hand"),
    };
    let message = format!("{} can't be started: {error}", program.display());
    Failure::new(code, message).hint(hint)
}

/// As a shell would say it: the command's own code, or 128 and the signal that ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

fn show(err: &mut dyn Write, report: &Report) -> io::Result<()> {
    let Report {
        requests,
        refused,
        refusals,
    } = report;
    let count =
        |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    writeln!(
        err,
        "{STRONG}strongroom{STRONG:#}: {} to the platform, {refused} refused",
        count(*requests, "request")
    )?;
    for refusal in refusals {
        let explanation = &refusal.explanation;
        let rule = explanation.rule.map_or("", |rule| rule.id());
        let status = refusal.status;
        let times = match refusal.times {
            1 => String::new(),
            times => format!("  {DIM}{times} times{DIM:#}"),
        };
        writeln!(
            err,
            "  {BAD}{status} {rule}{BAD:#}  {}{times}",
            refusal.route
        )?;
        writeln!(err, "      {}", printable(&explanation.cause, false))?;
        if let Some(fix) = &explanation.fix {
            writeln!(
                err,
                "      {ACCENT}Fix:{ACCENT:#} {}",
                printable(fix, false)
            )?;
        }
    }
    let untold = report.untold();
    if untold > 0 {
        writeln!(err, "  {DIM}({untold} more refusals are not shown){DIM:#}")?;
    }
    Ok(())
}
