//! What came back.

use std::{fmt, net::SocketAddr};

use strongroom_contract::exchange::{Decoded, Timings, TlsDetails};

use crate::coding::Undecoded;

/// An answer, whatever its status. Its `Debug` shows neither header values nor the body: a server
/// may echo a secret, or hand out a new one.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers: names in lower case, in order of first appearance, values of one name in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, up to [`Options::body_limit`](crate::Options::body_limit) bytes, without chunked framing;
    /// and without its content coding, unless [`Self::undecoded`] says why not.
    pub body: Vec<u8>,
    /// Whether the body was longer than that.
    pub body_truncated: bool,
    /// The content coding that was undone.
    pub decoded: Option<Decoded>,
    /// Why a content coding was not undone.
    pub undecoded: Option<Undecoded>,
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub http_version: &'static str,
    /// Where the time went.
    pub timings: Timings,
    /// What TLS agreed on; `None` for plain HTTP.
    pub tls: Option<TlsDetails>,
    /// The peer's socket address: the proxy's, if there is one between.
    pub peer: SocketAddr,
    /// Our socket address.
    pub local: SocketAddr,
    /// The proxy between, host and port.
    pub proxy: Option<String>,
}

impl Answer {
    /// The first value of a header, if it is text. `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        std::str::from_utf8(value).ok()
    }

    /// The headers as [`Exchange::headers`](strongroom_contract::exchange::Exchange::headers) shows
    /// them: bytes that are not printable ASCII are escaped as `\xNN`.
    #[must_use]
    pub fn text_headers(&self) -> Vec<(String, String)> {
        self.headers
            .iter()
            .map(|(name, value)| (name.clone(), escaped(value)))
            .collect()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("header_names", &names)
            .field("body_bytes", &self.body.len())
            .field("body_truncated", &self.body_truncated)
            .finish_non_exhaustive()
    }
}

fn escaped(value: &[u8]) -> String {
    value
        .iter()
        .map(|byte| match byte {
            b'\t' | b' '..=b'~' => char::from(*byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_bytes_that_are_not_ascii_are_escaped() {
        assert_eq!(escaped(b"plain; q=\"1\"\t~"), "plain; q=\"1\"\t~");
        assert_eq!(escaped(b"caf\xc3\xa9\x1b"), "caf\\xc3\\xa9\\x1b");
    }
}
