//! What differs from run to run, replaced by what it is.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// Patterns in text, in the order in which they are replaced.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        // The column of times in the demo, as wide as the time is short.
        (r"(?m)^( *\d+) +\d+(\.\d+)? m?s  ", "$1  [TIME]  "),
        (r"otpauth://totp/\S+", "[OTPAUTH_URI]"),
        (
            r"\b[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){13}\b",
            "[RECOVERY_CODE]",
        ),
        (r"\bsr_app_(test|live)_\w+", "[APP_ID]"),
        (r"\bsr_sk_(test|live)_\w+", "[SECRET_KEY]"),
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[TIME]"),
        (r"\b\d{4}-\d\d-\d\d\b", "[DAY]"),
        (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "[HTTP_DATE]"),
        (r"\b(strongroom-scenario|export)-\w{6}\b", "$1-[RANDOM]"),
        (r"\b[0-9a-f]{208}\b", "[CHECKPOINT]"),
        (r"\b[0-9a-f]{64}\b", "[SHA256]"),
        (r"\b\d+ bytes, not \d+\b", "[N] bytes, not [N]"),
        (r"\b[0-9a-f]{32}\b", "[ID]"),
        (r"(local authority) [0-9a-f]{8}\b", "$1 [ID]"),
        (r"(localhost|127\.0\.0\.1|\[::1\]):\d{4,5}\b", "$1:[PORT]"),
        (r"\bport \d{4,5}\b", "port [PORT]"),
        (r"\b(pid|process) \d+", "$1 [PID]"),
        (r"\b\d+(\.\d+)? (ms|µs)\b", "[N] ms"),
        (r"\b\d+\.\d+ s\b", "[N] s"),
        (r"\b([Ww]ait) \d+ s\b", "$1 [N] s"),
        (r"\b\d+ a second\b", "[N] a second"),
        (r"\bretry-after: \d+", "retry-after: [N]"),
        (r#"(\\?"minute\\?";r=\d+;t=)\d+"#, "$1[N]"),
        (r"\bcreated=\d+", "created=[TIME]"),
        (r#"nonce=(\\?")[^"\\]+"#, "nonce=$1[NONCE]"),
        (r"\bsig1=:[^:]+:", "sig1=:[SIGNATURE]:"),
        (r#"(\\?"uuid\\?":\\?")\w+"#, "$1[UUID]"),
    ]
    .map(|(pattern, name)| (Regex::new(pattern).unwrap(), name))
    .into()
});

/// Members of JSON whose values differ from run to run, whatever they are.
const MEMBERS: &[(&str, &str)] = &[
    ("pid", "[PID]"),
    ("duration_us", "[US]"),
    ("bytes", "[BYTES]"),
    ("locks_in_seconds", "[S]"),
    ("dns_ms", "[MS]"),
    ("connect_ms", "[MS]"),
    ("tls_ms", "[MS]"),
    ("first_byte_ms", "[MS]"),
    ("download_ms", "[MS]"),
    ("total_ms", "[MS]"),
    ("ms", "[MS]"),
];

/// `text` as scripts expect it: JSON set out in lines, with the replacements of this module and of
/// `known`, which come first.
pub(crate) fn redact(text: &str, known: &[(String, String)]) -> Vec<String> {
    let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect();
    let text = match documents {
        Ok(documents) if text.starts_with('{') => documents
            .into_iter()
            .map(|document| serde_json::to_string_pretty(&members(document)).unwrap() + "\n")
            .collect(),
        _ => text.to_owned(),
    };
    let mut text = known
        .iter()
        .fold(text, |text, (value, name)| text.replace(value, name));
    for (pattern, name) in PATTERNS.iter() {
        text = pattern.replace_all(&text, *name).into_owned();
    }
    text.lines()
        .map(|line| match line.trim_end() {
            "" => ".".to_owned(),
            line => line.to_owned(),
        })
        .collect()
}

fn members(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(members).collect(),
        Value::Object(object) => object
            .into_iter()
            .map(|(name, value)| {
                let redacted = MEMBERS
                    .iter()
                    .find(|(member, _)| *member == name && !value.is_null())
                    .map(|(_, name)| Value::from(*name));
                (name, redacted.unwrap_or_else(|| members(value)))
            })
            .collect(),
        other => other,
    }
}
