//! The canonical request of AWS Signature Version 4.

use crate::message::{Field, Request, trim};

/// Headers that are not signed: proxies change them, or the signature goes into one of them.
const UNSIGNED: [&str; 6] = [
    "authorization",
    "connection",
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

/// How a path is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PathForm {
    /// Without dot segments and repeated slashes.
    pub(super) normalized: bool,
    /// Every byte of the wire's path encoded once more; S3 takes the path as it is.
    pub(super) encoded_again: bool,
}

/// A canonical request in its parts.
pub(super) struct Canonical {
    pub(super) text: String,
    /// The names in order, joined by semicolons.
    pub(super) signed_headers: String,
}

impl Canonical {
    /// The canonical request that covers `headers`, each by its name in lower case.
    pub(super) fn new(
        request: &Request<'_>,
        form: PathForm,
        headers: &[(String, String)],
        payload_hash: &str,
    ) -> Self {
        let mut lines = String::new();
        let mut names = Vec::with_capacity(headers.len());
        for (name, value) in headers {
            lines.push_str(name);
            lines.push(':');
            lines.push_str(value);
            lines.push('\n');
            names.push(name.as_str());
        }
        let signed_headers = names.join(";");
        let text = [
            request.method(),
            &path(request.target().path(), form),
            &query(request.target().query().unwrap_or_default()),
            &lines,
            &signed_headers,
            payload_hash,
        ]
        .join("\n");
        Self {
            text,
            signed_headers,
        }
    }
}

/// The headers that are signed: all but [`UNSIGNED`], by name, each with its values.
pub(super) fn headers(request: &Request<'_>, added: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut names: Vec<String> = request
        .headers()
        .iter()
        .map(|field| field.name.to_ascii_lowercase())
        .chain(added.iter().map(|(name, _)| (*name).to_owned()))
        .chain(["host".to_owned()])
        .filter(|name| !UNSIGNED.contains(&name.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let value = added
                .iter()
                .find(|(added, _)| *added == name)
                .map(|(_, value)| (*value).to_owned())
                .or_else(|| value(request, &name))
                .unwrap_or_default();
            (name, value)
        })
        .collect()
}

/// The values of `name`, joined by commas, each with its white space drawn together; the target's
/// authority for a `host` that is not among the headers; `None` if there is none.
pub(super) fn value(request: &Request<'_>, name: &str) -> Option<String> {
    let values: Vec<String> = request
        .headers()
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name))
        .map(collapsed)
        .collect();
    if values.is_empty() {
        return (name == "host").then(|| request.target().authority().to_owned());
    }
    Some(values.join(","))
}

/// White space around the value goes, and what is longer than one space within it becomes one. Bytes
/// that are not UTF-8 stand as the replacement character: no such value can be signed by AWS's form.
fn collapsed(field: &Field<'_>) -> String {
    let text = String::from_utf8_lossy(trim(field.value));
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.join(" ")
}

fn path(path: &str, form: PathForm) -> String {
    let normalized = if form.normalized {
        normalize(path)
    } else {
        path.to_owned()
    };
    if !form.encoded_again {
        return normalized;
    }
    let mut encoded = String::with_capacity(normalized.len());
    encode_into(&mut encoded, normalized.as_bytes(), true);
    encoded
}

/// RFC 3986, section 5.2.4, with empty segments removed too.
fn normalize(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let is_folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let mut normalized = String::with_capacity(path.len());
    for segment in &kept {
        normalized.push('/');
        normalized.push_str(segment);
    }
    if kept.is_empty() || is_folder {
        normalized.push('/');
    }
    normalized
}

/// Each parameter decoded as a form (a `+` is a space), encoded, and sorted by name and then by value.
fn query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encoded_anew(name), encoded_anew(value)))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn encoded_anew(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = tail
            .first_chunk::<2>()
            .filter(|_| first == b'%')
            .and_then(|digits| hex::decode(digits).ok());
        match escape.as_deref() {
            Some([byte]) => {
                bytes.push(*byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(if first == b'+' { b' ' } else { first });
                rest = tail;
            }
        }
    }
    let mut encoded = String::with_capacity(text.len());
    encode_into(&mut encoded, &bytes, false);
    encoded
}

/// Percent-encoded but for RFC 3986's unreserved characters, in upper-case hex.
fn encode_into(encoded: &mut String, bytes: &[u8], keep_slashes: bool) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keep_slashes && byte == b'/')
        {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_dots_and_doubled_slashes_and_keep_the_last() {
        for (given, normalized) in [
            ("/", "/"),
            ("//", "/"),
            ("/a/b", "/a/b"),
            ("/a//b/", "/a/b/"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/b/..", "/a/"),
            ("/a/b/.", "/a/b/"),
            ("/..", "/"),
            ("/../../a", "/a"),
            ("/...", "/..."),
        ] {
            assert_eq!(normalize(given), normalized, "{given}");
        }
    }

    #[test]
    fn queries_are_decoded_encoded_and_sorted() {
        for (given, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1&a", "a=&a=1&a=2"),
            ("a=%7e%2f&&", "a=~%2F"),
            ("a=b+c%20d%2B", "a=b%20c%20d%2B"),
            ("a=b=c", "a=b%3Dc"),
            ("%e1%88%b4=x", "%E1%88%B4=x"),
            ("a-b=1&a=2", "a=2&a-b=1"),
            ("a=%FF", "a=%FF"),
        ] {
            assert_eq!(query(given), canonical, "{given}");
        }
    }
}
