//! A secret through the agent, as a whole process, beside the least that a process can do.

use std::process::{Command, Stdio};

use strongroom_testkit::{Home, Vault};

use crate::harness::{Goal, Pair, Row, Stopped, Unit, seconds};

const RUNS: usize = 301;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let home = Home::new();
    let vault = Vault::create(&home);
    let _ = vault.unlock(&["--allow-read"]).exited(0);
    let _ = home
        .run_with(
            "a secret to read",
            &["key", "add", "payments", "--secret-stdin"],
        )
        .exited(0);
    let pair = Pair::alternate(
        RUNS,
        || quiet(home.command(["read", "sr://payments/secret"])),
        || {
            let mut nothing = Command::new("env");
            nothing.arg("true");
            quiet(nothing)
        },
    )?;
    Ok(vec![Row {
        what: "`strongroom read`, a whole process".to_owned(),
        peer: "`env true`".to_owned(),
        unit: Unit::Seconds,
        pair,
        goal: Goal::AtMost(5.0),
    }])
}

/// Seconds that a run of `command` takes, which has to succeed.
pub(crate) fn quiet(mut command: Command) -> Result<f64, Stopped> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    seconds(|| {
        let status = command.status()?;
        if status.success() {
            Ok(())
        } else {
            Err(Stopped::because(format!("{command:?} ended with {status}")))
        }
    })
}
