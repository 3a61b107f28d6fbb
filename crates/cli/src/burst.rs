//! `burst`: one request many times over, to see where a limit is.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use strongroom_contract::{
    agent::{BurstStart, Event},
    burst::{BurstArgs, BurstReport},
    error::Failure,
    time::Span,
};

use crate::{
    client::{Client, ProgressLine},
    output::Output,
    send,
    style::{DIM, STRONG},
    text::{milliseconds, printable},
};

const AFTER_HELP: &str = "\
Each request is signed anew; connections are reused. Another machine than this one needs
--confirm-remote and a --rate, and is asked 10,000 times at most.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    request: send::Request,
    /// How many requests
    #[arg(long, value_name = "N", required_unless_present = "duration")]
    count: Option<u64>,
    /// For how long
    #[arg(long = "for", value_name = "DURATION")]
    duration: Option<Span>,
    /// At most so many a second; as fast as it goes if absent
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    /// Over how many connections at once
    #[arg(long, value_name = "C", default_value_t = 8)]
    concurrency: u32,
    /// Grow to the full height within this time
    #[arg(long, value_name = "DURATION")]
    ramp: Option<Span>,
    /// Wait once as long as a 429 asks for (2 min at most), and see whether that was true
    #[arg(long)]
    check_retry_after: bool,
    /// Agree that it goes to another machine than this one
    #[arg(long)]
    confirm_remote: bool,
}

pub(crate) fn run(args: Args, output: Output) -> Result<ExitCode, Failure> {
    let request = args.request.finished(0)?;
    let millis = |Span(span): Span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let burst = BurstArgs {
        request,
        count: args.count,
        for_ms: args.duration.map(millis),
        rate: args.rate,
        concurrency: args.concurrency,
        ramp_ms: args.ramp.map_or(0, millis),
        check_retry_after: args.check_retry_after,
        confirm_remote: args.confirm_remote,
    };
    let mut client = Client::connect(output)?;
    let mut line = ProgressLine::new(output);
    let report = client.inner().call::<BurstStart>(&burst, |mut progress| {
        if let Some(Event::BurstSample(sample)) = progress.event.take() {
            progress.stage = format!(
                "{} accepted, {} limited, {} other; p50 {}",
                sample.accepted,
                sample.limited,
                sample.other + sample.failed,
                milliseconds(sample.p50_ms)
            );
        }
        line.show(&progress);
    })?;
    drop(line);
    output.print(&report, |out| show(out, &report))?;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut dyn Write, report: &BurstReport) -> io::Result<()> {
    writeln!(out, "{STRONG}{}{STRONG:#}", report.summary)?;
    let latency = &report.latency;
    writeln!(
        out,
        "{} sent in {}, {:.0} a second",
        report.sent,
        milliseconds(report.total_ms),
        report.rate
    )?;
    for (status, count) in &report.statuses {
        writeln!(out, "  {status}: {count}")?;
    }
    for (why, count) in &report.failures {
        writeln!(out, "  no answer: {count} ({})", printable(why, false))?;
    }
    writeln!(
        out,
        "{DIM}p50 {}, p90 {}, p99 {}, longest {}{DIM:#}",
        milliseconds(latency.p50_ms),
        milliseconds(latency.p90_ms),
        milliseconds(latency.p99_ms),
        milliseconds(latency.max_ms)
    )
}
