//! A failing request as a file: raw HTTP (RFC 9112), byte for byte.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::{
    diagnosis::Exhibit,
    error::{ErrorCode, Failure},
};

/// Reads one raw request. It went over HTTPS to the host that its `Host` header names, unless its target
/// is an absolute URL.
///
/// # Errors
///
/// [`ErrorCode::Usage`] with the line, if it is not one.
pub fn raw(bytes: &[u8]) -> Result<Exhibit, Failure> {
    let mut rest = bytes;
    let mut number = 0;
    let mut next = || {
        number += 1;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (line, after) = rest.split_at_checked(end)?;
        rest = after.get(1..).unwrap_or_default();
        Some((number, line.strip_suffix(b"\r").unwrap_or(line)))
    };
    let (_, start) =
        next().ok_or_else(|| malformed(1, "the file ends before its first line does"))?;
    let start = str::from_utf8(start).map_err(|_| malformed(1, "it is not text"))?;
    let mut words = start.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(malformed(1, "it is no request line"));
    };
    let mut headers = Vec::new();
    loop {
        // Without an empty line there is no body.
        let Some((number, line)) = next() else { break };
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = colon
            .and_then(|at| Some((line.get(..at)?, line.get(at + 1..)?)))
            .ok_or_else(|| malformed(number, "it has no colon, so it is no header"))?;
        headers.push((text(name.trim_ascii()), text(trimmed(value))));
    }
    let url = if target.contains("://") {
        target.to_owned()
    } else {
        let host = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map(|(_, value)| value.trim())
            .ok_or_else(|| malformed(1, "there is no Host header, so the URL is not known"))?;
        format!("https://{host}{target}")
    };
    Ok(Exhibit {
        method: method.to_owned(),
        url,
        headers,
        body_base64: BASE64_STANDARD.encode(rest),
        peer: None,
        at: None,
    })
}

/// Without the spaces and tabs around it, which are no part of a value (RFC 9110, section 5.5).
fn trimmed(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// UTF-8, or else Latin-1, which has a character for every byte.
fn text(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn malformed(line: usize, problem: &str) -> Failure {
    Failure::new(
        ErrorCode::Usage,
        format!("line {line} can't be read: {problem}"),
    )
    .hint("expected raw HTTP: METHOD /path HTTP/1.1, the headers, an empty line, the body")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_byte_for_byte() {
        let read =
            raw(b"POST /a?b=c HTTP/1.1\r\nHost: api.example.com\r\nX-A:  b \r\n\r\n{\"a\":1}\r\n")
                .unwrap();
        assert_eq!(read.method, "POST");
        assert_eq!(read.url, "https://api.example.com/a?b=c");
        assert_eq!(read.headers[1], ("X-A".to_owned(), "b".to_owned()));
        let body = BASE64_STANDARD.decode(read.body_base64).unwrap();
        assert_eq!(body, b"{\"a\":1}\r\n");
    }

    #[test]
    fn what_is_not_one_is_refused_by_its_line() {
        for (file, problem) in [
            (&b""[..], "line 1"),
            (b"hello\n", "request line"),
            (b"GET /a HTTP/1.1\nno header\n\n", "line 2"),
            (b"GET /a HTTP/1.1\nAccept: x\n\n", "no Host header"),
        ] {
            let Err(failure) = raw(file) else {
                panic!("{problem}");
            };
            assert!(failure.message.contains(problem), "{}", failure.message);
            assert!(!failure.message.contains("hello"));
        }
    }
}
