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
    /// Within how many seconds 99 of 100 requests were answered.
    pub(crate) p99: f64,
}

/// What `url` answered with 2xx over `seconds`.
pub(crate) fn load(url: &str, headers: &[(&str, &str)], seconds: u32) -> Result<Answered, Stopped> {
    let mut command = Command::new("taskset");
    command
        .args(["-c", LOAD_CORE, "wrk", "-t1", "-c32", "--latency"])
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
    let p99 = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("99%"))
        .and_then(|figure| in_seconds(figure.trim()));
    let figures = figure(requests.map(|(count, _)| count)).zip(figure(per_second));
    figures
        .zip(p99)
        .map(|((requests, per_second), p99)| Answered {
            requests,
            per_second,
            p99,
        })
        .ok_or_else(|| Stopped::because(format!("wrk said: {said}")))
}

/// A time as wrk writes it: `816.00us`, `2.61ms`, `1.02s`.
fn in_seconds(text: &str) -> Option<f64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text.strip_prefix(digits)? {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    digits.parse::<f64>().ok().map(|figure| figure * factor)
}
