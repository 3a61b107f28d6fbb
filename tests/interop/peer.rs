//! The Python process that answers for its libraries, one for all tests.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{LazyLock, Mutex},
};

use serde_json::Value;
use strongroom_crypto::SecretText;
use strongroom_signing::{Field, Settings, Signed};

struct Peer {
    _process: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

static PEER: LazyLock<Mutex<Peer>> = LazyLock::new(|| {
    let peers = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("peers");
    let python = peers.join("bin/python");
    assert!(
        python.exists(),
        "the Python peers are not installed in {}: run `make setup`",
        peers.display()
    );
    // It ends by itself when its stdin does, with this process.
    let mut process = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/interop/peer.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    Mutex::new(Peer {
        asked: process.stdin.take().unwrap(),
        answers: BufReader::new(process.stdout.take().unwrap()),
        _process: process,
    })
});

/// Asks the peer; what it says if it takes what it was given, or why it does not.
pub(crate) fn ask(question: &Value) -> Result<Value, String> {
    // A test that failed while it held the lock has left no half answer behind.
    let mut peer = PEER.lock().unwrap_or_else(|held| held.into_inner());
    writeln!(peer.asked, "{question}").unwrap();
    let mut line = String::new();
    peer.answers.read_line(&mut line).unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap();
    match &answer["error"] {
        Value::String(error) => Err(error.clone()),
        _ => Ok(answer["ok"].clone()),
    }
}

/// Header lines that a test owns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(pub(crate) Vec<(String, String)>);

impl Lines {
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Self(pairs.iter().map(owned).collect())
    }

    /// Those of an answer: a list of pairs.
    pub(crate) fn read(answer: &Value) -> Self {
        Self(serde_json::from_value(answer["headers"].clone()).unwrap())
    }

    pub(crate) fn fields(&self) -> Vec<Field<'_>> {
        self.0
            .iter()
            .map(|(name, value)| Field::new(name, value.as_bytes()))
            .collect()
    }

    pub(crate) fn and(&self, signed: &Signed) -> Self {
        let mut lines = self.clone();
        for header in &signed.headers {
            let value = header.value.expose_secret().to_owned();
            lines.0.push((header.name.clone().into_owned(), value));
        }
        lines
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        let line = self
            .0
            .iter()
            .find(|(line, _)| line.eq_ignore_ascii_case(name));
        line.map_or_else(|| panic!("no header {name}"), |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        let pairs = self.0.iter().cloned();
        pairs
            .map(|(name, value)| (name, Value::from(value)))
            .collect()
    }
}

pub(crate) fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

pub(crate) fn settings(pairs: &[(&str, &str)]) -> Settings {
    Lines::of(pairs).0.into_iter().collect()
}

/// The key pairs of `crates/crypto/tests/data/keys`.
macro_rules! key {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/crates/crypto/tests/data/keys/",
            $name,
            ".pem"
        ))
    };
}
pub(crate) use key;

/// How many random cases each property runs: few by default, as many as `make soak` says.
pub(crate) fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(48)
}
