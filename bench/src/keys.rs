//! A platform with 100,000 keys beside the same without: how long it takes to start, and what each key
//! costs in memory. No limiter has begun: its memory grows with use, and has a row of its own.

use std::{fs, path::Path, time::Instant};

use strongroom_server::{Config, Server};
use strongroom_testkit::{Home, Platform as Served};
use tokio::runtime::Runtime;

use crate::harness::{Goal, Pair, Row, Stopped, Unit};

const KEYS: u32 = 100_000;
const ROUNDS: usize = 5;
/// What starting may take longer with all keys, in seconds.
const SLOWEST: f64 = 1.0;
/// What a key may cost, in bytes.
const DEAREST: f64 = 300.0;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let folder = in_memory()?;
    let (with, without) = (folder.path().join("with"), folder.path().join("without"));
    let runtime = Runtime::new()?;
    runtime.block_on(make(&with, KEYS))?;
    runtime.block_on(make(&without, 0))?;
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (empty_time, empty_size) = start(&without)?;
        let (time, size) = start(&with)?;
        times.push((time - empty_time, SLOWEST));
        sizes.push(((size - empty_size) / f64::from(KEYS), DEAREST));
    }
    Ok(vec![
        Row {
            what: format!("platform: loading {KEYS} keys at its start"),
            peer: "a second".to_owned(),
            unit: Unit::Seconds,
            pair: Pair::of_turns(&times),
            goal: Goal::AtMost(1.0),
        },
        Row {
            what: format!("platform: memory (PSS) of one of {KEYS} keys of 10,000 clients"),
            peer: "300 bytes".to_owned(),
            unit: Unit::Bytes,
            pair: Pair::of_turns(&sizes),
            goal: Goal::AtMost(1.0),
        },
    ])
}

/// A place that is not on a disk, where there is one: issuing a key waits for the disk.
fn in_memory() -> std::io::Result<tempfile::TempDir> {
    let place = Path::new("/dev/shm");
    match place.is_dir() {
        true => tempfile::tempdir_in(place),
        false => tempfile::tempdir(),
    }
}

async fn make(state: &Path, keys: u32) -> Result<(), Stopped> {
    let mut config = Config::in_directory(state.to_owned());
    config.address.set_port(0);
    let server = Server::start(config).await?;
    server.rehearse_keys(keys).await?;
    server.shutdown().await;
    Ok(())
}

/// Seconds until it accepts connections, and its memory then.
fn start(state: &Path) -> Result<(f64, f64), Stopped> {
    let home = Home::new();
    let mut command = home.command(["serve", "--json", "--port", "0", "--state"]);
    command.arg(state);
    let begun = Instant::now();
    let mut served = Served::start_command(&home, command);
    let took = begun.elapsed().as_secs_f64();
    let bytes = pss(served.address().pid)?;
    // Ended in order, so that the next start finds nothing to mend.
    let _code = served.interrupt();
    Ok((took, bytes))
}

/// The proportional set size of a process (proc(5)), in bytes.
fn pss(pid: u32) -> Result<f64, Stopped> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: Option<f64> = kilobytes.and_then(|text| text.trim().parse().ok());
    kilobytes
        .map(|kilobytes| kilobytes * 1024.0)
        .ok_or_else(|| Stopped::because("the system does not say how much memory a process has"))
}
