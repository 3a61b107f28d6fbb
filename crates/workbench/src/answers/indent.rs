//! JSON with one value a line. Numbers and strings stay byte for byte as they came: a parser would
//! round what does not fit into a double.

use serde::de::IgnoredAny;

/// No indented text is longer than this, in bytes: a small body of brackets would fill the memory.
const LONGEST: usize = 256 * 1024 * 1024;
const STEP: &[u8] = b"  ";

/// `None` if `text` is not JSON, or too long when it is indented.
pub(super) fn json(text: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice::<IgnoredAny>(text).ok()?;
    let mut out = Vec::with_capacity(text.len().saturating_mul(2).min(LONGEST));
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let length = match byte {
            b'"' => string(text, at),
            _ => 1,
        };
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                out.push(byte);
                depth += 1;
                if !closes(text, at + 1) {
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !matches!(out.last(), Some(b'{' | b'[')) {
                    line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.extend_from_slice(text.get(at..at + length)?),
        }
        if out.len() > LONGEST {
            return None;
        }
        at += length;
    }
    Some(out)
}

fn line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    // Past the bound the caller gives up.
    for _ in 0..depth.min(LONGEST / STEP.len()) {
        out.extend_from_slice(STEP);
    }
}

/// Whether nothing but space comes before a closing bracket.
fn closes(text: &[u8], from: usize) -> bool {
    let mut rest = text.iter().skip(from);
    let next = rest.find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    matches!(next, Some(b'}' | b']'))
}

/// The length of the string that begins at `from`, with its quotes.
fn string(text: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1 - from,
            _ => at += 1,
        }
    }
    text.len() - from
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn indented(text: &str) -> Option<String> {
        json(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn every_value_has_its_line_and_its_bytes() {
        let text =
            r#"{"a":[1,2.50,{"b":"x, \"y\": {"}],"n":12345678901234567890.10,"e":{ },"l":[]}"#;
        assert_eq!(
            indented(text).unwrap(),
            "{\n  \"a\": [\n    1,\n    2.50,\n    {\n      \"b\": \"x, \\\"y\\\": {\"\n    }\n  ],\n  \
             \"n\": 12345678901234567890.10,\n  \"e\": {},\n  \"l\": []\n}"
        );
        assert_eq!(indented(" 7\n").unwrap(), "7");
    }

    #[test]
    fn what_is_no_json_or_would_be_endless_is_left_alone() {
        assert_eq!(indented("{\"a\":"), None);
        assert_eq!(indented("<html>"), None);
        assert_eq!(indented(""), None);
        let deep = format!("{}{}", "[".repeat(40_000), "]".repeat(40_000));
        assert_eq!(indented(&deep), None, "1.6 GB of spaces");
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(".{0,6}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_means_what_it_meant_and_looks_as_serde_writes_it(value in value()) {
            let text = value.to_string();
            let made = indented(&text).unwrap();
            prop_assert_eq!(&made, &serde_json::to_string_pretty(&value).unwrap());
        }
    }
}
