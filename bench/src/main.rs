//! Measures Strongroom beside its peers, in the same run, and prints one table.
//!
//! `make bench`, or `make bench BENCH="--only NAME"`. Each bench is one file. A goal that is missed is
//! shown and fails nothing: a machine under load measures the load.

mod add;
mod answer;
mod audit;
mod burst;
mod debugger;
mod decision;
mod harness;
mod import;
mod keys;
mod limiter;
mod mocks;
mod nginx;
mod query;
mod read;
mod send;
mod server;
mod unlock;
mod window;
mod wrk;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use harness::{Row, Stopped};

// The allocator of the command, so that what runs in this process runs as it does there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Bench = fn() -> Result<Vec<Row>, Stopped>;

/// Every bench, in the order of the table.
const BENCHES: &[(&str, Bench)] = &[
    ("server", server::run),
    ("mocks", mocks::run),
    ("decision", decision::run),
    ("limiter", limiter::run),
    ("keys", keys::run),
    ("unlock", unlock::run),
    ("add", add::run),
    ("read", read::run),
    ("send", send::run),
    ("burst", burst::run),
    ("audit", audit::run),
    ("query", query::run),
    ("import", import::run),
    ("debugger", debugger::run),
    ("window", window::run),
    ("answer", answer::run),
];

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let chosen = match chosen(env::args().skip(1)) {
        Ok(chosen) => chosen,
        Err(stopped) => {
            let _ = writeln!(io::stderr(), "{stopped}");
            return ExitCode::from(2);
        }
    };
    match print(&mut out, &chosen) {
        Ok(code) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

fn chosen(
    mut arguments: impl Iterator<Item = String>,
) -> Result<Vec<(&'static str, Bench)>, Stopped> {
    let mut chosen = Vec::new();
    while let Some(argument) = arguments.next() {
        let name = match argument.as_str() {
            "--only" => arguments.next().unwrap_or_default(),
            _ => String::new(),
        };
        let bench = BENCHES.iter().find(|(known, _)| *known == name);
        chosen.push(*bench.ok_or_else(|| {
            let names: Vec<_> = BENCHES.iter().map(|(known, _)| *known).collect();
            Stopped::because(format!(
                "usage: [--only NAME]..., with NAME one of {}",
                names.join(", ")
            ))
        })?);
    }
    if chosen.is_empty() {
        chosen.extend(BENCHES);
    }
    Ok(chosen)
}

fn print(out: &mut impl Write, chosen: &[(&str, Bench)]) -> io::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    harness::heading(out)?;
    for (name, bench) in chosen {
        match bench() {
            Ok(rows) => {
                for row in rows {
                    writeln!(out, "{row}")?;
                }
            }
            Err(stopped) => {
                writeln!(out, "| {name} | not measured: {stopped} | | | |")?;
                code = ExitCode::FAILURE;
            }
        }
        out.flush()?;
    }
    Ok(code)
}
