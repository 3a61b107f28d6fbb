//! Verifying the audit log beside a bare digest of the same bytes.

use std::process::Command;

use crate::{
    harness::{Goal, Pair, Row, Stopped, Unit},
    read::quiet,
    server::Loaded,
    wrk,
};

const ROUNDS: usize = 5;
/// Seconds of load that make the log: some hundred thousand rows.
const SECONDS: u32 = 8;

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let loaded = Loaded::start()?;
    let headers = [
        ("app-id", loaded.app_id.as_str()),
        ("secret-key", loaded.secret.as_str()),
    ];
    let _ = wrk::load(&loaded.platform.url("/api/v1/ping"), &headers, SECONDS)?;
    let log = format!("{}/audit", loaded.platform.address().state);
    let mut rows = 0;
    let pair = Pair::alternate(
        ROUNDS,
        || {
            let verify = || loaded.home.run(&["platform", "audit", "verify", "--json"]);
            crate::harness::seconds(|| {
                rows = verify().document()["rows"].as_u64().unwrap_or_default();
                Ok(())
            })
        },
        || {
            let mut digest = Command::new("sh");
            digest.args(["-c", "find \"$1\" -type f -exec sha256sum {} +", "sh", &log]);
            quiet(digest)
        },
    )?;
    Ok(vec![Row {
        what: format!("`platform audit verify`, {rows} rows"),
        peer: "sha256sum".to_owned(),
        unit: Unit::Seconds,
        pair,
        goal: Goal::AtMost(3.0),
    }])
}
