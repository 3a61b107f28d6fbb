//! The head of an answer, and what frames its body (RFC 9112, sections 4 to 7).

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};

use crate::{
    error::SendError,
    exchange::{MAX_FIELDS, MAX_HEAD},
    target::Target,
};

/// What is looked at of a head.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// Whether the connection ends with this answer.
    pub(super) closes: bool,
    pub(super) retry_after: Option<String>,
    pub(super) rate_limit_policy: Option<String>,
}

/// Where the body ends (RFC 9112, section 6.3), if its status and the method let it have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Bytes(u64),
    Chunked,
    UntilClose,
}

/// Why bytes are no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("{0}")]
    Http(httparse::Error),
    #[error("invalid content-length")]
    Length,
    #[error("invalid chunk size")]
    ChunkSize,
    #[error("a chunk that does not end where it said")]
    ChunkEnd,
    #[error("a chunk size or trailers without an end")]
    Unending,
}

impl Problem {
    /// As an answer of the server at `target`.
    pub(super) fn of(self, target: &Target) -> SendError {
        let host = target.place();
        match self {
            Self::Http(httparse::Error::TooManyHeaders) => SendError::HeadTooLarge {
                host,
                limit: MAX_HEAD,
                fields: MAX_FIELDS,
            },
            other => SendError::MalformedAnswer {
                host,
                reason: other.to_string(),
            },
        }
    }
}

/// A piece of an answer, and how many bytes it takes; `None` as long as it is not whole.
pub(super) type Read<T> = Result<Option<(T, usize)>, Problem>;

/// Reads a head.
pub(super) fn read(bytes: &[u8]) -> Read<Head> {
    let mut fields = [const { MaybeUninit::<Header<'_>>::uninit() }; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut fields,
    );
    let Status::Complete(taken) = parsed.map_err(Problem::Http)? else {
        return Ok(None);
    };
    let is_1_1 = response.version == Some(1);
    let mut head = Head {
        status: response.code.unwrap_or_default(),
        framing: Framing::UntilClose,
        closes: !is_1_1,
        retry_after: None,
        rate_limit_policy: None,
    };
    let (mut length, mut coding) = (None, None);
    for Header { name, value } in response.headers.iter() {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("content-length") {
            let given = content_length(value).ok_or(Problem::Length)?;
            if length.is_some_and(|before| before != given) {
                return Err(Problem::Length);
            }
            length = Some(given);
        } else if is("transfer-encoding") {
            coding = Some(*value);
        } else if is("connection") {
            head.closes |= names(value).any(|option| option.eq_ignore_ascii_case(b"close"));
        } else if is("retry-after") {
            head.retry_after = text(value);
        } else if is("ratelimit-policy") {
            head.rate_limit_policy = text(value);
        }
    }
    head.framing = match (coding, length) {
        (Some(coding), _) => {
            // Both are an attempt to smuggle, or a mistake: nothing behind this answer is believed.
            head.closes |= length.is_some();
            let last = names(coding).last();
            match last.is_some_and(|last| last.eq_ignore_ascii_case(b"chunked")) {
                true => Framing::Chunked,
                false => Framing::UntilClose,
            }
        }
        (None, Some(length)) => Framing::Bytes(length),
        (None, None) => Framing::UntilClose,
    };
    Ok(Some((head, taken)))
}

/// Reads the line before a chunk: how many bytes follow.
pub(super) fn chunk_size(bytes: &[u8]) -> Read<u64> {
    match httparse::parse_chunk_size(bytes) {
        Ok(Status::Complete((taken, size))) => Ok(Some((size, taken))),
        Ok(Status::Partial) => Ok(None),
        Err(_) => Err(Problem::ChunkSize),
    }
}

/// Reads the line end behind a chunk.
pub(super) fn line_end(bytes: &[u8]) -> Read<()> {
    match bytes {
        [b'\r', b'\n', ..] => Ok(Some(((), 2))),
        [] | [b'\r'] => Ok(None),
        _ => Err(Problem::ChunkEnd),
    }
}

/// Reads the trailers behind the last chunk, with the line that ends them.
pub(super) fn trailers(bytes: &[u8]) -> Read<()> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    match httparse::parse_headers(bytes, &mut fields).map_err(Problem::Http)? {
        Status::Complete((taken, _)) => Ok(Some(((), taken))),
        Status::Partial => Ok(None),
    }
}

/// Digits alone, or the same digits as a list (RFC 9110, section 8.6).
fn content_length(value: &[u8]) -> Option<u64> {
    let mut numbers = names(value).map(|digits| {
        let digits = str::from_utf8(digits).ok()?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u64>().ok().filter(|_| is_number)
    });
    let first = numbers.next()??;
    numbers.all(|other| other == Some(first)).then_some(first)
}

/// What a list names.
fn names(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

fn text(value: &[u8]) -> Option<String> {
    str::from_utf8(value).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(fields: &str) -> Result<(Framing, bool), Problem> {
        let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        read(bytes.as_bytes()).map(|found| {
            let (head, taken) = found.unwrap();
            assert_eq!(taken, bytes.len());
            (head.framing, head.closes)
        })
    }

    #[test]
    fn a_body_ends_where_the_head_says() {
        for (fields, expected) in [
            ("Content-Length: 7\r\n", Ok((Framing::Bytes(7), false))),
            ("content-length: 7, 7\r\n", Ok((Framing::Bytes(7), false))),
            (
                "Transfer-Encoding: gzip, Chunked\r\n",
                Ok((Framing::Chunked, false)),
            ),
            (
                "Transfer-Encoding: gzip\r\n",
                Ok((Framing::UntilClose, false)),
            ),
            ("", Ok((Framing::UntilClose, false))),
            (
                "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n",
                Ok((Framing::Chunked, true)),
            ),
            (
                "Connection: keep-alive, Close\r\nContent-Length: 0\r\n",
                Ok((Framing::Bytes(0), true)),
            ),
            ("Content-Length: +7\r\n", Err(Problem::Length)),
            ("Content-Length: \r\n", Err(Problem::Length)),
            ("Content-Length: 7, 8\r\n", Err(Problem::Length)),
            (
                "Content-Length: 7\r\nContent-Length: 8\r\n",
                Err(Problem::Length),
            ),
            (
                "Content-Length: 18446744073709551616\r\n",
                Err(Problem::Length),
            ),
        ] {
            assert_eq!(framing(fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_head_that_is_not_whole_is_waited_for() {
        let whole =
            b"HTTP/1.0 429 Too Many\r\nRetry-After: 3\r\nRateLimit-Policy: \"m\";q=1\r\n\r\nrest";
        for cut in 0..whole.len() - 4 {
            assert_eq!(read(&whole[..cut]), Ok(None), "{cut}");
        }
        let (head, taken) = read(whole).unwrap().unwrap();
        assert_eq!(taken, whole.len() - 4);
        assert!(head.closes, "HTTP/1.0");
        assert_eq!(head.retry_after.as_deref(), Some("3"));
        assert_eq!(head.rate_limit_policy.as_deref(), Some("\"m\";q=1"));
    }
}
