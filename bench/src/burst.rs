//! `strongroom burst` with a fresh RFC 9421 signature for each request, beside wrk without any, against
//! one server that checks nothing: what signing costs whoever measures a limit.
//!
//! Both have one core and 32 connections that are reused; the server has the other core.

use std::process::{Command, Stdio};

use strongroom_testkit::{Home, Vault};

use crate::{
    harness::{Goal, Pair, Row, Stopped, Unit},
    nginx::{AccessLog, Nginx, SINK},
    wrk,
};

const ROUNDS: usize = 5;
const SECONDS: u32 = 4;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let home = Home::new();
    let vault = Vault::create(&home);
    let _ = vault.unlock(&[]).exited(0);
    let nginx = Nginx::start("/unused", "", ("nobody", "nothing"), AccessLog::Buffered)?;
    let url = nginx.url(SINK);
    let authority = url.trim_start_matches("https://").trim_end_matches(SINK);
    let _ = home
        .run_with(
            "a secret as long as the ones that the platform makes",
            &[
                "key",
                "add",
                "load",
                "--id",
                "app-load",
                "--scheme",
                "rfc9421-hmac-sha256",
                "--host",
                authority,
                "--secret-stdin",
            ],
        )
        .exited(0);
    let owner = home
        .owner()
        .ok_or_else(|| Stopped::because("nobody owns the vault"))?;
    pin(owner.as_raw_nonzero().get())?;
    let certificate = nginx.certificate().display().to_string();
    let burst = |seconds: u32| {
        let sent = home
            .run(&[
                "burst",
                "GET",
                &url,
                "--key",
                "load",
                "--ca",
                &certificate,
                "--concurrency",
                "32",
                "--for",
                &format!("{seconds}s"),
                "--json",
            ])
            .exited(0)
            .document();
        if sent["sent"] != sent["accepted"] {
            return Err(Stopped::because(format!(
                "not all came back: {}",
                sent["failures"]
            )));
        }
        sent["rate"]
            .as_f64()
            .ok_or_else(|| Stopped::because("a burst says no rate"))
    };
    // Warmed, unmeasured.
    let _ = burst(1)?;
    let _ = wrk::load(&url, &[], 1)?;
    let pair = Pair::alternate(
        ROUNDS,
        || burst(SECONDS),
        || Ok(wrk::load(&url, &[], SECONDS)?.per_second),
    )?;
    Ok(vec![Row {
        what: "`strongroom burst`, each request with a fresh RFC 9421 signature".to_owned(),
        peer: "wrk, nothing signed".to_owned(),
        unit: Unit::PerSecond,
        pair,
        goal: Goal::AtLeast(0.8),
    }])
}

/// Puts every thread of a process on the core that wrk's load comes from.
fn pin(process: i32) -> Result<(), Stopped> {
    let status = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", wrk::LOAD_CORE])
        .arg(process.to_string())
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(Stopped::because("taskset can't pin the vault's owner"));
    }
    Ok(())
}
