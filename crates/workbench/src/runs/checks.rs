//! Whether an answer is as expected. Each expectation gives one result, whether it held or not, and one
//! that makes no sense does not hold.

use std::{collections::BTreeMap, fs, path::PathBuf};

use regex::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;
use strongroom_contract::{
    compose::{Capture, Check, Expectations},
    exchange::Exchange,
    run::CheckResult,
};
use strongroom_formats::{expect::StatusMatch, template};

/// How much of a value is shown, in characters.
const SHOWN: usize = 200;
/// The longest regular expression, compiled, in bytes.
const REGEX_BYTES: usize = 1024 * 1024;
/// The longest schema that is read, in bytes.
const SCHEMA_BYTES: u64 = 4 * 1024 * 1024;

/// An answer, as far as it is looked at.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: Option<&'a str>,
    headers: &'a [(String, String)],
    total_ms: f64,
    is_whole: bool,
    /// The body as JSON; why it is none otherwise.
    json: Result<Value, String>,
}

impl<'a> Answer<'a> {
    pub(super) fn of(exchange: &'a Exchange) -> Self {
        let json = match &exchange.body {
            None => Err("the body is not text".to_owned()),
            Some(body) if body.is_empty() => Err("there is no body".to_owned()),
            Some(_) if exchange.body_truncated => {
                Err("the body is longer than what was kept of it".to_owned())
            }
            Some(body) => serde_json::from_str(body).map_err(|error| {
                format!(
                    "the body is not JSON (line {}, column {})",
                    error.line(),
                    error.column()
                )
            }),
        };
        Self {
            status: exchange.status,
            body: exchange.body.as_deref(),
            headers: &exchange.headers,
            total_ms: exchange.timings.total_ms,
            is_whole: !exchange.body_truncated,
            json,
        }
    }

    pub(super) fn header(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = name.to_ascii_lowercase();
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(&name))
            .map(|(_, value)| value.as_str())
    }
}

/// Every expectation, in the order of the file. `schema` is where the schema lies, with its name.
pub(super) fn all(
    expect: &Expectations,
    answer: &Answer<'_>,
    schema: Option<(&str, PathBuf)>,
    variables: &BTreeMap<String, String>,
) -> Vec<CheckResult> {
    let mut results = Vec::new();
    if !expect.status.is_empty() {
        let matches = |status: &String| {
            status
                .parse::<StatusMatch>()
                .is_ok_and(|status| status.matches(answer.status))
        };
        results.push(CheckResult {
            what: "status".to_owned(),
            expected: expect.status.join(" or "),
            observed: answer.status.to_string(),
            passed: expect.status.iter().any(matches),
        });
    }
    if let Some(most) = expect.time_ms {
        results.push(CheckResult {
            what: "time".to_owned(),
            expected: format!("at most {most} ms"),
            observed: format!("{:.0} ms", answer.total_ms),
            passed: answer.total_ms <= most as f64,
        });
    }
    for expected in &expect.headers {
        let values: Vec<Value> = answer.header(&expected.at).map(Value::from).collect();
        let what = format!("header {}", expected.at);
        results.push(held(
            what,
            &expected.check,
            Ok(values.iter().collect()),
            variables,
        ));
    }
    for expected in &expect.json {
        let what = format!("json {}", expected.at);
        let found = nodes(&expected.at, answer);
        results.push(held(what, &expected.check, found, variables));
    }
    if let Some((name, path)) = schema {
        results.push(satisfies(name, &path, answer));
    }
    results
}

/// The nodes of the body's JSON at a JSONPath (RFC 9535); why there are none to be had otherwise.
pub(super) fn nodes<'a>(path: &str, answer: &'a Answer<'_>) -> Result<Vec<&'a Value>, String> {
    let parsed = JsonPath::parse(path)
        .map_err(|error| format!("{path:?} is no JSONPath: {}", error.message()))?;
    let json = answer.json.as_ref().map_err(Clone::clone)?;
    Ok(parsed.query(json).all())
}

/// A value that was to be carried on and is not there.
pub(super) fn not_captured(capture: &Capture) -> CheckResult {
    CheckResult {
        what: format!("capture {}", capture.name),
        expected: "a value to carry on".to_owned(),
        observed: "the answer has none there".to_owned(),
        passed: false,
    }
}

fn held(
    what: String,
    check: &Check,
    found: Result<Vec<&Value>, String>,
    variables: &BTreeMap<String, String>,
) -> CheckResult {
    let expected = in_words(check, variables);
    let (observed, passed) = match (found, expected.1) {
        (Err(problem), _) | (_, Err(problem)) => (problem, false),
        (Ok(values), Ok(check)) => (observed(&values), check.holds(&values)),
    };
    CheckResult {
        what,
        expected: expected.0,
        observed,
        passed,
    }
}

/// A check that is ready to be made.
enum Ready {
    Present,
    Absent,
    Equals(Value),
    Contains(String),
    Matches(Regex),
    AtLeast(f64),
    AtMost(f64),
}

impl Ready {
    fn holds(&self, values: &[&Value]) -> bool {
        match self {
            Self::Present => !values.is_empty(),
            Self::Absent => values.is_empty(),
            _ => values.iter().any(|value| self.holds_for(value)),
        }
    }

    fn holds_for(&self, value: &Value) -> bool {
        match self {
            Self::Present => true,
            Self::Absent => false,
            Self::Equals(expected) => equal(value, expected),
            Self::Contains(text) => match value {
                Value::String(value) => value.contains(text),
                Value::Array(values) => values.iter().any(|value| value == text.as_str()),
                _ => false,
            },
            Self::Matches(regex) => value.as_str().is_some_and(|value| regex.is_match(value)),
            Self::AtLeast(bound) => number(value).is_some_and(|value| value >= *bound),
            Self::AtMost(bound) => number(value).is_some_and(|value| value <= *bound),
        }
    }
}

/// A header's value is text; what it is compared with may be a number.
fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

/// As JSON has it, where 1 and 1.0 are one number.
fn equal(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Value::String(text), Value::Number(number)) => *text == number.to_string(),
        (Value::String(text), Value::Bool(truth)) => *text == truth.to_string(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, l)| right.get(name).is_some_and(|r| equal(l, r)))
        }
        _ => value == expected,
    }
}

/// A check in words, and ready to be made.
fn in_words(
    check: &Check,
    variables: &BTreeMap<String, String>,
) -> (String, Result<Ready, String>) {
    let fill = |text: &str| filled(text, variables);
    match check {
        Check::Present => ("there".to_owned(), Ok(Ready::Present)),
        Check::Absent => ("not there".to_owned(), Ok(Ready::Absent)),
        Check::Equals(Value::String(text)) => match fill(text) {
            Ok(text) => (
                shortened(&Value::from(text.as_str()).to_string()),
                Ok(Ready::Equals(Value::from(text))),
            ),
            Err(problem) => (text.clone(), Err(problem)),
        },
        Check::Equals(value) => (
            shortened(&value.to_string()),
            Ok(Ready::Equals(value.clone())),
        ),
        Check::Contains(text) => (
            format!("something with {text:?} in it"),
            fill(text).map(Ready::Contains),
        ),
        Check::Matches(pattern) => {
            let regex = regex::RegexBuilder::new(pattern)
                .size_limit(REGEX_BYTES)
                .build();
            (
                format!("a match of {pattern}"),
                regex
                    .map(Ready::Matches)
                    .map_err(|_| "the regular expression is malformed, or too long".to_owned()),
            )
        }
        Check::AtLeast(bound) => (format!("{bound} or more"), Ok(Ready::AtLeast(*bound))),
        Check::AtMost(bound) => (format!("{bound} or less"), Ok(Ready::AtMost(*bound))),
    }
}

fn filled(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let resolved = template::resolve(text, |name| variables.get(name).cloned())
        .map_err(|error| error.to_string())?;
    resolved
        .text()
        .map(str::to_owned)
        .ok_or_else(|| "a field of the vault can't be expected in an answer".to_owned())
}

fn observed(values: &[&Value]) -> String {
    match values {
        [] => "nothing".to_owned(),
        values => {
            let texts: Vec<String> = values
                .iter()
                .take(3)
                .map(|value| value.to_string())
                .collect();
            let more = if values.len() > 3 { ", …" } else { "" };
            shortened(&format!("{}{more}", texts.join(", ")))
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn satisfies(name: &str, path: &std::path::Path, answer: &Answer<'_>) -> CheckResult {
    let result = |observed: String, passed| CheckResult {
        what: "schema".to_owned(),
        expected: format!("satisfies {name}"),
        observed,
        passed,
    };
    let schema = fs::metadata(path)
        .ok()
        .filter(|found| found.is_file() && found.len() <= SCHEMA_BYTES)
        .and_then(|_| fs::read(path).ok())
        .ok_or_else(|| format!("{name} can't be read"))
        .and_then(|bytes| {
            serde_json::from_slice::<Value>(&bytes).map_err(|_| format!("{name} is not JSON"))
        })
        .and_then(|schema| {
            jsonschema::validator_for(&schema).map_err(|error| {
                format!(
                    "{name} is no JSON Schema: {}",
                    shortened(&error.to_string())
                )
            })
        });
    let validator = match (schema, answer.is_whole) {
        (Err(problem), _) => return result(problem, false),
        (Ok(validator), _) => validator,
    };
    let json = match &answer.json {
        Ok(json) => json,
        Err(problem) => return result(problem.clone(), false),
    };
    match validator.iter_errors(json).next() {
        None => result("it does".to_owned(), true),
        Some(error) => {
            let at = error.instance_path().to_string();
            let place = if at.is_empty() {
                "the body".to_owned()
            } else {
                at
            };
            result(format!("{place}: {}", shortened(&error.to_string())), false)
        }
    }
}
