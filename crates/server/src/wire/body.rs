//! Reading a body: bounded in size and time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header::TRANSFER_ENCODING};
use http_body_util::BodyExt as _;
use hyper::body::Body;

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is longer than the cap.
    TooLarge,
    /// It took too long.
    TooSlow,
    /// It broke off, or its chunks are malformed.
    Broken,
    /// It is in a transfer coding other than chunked.
    Coded,
}

/// Whether a body's transfer coding is one that is read here: none, or chunked once. hyper takes any
/// list that ends with chunked, and gives out what the others have made of the body.
pub(crate) fn is_readable(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// Reads a body of at most `cap` bytes within `within`. One that says up front that it is longer is
/// not read at all.
pub(crate) async fn read_body<B: Body<Data = Bytes> + Unpin>(
    mut body: B,
    cap: usize,
    within: Duration,
) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > cap as u64 {
        return Err(BodyError::TooLarge);
    }
    let read = async {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
                continue;
            };
            if first.len() + rest.len() + data.len() > cap {
                return Err(BodyError::TooLarge);
            }
            // Most bodies come in one piece, which needs no copy.
            if first.is_empty() {
                first = data;
            } else {
                rest.extend_from_slice(&data);
            }
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let mut whole = BytesMut::with_capacity(first.len() + rest.len());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&rest);
        Ok(whole.freeze())
    };
    tokio::time::timeout(within, read)
        .await
        .unwrap_or(Err(BodyError::TooSlow))
}
