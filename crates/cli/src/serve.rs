//! `serve`: the local platform, in the foreground.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use serde::Serialize;
use strongroom_contract::{error::Failure, platform::PlatformAddress};
use strongroom_workbench::{
    home::Home,
    platform::{self, Play, Scenario, ServeOptions, Staged},
};

use crate::{
    output::Output,
    runtime, signals,
    style::{ACCENT, DIM, GOOD, STRONG, WARN},
};

const AFTER_HELP: &str = "\
It needs no vault. With --json, the first line is {\"url\", \"ca\", \"pid\", \"state\"} once it accepts
connections. Ctrl-C or SIGTERM ends it.

Scenarios, each with a key made for it, on a state of its own that is gone with it, and with
--virtual-clock:
  expired-key  401: the key has expired
  tight-limit  429: three requests in every rolling minute
  ip-denied    403: the key may be used from elsewhere alone
  rotating     two secrets count, and one of them ends in an hour
  flaky        500, 503, late answers and cut connections, in four of ten requests";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The port, on loopback; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = ServeOptions::DEFAULT_PORT)]
    port: u16,
    /// The state directory [default: platform in the home]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Let `platform clock advance` move its clock: limits and expiry in a second
    #[arg(long)]
    virtual_clock: bool,
    /// Keep the bodies of refused requests, up to 64 KiB each
    #[arg(long)]
    capture_bodies: bool,
    /// Print nothing but the lines for a shell that point other programs here
    #[arg(long, conflicts_with = "json")]
    print_env: bool,
    /// Write a copy of every checkpoint of the audit log to this file, outside of the state
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// A proxy (CIDR or address) that is believed when it says whom it speaks for; repeatable
    #[arg(long = "trust-proxy", value_name = "CIDR")]
    trust_proxies: Vec<String>,
    /// Play a scenario: a key that meets a rule, and what a client needs to meet it too
    #[arg(long, value_name = "NAME", conflicts_with_all = ["trust_proxies"])]
    scenario: Option<Scenario>,
    /// What the faults of the scenario flaky follow from
    #[arg(long, value_name = "N", requires = "scenario", default_value_t = 1)]
    seed: u64,
    /// The header in which it says so: x-forwarded-for or forwarded [default: x-forwarded-for]
    #[arg(long, value_name = "NAME", requires = "trust_proxies")]
    proxy_header: Option<String>,
}

pub(crate) fn run(args: Args, output: Output) -> Result<ExitCode, Failure> {
    // As many connections as the system allows: this process has nothing else to do.
    platform::raise_open_files();
    let home = Home::from_environment()?;
    let options = ServeOptions {
        port: args.port,
        or_any_port: false,
        state: args.state,
        virtual_clock: args.virtual_clock,
        capture_bodies: args.capture_bodies,
        checkpoint: args.checkpoint,
        trust_proxies: args.trust_proxies,
        proxy_header: args.proxy_header,
        scenario: args.scenario.map(|scenario| Play {
            scenario,
            seed: args.seed,
        }),
    };
    runtime::serve(async {
        let stop = signals::told_to_stop()?;
        let ready = |address: &PlatformAddress, scenario: Option<Staged>| match args.print_env {
            true => output.text(|out| {
                let key = scenario.as_ref().map(platform::scenario_lines);
                let key = key.unwrap_or_default();
                write!(out, "{}{key}", platform::environment_lines(address))
            }),
            false => {
                let started = Started { address, scenario };
                output.print(&started, |out| show(out, &started))
            }
        };
        platform::serve(&home, options, ready, stop).await
    })?;
    if !args.print_env {
        output.text(|out| writeln!(out, "stopped"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The first line.
#[derive(Serialize)]
struct Started<'a> {
    #[serde(flatten)]
    address: &'a PlatformAddress,
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<Staged>,
}

fn show(out: &mut dyn Write, started: &Started<'_>) -> io::Result<()> {
    let address = started.address;
    let PlatformAddress { url, ca, state, .. } = address;
    writeln!(
        out,
        "{GOOD}✓{GOOD:#} the local platform accepts connections at {STRONG}{url}{STRONG:#}"
    )?;
    if address.virtual_clock {
        writeln!(
            out,
            "  {WARN}virtual clock{WARN:#}: `strongroom platform clock advance DURATION`"
        )?;
    }
    writeln!(out, "  {DIM}state{DIM:#}  {state}")?;
    writeln!(out, "  {DIM}CA{DIM:#}     {ca}")?;
    writeln!(out, "\nWhat makes other programs trust it:")?;
    for line in platform::trust_lines(ca) {
        writeln!(out, "  {ACCENT}{line}{ACCENT:#}")?;
    }
    if let Some(staged) = &started.scenario {
        show_scenario(out, staged)?;
    }
    writeln!(out, "\nCtrl-C ends it.")
}

fn show_scenario(out: &mut dyn Write, staged: &Staged) -> io::Result<()> {
    let Staged {
        scenario,
        app_id,
        secret_key,
        next_secret_key,
        seed,
        expect,
    } = staged;
    writeln!(
        out,
        "\nThe scenario {STRONG}{scenario}{STRONG:#}, with a key made for it:"
    )?;
    writeln!(out, "  {DIM}app-id{DIM:#}      {app_id}")?;
    writeln!(
        out,
        "  {DIM}secret-key{DIM:#}  {}",
        secret_key.expose_secret()
    )?;
    if let Some(next) = next_secret_key {
        writeln!(out, "  {DIM}the next{DIM:#}    {}", next.expose_secret())?;
    }
    if let Some(seed) = seed {
        writeln!(out, "  {DIM}seed{DIM:#}        {seed}")?;
    }
    writeln!(out, "  {DIM}expect{DIM:#}      {expect}")
}
