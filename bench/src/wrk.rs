//! wrk: 32 connections, kept alive, on a core of its own.

use std::process::Command;

use crate::harness::Stopped;

/// The core that a server runs on.
pub(crate) const SERVER_CORE: &str = "0";
/// The core that the load comes from.
const LOAD_CORE: &str = "1";

/// Requests a second that `url` answered with 2xx over `seconds`.
pub(crate) fn requests_per_second(
    url: &str,
    headers: &[(&str, &str)],
    seconds: u32,
) -> Result<f64, Stopped> {
    let mut command = Command::new("taskset");
    command
        .args(["-c", LOAD_CORE, "wrk", "-t1", "-c32"])
        .arg(format!("-d{seconds}s"));
    for (name, value) in headers {
        command.arg("-H").arg(format!("{name}: {value}"));
    }
    let output = command.arg(url).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let trouble = ["Non-2xx", "Socket errors"];
    if let Some(line) = said
        .lines()
        .find(|line| trouble.iter().any(|mark| line.contains(mark)))
    {
        return Err(Stopped::because(format!("{url}: {}", line.trim())));
    }
    said.lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"))
        .and_then(|figure| figure.trim().parse().ok())
        .ok_or_else(|| Stopped::because(format!("wrk said: {said}")))
}
