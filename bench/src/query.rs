//! Questions to an audit log of ten million rows, over HTTPS as the command and the window ask them,
//! beside `grep` over the same rows as text; and the proof, the index and the export of all of it
//! beside a bare digest.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use strongroom_contract::{
    audit::AuditQuery, export::ExportFormat, manage::CreateKey, time::UnixMillis,
};
use strongroom_server::{Config, Running, Server};
use strongroom_testkit::{Home, Platform as Served};
use strongroom_workbench::platform::{Platform, export_to_file};
use tokio::runtime::Runtime;

use crate::{
    harness::{Goal, Pair, Row, Stopped, Unit, seconds},
    read::quiet,
};

const ROWS: u64 = 10_000_000;
/// Keys that the requests are of.
const KEYS: usize = 200;
/// How many rows a question is answered with.
const PAGE: u32 = 100;
/// What a question may take.
const MOST: Duration = Duration::from_millis(10);
const ROUNDS: usize = 15;
/// The time that the rows are spread over.
const SPREAD: Duration = Duration::from_secs(30 * 86_400);

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state");
    let runtime = Runtime::new()?;
    let keys = runtime.block_on(fill(&state))?;

    let home = Home::new();
    let mut command = home.command(["serve", "--json", "--port", "0", "--state"]);
    command.arg(&state);
    let served = Served::start_command(&home, command);
    let address = served.address();
    let owner = state.join("owner.key");
    let platform = Platform::of(&address.url, Path::new(&address.ca), &owner).map_err(told)?;
    let mut table = Table {
        runtime,
        platform,
        log: state.join("audit").display().to_string(),
        text: folder.path().join("rows.jsonl"),
        rows: Vec::new(),
    };
    table.export()?;
    for (what, parameters, grep) in questions(&keys) {
        table.question(&what, &parameters, &grep)?;
    }
    table.whole()?;
    Ok(table.rows)
}

/// What is asked: in words, as parameters, and as patterns that all have to be in a line.
type Question = (String, Vec<(&'static str, String)>, Vec<String>);

fn questions(keys: &[String]) -> Vec<Question> {
    let key = keys.get(keys.len() / 2).cloned().unwrap_or_default();
    let payouts = "POST /api/v2/payouts";
    let asked = |what: &str, parameters: &[(&'static str, &str)], grep: &[&str]| {
        let owned = |(name, value): &(&'static str, &str)| (*name, (*value).to_owned());
        (
            what.to_owned(),
            parameters.iter().map(owned).collect(),
            grep.iter().map(|it| (*it).to_owned()).collect(),
        )
    };
    vec![
        asked("the last 100", &[], &[]),
        asked("of a key", &[("key", &key)], &[&key]),
        asked("of a route", &[("route", payouts)], &[payouts]),
        asked("with a text", &[("text", "detail")], &["detail"]),
        asked(
            "of a source",
            &[("source", "10.0.1.77")],
            &["\"source\":\"10.0.1.77\""],
        ),
        asked(
            "of a key, refused by a rule",
            &[("key", &key), ("rule", "rate")],
            &[&key, "\"rule\":\"rate\""],
        ),
    ]
}

/// A log of [`ROWS`] rows, by the code that writes those of real requests: the keys.
async fn fill(state: &Path) -> Result<Vec<String>, Stopped> {
    let mut config = Config::in_directory(state.to_owned());
    config.address.set_port(0);
    let server: Running = Server::start(config).await?;
    let owner = server.owner_key_path();
    let platform = Platform::of(server.url(), server.ca_path(), &owner).map_err(told)?;
    let mut keys = Vec::new();
    for number in 0..KEYS {
        let wanted = CreateKey {
            name: format!("shop {number}"),
            ..CreateKey::default()
        };
        keys.push(platform.create_key(&wanted).await.map_err(told)?.app_id);
    }
    let until = platform.clock().await.map_err(told)?.now;
    let spread = u64::try_from(SPREAD.as_millis()).unwrap_or(u64::MAX);
    let from = UnixMillis(until.0.saturating_sub(spread));
    server.rehearse(ROWS, from, until).await?;
    server.shutdown().await;
    Ok(keys)
}

struct Table {
    runtime: Runtime,
    platform: Platform,
    log: String,
    /// The rows as text.
    text: std::path::PathBuf,
    rows: Vec<Row>,
}

impl Table {
    /// A question, beside `grep` if that could answer it, and else beside what it may take.
    fn question(
        &mut self,
        what: &str,
        parameters: &[(&str, String)],
        grep: &[String],
    ) -> Result<(), Stopped> {
        let mut query = AuditQuery::default();
        for (name, value) in parameters {
            query.set(name, value)?;
        }
        let Self {
            runtime, platform, ..
        } = self;
        let ask = || {
            seconds(|| {
                let page = runtime.block_on(platform.search_audit(&query, PAGE, None));
                match page.map_err(told)?.rows.len() {
                    100 => Ok(()),
                    found => Err(Stopped::because(format!("{what}: {found} rows were found"))),
                }
            })
        };
        // Asked once, unmeasured.
        let _ = ask()?;
        if grep.is_empty() {
            let pair = Pair::alternate(ROUNDS, ask, || Ok(MOST.as_secs_f64()))?;
            self.answered(what, "10 ms", pair, 1.0);
            return Ok(());
        }
        let greps: String = grep
            .iter()
            .map(|pattern| format!("grep -F '{pattern}' | "))
            .collect();
        let line = format!(
            "<'{}' {greps} tail -n {PAGE} >/dev/null",
            self.text.display()
        );
        let pair = Pair::alternate(3, ask, || {
            let mut shell = Command::new("sh");
            shell.args(["-c", &line]).env("LC_ALL", "C");
            quiet(shell)
        })?;
        self.answered(what, "grep over the rows as text", pair, 0.1);
        Ok(())
    }

    fn answered(&mut self, what: &str, peer: &str, pair: Pair, most: f64) {
        self.rows.push(Row {
            what: format!("audit: {what}, of {ROWS} rows"),
            peer: peer.to_owned(),
            unit: Unit::Seconds,
            pair,
            goal: Goal::AtMost(most),
        });
    }

    /// All rows as text, proven and signed on their way.
    fn export(&mut self) -> Result<(), Stopped> {
        let begun = Instant::now();
        let exported = self.runtime.block_on(export_to_file(
            &self.platform,
            &AuditQuery::default(),
            ExportFormat::Jsonl,
            &self.text,
            false,
            |_| (),
        ));
        let took = begun.elapsed().as_secs_f64();
        let exported = exported.map_err(told)?;
        let mut digest = Command::new("sha256sum");
        digest.arg(&self.text);
        let digested = quiet(digest)?;
        self.rows.push(Row {
            what: format!(
                "`platform audit export`, {} rows, {:.1} GB",
                exported.proof.rows,
                gigabytes(exported.proof.bytes)
            ),
            peer: "sha256sum of the file".to_owned(),
            unit: Unit::Seconds,
            pair: Pair::of(took, digested),
            goal: Goal::AtMost(10.0),
        });
        Ok(())
    }

    /// What reads the whole log.
    fn whole(&mut self) -> Result<(), Stopped> {
        let digest = || {
            let mut digest = Command::new("sh");
            digest.args([
                "-c",
                "find \"$1\" -type f -exec sha256sum {} +",
                "sh",
                &self.log,
            ]);
            quiet(digest)
        };
        let Self {
            runtime, platform, ..
        } = self;
        let verify = || {
            seconds(|| {
                let said = runtime.block_on(platform.verify_audit()).map_err(told)?;
                match said.ok {
                    true => Ok(()),
                    false => Err(Stopped::because("the log does not verify")),
                }
            })
        };
        let verified = Pair::alternate(3, verify, digest)?;
        let reindex = || {
            seconds(|| {
                let made = runtime.block_on(platform.reindex_audit()).map_err(told)?;
                match made.rows >= ROWS {
                    true => Ok(()),
                    false => Err(Stopped::because("rows are missing in the index")),
                }
            })
        };
        let indexed = Pair::alternate(1, reindex, digest)?;
        for (what, pair, most) in [("verify", verified, 3.0), ("reindex", indexed, 10.0)] {
            self.rows.push(Row {
                what: format!("`platform audit {what}`, {ROWS} rows"),
                peer: "sha256sum of the log".to_owned(),
                unit: Unit::Seconds,
                pair,
                goal: Goal::AtMost(most),
            });
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

fn told(failure: strongroom_contract::error::Failure) -> Stopped {
    Stopped::because(failure.to_string())
}
