//! wrk: 32 connections, kept alive, on a core of its own.

use std::process::Command;

use crate::harness::Stopped;

/// The core that a server runs on.
pub(crate) const SERVER_CORE: &str = "0";
/// The core that the load comes from.
pub(crate) const LOAD_CORE: &str = "1";

/// What a run of load brought.
pub(crate) struct Answered {
    /// Requests.
    pub(crate) requests: f64,
    /// Requests a second.
    pub(crate) per_second: f64,
}

/// What `url` answered with 2xx over `seconds`.
pub(crate) fn load(url: &str, headers: &[(&str, &str)], seconds: u32) -> Result<Answered, Stopped> {
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
    let figure = |line: Option<&str>| line.and_then(|figure| figure.trim().parse().ok());
    let requests = said
        .lines()
        .find_map(|line| line.split_once(" requests in "));
    let per_second = said
        .lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"));
    figure(requests.map(|(count, _)| count))
        .zip(figure(per_second))
        .map(|(requests, per_second)| Answered {
            requests,
            per_second,
        })
        .ok_or_else(|| Stopped::because(format!("wrk said: {said}")))
}
