//! `strongroom send`, as a whole process with one request, beside curl with the same one.

use std::process::Command;

use crate::{
    harness::{Goal, Pair, Row, Stopped, Unit},
    read::quiet,
    server::Loaded,
};

const RUNS: usize = 101;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let loaded = Loaded::start()?;
    let url = loaded.platform.url("/api/v1/ping");
    let ca = loaded.platform.address().ca.clone();
    let pair = Pair::alternate(
        RUNS,
        || {
            quiet(
                loaded
                    .home
                    .command(["send", "--fail", "GET", &url, "--key", "load"]),
            )
        },
        || {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--fail", "--cacert", &ca])
                .args(["--header", &format!("app-id: {}", loaded.app_id)])
                .args(["--header", &format!("secret-key: {}", loaded.secret)])
                .arg(&url);
            quiet(curl)
        },
    )?;
    Ok(vec![Row {
        what: "`strongroom send`, a whole process".to_owned(),
        peer: "curl".to_owned(),
        unit: Unit::Seconds,
        pair,
        goal: Goal::AtMost(1.2),
    }])
}
