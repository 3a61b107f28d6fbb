//! Hostile requests, byte for byte: one file of `tests/data/hostile` for each rule.
//!
//! A file says what is sent over one connection and which answers come back until the platform
//! closes it. Most end with a good request, so that a parser that lost its place shows; where the
//! platform must not go on, what looks like a second request must stay without an answer. Every
//! answer has its row in the audit log, and nothing else has one.

use std::{fs, path::Path, sync::Arc, time::Duration};

use proptest::{
    prelude::*,
    test_runner::{Config as Cases, TestRunner},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    stage::{Key, Stage},
    wire::{Answer, answers},
};

/// What is sent, and what is to come back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    source: String,
    send: Vec<Piece>,
    /// The statuses, in their order.
    answers: Vec<u16>,
    /// The rule that refuses the last request that is not let through.
    rule: Option<String>,
    /// Whether the answers have no body, as those to HEAD.
    #[serde(default)]
    bodiless: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Piece {
    Text(String),
    Repeated { repeat: String, times: usize },
    Bytes { bytes: Vec<u8> },
}

/// A platform with a key, and what the files call by name.
struct Scene {
    stage: Stage,
    names: Vec<(&'static str, String)>,
}

impl Scene {
    async fn new() -> Self {
        let stage = Stage::with(|config| {
            // Every one of them fails, from one source.
            config.limits.failures_per_source = u32::MAX;
        })
        .await;
        let wanted = json!({ "limit_per_minute": 1_000_000, "scopes": ["payins:write"] });
        let Key { app_id, secret } = stage.key(wanted).await;
        let lines = |end: &str| format!("app-id: {app_id}{end}secret-key: {secret}{end}");
        let credentials = lines("\r\n");
        let start = "GET /api/v1/ping HTTP/1.1\r\nhost: localhost\r\n";
        let ping = format!("{start}{credentials}\r\n");
        let names = vec![
            (
                "{last}",
                format!("{start}connection: close\r\n{credentials}\r\n"),
            ),
            ("{ping-length}", ping.len().to_string()),
            ("{ping-length-hex}", format!("{:x}", ping.len())),
            ("{ping}", ping),
            ("{credentials}", credentials),
            ("{credentials-lf}", lines("\n")),
            ("{owner}", format!("authorization: {}\r\n", stage.bearer())),
        ];
        Self { stage, names }
    }

    fn fill(&self, text: &str) -> Vec<u8> {
        let filled = self
            .names
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(name, value)
            });
        filled.into_bytes()
    }

    fn bytes(&self, case: &Case) -> Vec<u8> {
        let pieces = case.send.iter().map(|piece| match piece {
            Piece::Text(text) => self.fill(text),
            Piece::Repeated { repeat, times } => self.fill(repeat).repeat(*times),
            Piece::Bytes { bytes } => bytes.clone(),
        });
        pieces.collect::<Vec<_>>().concat()
    }

    /// Sends `pieces`, each in a write of its own, and reads until the platform closes.
    async fn exchange(&self, pieces: &[&[u8]], gives_up: bool) -> Vec<u8> {
        let stream = self.stage.tls().await.unwrap();
        let (mut reads, mut writes) = tokio::io::split(stream);
        let send = async {
            for piece in pieces {
                // The platform may answer, and close, before all of it was sent.
                if writes.write_all(piece).await.is_err() || writes.flush().await.is_err() {
                    return;
                }
            }
            if gives_up {
                let _gone = writes.shutdown().await;
            }
        };
        let mut answer = Vec::new();
        let read = async {
            let _reset = reads.read_to_end(&mut answer).await;
        };
        // Not a limit that is tested: a parser that waits for more hangs, and is found so.
        let both = async { tokio::join!(send, read) };
        let ended = tokio::time::timeout(Duration::from_secs(60), both).await;
        assert!(ended.is_ok(), "the connection was left open");
        answer
    }

    /// Where the audit log ends.
    async fn end_of_log(&self) -> u64 {
        let tail = self.stage.manage("GET", "/audit/rows", Value::Null).await;
        tail.json()["next"].as_u64().unwrap()
    }

    /// The rows since `from`, but those of looking at them.
    async fn rows(&self, from: u64) -> Vec<Value> {
        let path = format!("/audit/rows?limit=1000&from_row={from}");
        let rows = self.stage.manage("GET", &path, Value::Null).await.json();
        let rows = rows["rows"].as_array().unwrap().iter();
        rows.filter(|row| row["act"] != "audit.list")
            .cloned()
            .collect()
    }
}

/// What every answer must be, whatever was sent.
fn is_sound(answer: &Answer) -> Result<(), String> {
    const HEADERS: [&str; 13] = [
        "allow",
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "date",
        "location",
        "pragma",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "www-authenticate",
        "x-request-id",
    ];
    if answer.status >= 500 {
        return Err(format!("a fault of ours: {answer:?}"));
    }
    if answer.status >= 200 && answer.header("x-request-id").is_none() {
        return Err(format!("no request id: {answer:?}"));
    }
    let strange = answer
        .headers
        .iter()
        .find(|(name, _)| !HEADERS.contains(&name.as_str()));
    if let Some((name, _)) = strange {
        return Err(format!("a header {name:?}: {answer:?}"));
    }
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    if text.contains("canary") {
        return Err(format!("it repeats what was sent: {answer:?}"));
    }
    Ok(())
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let case: Self =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!case.about.is_empty() && !case.source.is_empty());
        case
    }

    /// Sends it in `pieces`; what is not as the file says.
    async fn check(&self, scene: &Scene, pieces: &[&[u8]]) -> Result<(), String> {
        let from = scene.end_of_log().await;
        let bytes = scene.exchange(pieces, false).await;
        let answers = answers(&bytes, self.bodiless)?;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        if statuses != self.answers {
            return Err(format!("answered {statuses:?}, not {:?}", self.answers));
        }
        answers.iter().try_for_each(is_sound)?;
        let ids: Vec<_> = answers
            .iter()
            .filter_map(|answer| answer.header("x-request-id"))
            .collect();
        let rows = scene.rows(from).await;
        let audited: Vec<_> = rows
            .iter()
            .map(|row| row["request_id"].as_str().unwrap())
            .collect();
        if audited != ids {
            return Err(format!("answered {ids:?}, but the log has {rows:?}"));
        }
        if let Some(rule) = &self.rule {
            let refused = rows.iter().rfind(|row| row["rule"].is_string());
            let by = refused.map(|row| row["rule"].as_str().unwrap());
            if by != Some(rule) {
                return Err(format!("refused by {by:?}, not {rule:?}"));
            }
        }
        Ok(())
    }
}

/// Every file of the folder, with its name.
fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hostile");
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut cases: Vec<_> = paths.map(|path| (name(&path), Case::read(&path))).collect();
    cases.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert!(cases.len() >= 100, "only {} files", cases.len());
    cases
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hostile_request_is_answered_as_its_file_says_and_none_is_smuggled() {
    let scene = Scene::new().await;
    let mut problems = Vec::new();
    for (name, case) in cases() {
        let bytes = scene.bytes(&case);
        let halves = bytes.split_at(bytes.len() / 2);
        let whole: Vec<&[u8]> = vec![&bytes];
        // Byte by byte, so that no rule stands on where a record of TLS ends.
        let single: Vec<_> = bytes.chunks(1.max(bytes.len() / 2_000)).collect();
        for (manner, pieces) in [
            ("whole", whole),
            ("in halves", vec![halves.0, halves.1]),
            ("byte by byte", single),
        ] {
            if let Err(problem) = case.check(&scene, &pieces).await {
                problems.push(format!("{name}, {manner} ({}): {problem}", case.about));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A change to the bytes of a request.
#[derive(Debug, Clone)]
enum Change {
    Put(prop::sample::Index, u8),
    Cut(prop::sample::Index, usize),
    Again(prop::sample::Index, usize),
    Insert(prop::sample::Index, &'static str),
}

/// What parsers stumble over.
const STUMBLING: [&str; 12] = [
    "\r",
    "\n",
    "\r\n\r\n",
    "\0",
    " ",
    ":",
    "0\r\n\r\n",
    "transfer-encoding: chunked\r\n",
    "content-length: 1\r\n",
    "host: localhost\r\n",
    "HTTP/1.1",
    "\u{ff1a}",
];

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Change::Put(at, byte)),
        (index(), 1..40usize).prop_map(|(at, length)| Change::Cut(at, length)),
        (index(), 1..200usize).prop_map(|(at, length)| Change::Again(at, length)),
        (index(), prop::sample::select(&STUMBLING[..])).prop_map(|(at, it)| Change::Insert(at, it)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        match change {
            Change::Put(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Change::Cut(at, length) => {
                let at = at.index(bytes.len());
                bytes.drain(at..bytes.len().min(at + length));
            }
            Change::Again(at, length) => {
                let at = at.index(bytes.len());
                let again = bytes[at..bytes.len().min(at + length)].to_vec();
                bytes.splice(at..at, again);
            }
            Change::Insert(at, text) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, text.bytes());
            }
        }
    }
    bytes
}

/// How many are tried: few by default, as many as `make soak` says.
fn tries() -> u32 {
    let cases = std::env::var("PROPTEST_CASES");
    cases.ok().and_then(|it| it.parse().ok()).unwrap_or(128)
}

#[test]
fn whatever_a_hostile_request_becomes_each_answer_has_its_row_and_none_is_a_fault() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let scene = Arc::new(runtime.block_on(Scene::new()));
    // The long ones say nothing more when they are changed.
    let short: Vec<_> = cases()
        .iter()
        .map(|(_, case)| scene.bytes(case))
        .filter(|bytes| bytes.len() < 4_000)
        .collect();
    let inputs = (
        prop::sample::select(short),
        prop::collection::vec(change(), 1..4),
    )
        .prop_map(|(bytes, changes)| changed(bytes, &changes));
    let mut runner = TestRunner::new(Cases {
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Cases::with_cases(tries())
    });
    let outcome = runner.run(&inputs, |bytes| {
        runtime.block_on(async {
            let from = scene.end_of_log().await;
            let answer = scene.exchange(&[&bytes], true).await;
            let is_head = bytes.windows(5).any(|five| five == b"HEAD ");
            if is_head {
                return Ok(());
            }
            let answers = answers(&answer, false).map_err(TestCaseError::fail)?;
            let sound = answers.iter().try_for_each(is_sound);
            sound.map_err(TestCaseError::fail)?;
            // Whoever has gone away may have a row and no answer, never the other way round.
            let rows = scene.rows(from).await;
            for answer in answers.iter().filter(|answer| answer.status >= 200) {
                let id = answer.header("x-request-id").unwrap();
                prop_assert!(rows.iter().any(|row| row["request_id"] == id), "{id}");
            }
            Ok(())
        })
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
