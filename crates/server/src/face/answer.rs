//! An answer before it becomes bytes, and the headers that all of them have.

use std::{
    fmt,
    str::FromStr,
    sync::{PoisonError, RwLock},
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, DATE},
};
use http_body_util::{Either, Full};
use serde::Serialize;
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::random::Reserve;
use strongroom_policy::rate::{Bound, Left, Standing};

use super::growing::{Growing, Grown};
use crate::reserve::with_reserve;

/// The header that every answer begins with.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// A request's id: a UUID of version 7 (RFC 9562, section 5.7) without dashes, so that a row of the
/// audit log is found by the time in its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RequestId(pub(crate) [u8; 16]);

impl RequestId {
    /// A fresh id at a real time.
    pub(crate) fn at(real: UnixMillis) -> Self {
        let mut id: [u8; 16] = with_reserve(Reserve::bytes);
        let millis = real.0.to_be_bytes();
        id[..6].copy_from_slice(&millis[2..]);
        id[6] = 0x70 | (id[6] & 0x0f);
        id[8] = 0x80 | (id[8] & 0x3f);
        Self(id)
    }

    /// The real time in it.
    pub(crate) fn time(self) -> UnixMillis {
        let mut millis = [0; 8];
        millis[2..].copy_from_slice(&self.0[..6]);
        UnixMillis(u64::from_be_bytes(millis))
    }

    /// Its text.
    fn hex(self) -> [u8; 32] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0x0f)];
        }
        text
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.hex()).unwrap_or_default())
    }
}

impl FromStr for RequestId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        // With dashes too: it is a UUID, and some tools print it as one.
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        let hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u128::from_str_radix(&digits, 16) {
            Ok(number) if hex => Ok(Self(number.to_be_bytes())),
            _ => Err(NotAnId),
        }
    }
}

/// A text is not the id of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request id has 32 hex digits, as in the X-Request-Id header of the answer")]
pub(crate) struct NotAnId;

/// An answer, still without what all of them have.
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The body's type; none if there is no body.
    pub(crate) content_type: Option<HeaderValue>,
    /// What is left of a limit.
    pub(crate) rate: Option<[(HeaderName, HeaderValue); 2]>,
    /// Further headers.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub(crate) body: Bytes,
    /// What follows it as it is made; the answer is the last one of its connection then.
    pub(crate) growing: Option<Box<Growing>>,
}

/// A body that is there, or one that is still made.
pub(crate) type AnswerBody = Either<Full<Bytes>, Grown>;

impl Answer {
    /// A body that is JSON already.
    pub(crate) fn json_bytes(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type: Some(HeaderValue::from_static("application/json")),
            rate: None,
            headers: Vec::new(),
            body: body.into(),
            growing: None,
        }
    }

    /// A body that is made while it is sent.
    pub(crate) fn growing(content_type: &'static str, body: Growing) -> Self {
        let mut answer = Self::json_bytes(StatusCode::OK, Bytes::new()).typed(content_type);
        answer.growing = Some(Box::new(body));
        answer.with(CONNECTION, "close")
    }

    /// A value as JSON.
    pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::json_bytes(status, body),
            // Maps with keys that are no text: none of ours.
            Err(error) => {
                tracing::error!(%error, "an answer can't be written as JSON");
                Self::json_bytes(StatusCode::INTERNAL_SERVER_ERROR, "{}")
            }
        }
    }

    /// The same with another type of body.
    pub(crate) fn typed(mut self, content_type: &'static str) -> Self {
        self.content_type = Some(HeaderValue::from_static(content_type));
        self
    }

    /// The same with one more header; a value that no header can hold is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The finished response.
    pub(crate) fn into_response(self, id: RequestId, date: HeaderValue) -> Response<AnswerBody> {
        let mut response = Response::new(match self.growing {
            None => Either::Left(Full::new(self.body)),
            Some(growing) => Either::Right(growing.body),
        });
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(5 + self.headers.len());
        if let Ok(id) = HeaderValue::from_bytes(&id.hex()) {
            headers.insert(X_REQUEST_ID, id);
        }
        headers.insert(DATE, date);
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, content_type);
        }
        for (name, value) in self.rate.into_iter().flatten() {
            headers.insert(name, value);
        }
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}

impl Answer {
    /// The whole answer as it stands on the wire, the last one of its connection.
    pub(crate) fn into_last_bytes(self, id: RequestId, date: HeaderValue) -> Vec<u8> {
        let body = self.body.clone();
        let mut response = self.into_response(id, date);
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
        let status = response.status();
        let reason = status.canonical_reason().unwrap_or_default();
        let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
        for (name, value) in response.headers() {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }
}

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11, sections 2 and 3):
/// how many slots each limit gives in its window, how many are left, and after how many seconds there
/// are more; for the limit that a request is over, after how many it would be admitted.
pub(crate) fn rate_headers(
    left: &Standing,
    over: Option<(Bound, Duration)>,
) -> [(HeaderName, HeaderValue); 2] {
    let next = |bound: Bound, left: Left| match over {
        Some((of, wait)) if of == bound => wait,
        _ => left.next_free,
    };
    let policy = |bound: Bound, left: Left| {
        let window = bound.window().as_secs();
        rate_item(bound, [("q=", left.limit.into()), (";w=", window)])
    };
    let state = |bound: Bound, left: Left| {
        let seconds = whole_seconds(next(bound, left));
        rate_item(bound, [("r=", left.remaining.into()), (";t=", seconds)])
    };
    let texts = if left.is_manifold() {
        let joined = |item: &dyn Fn(Bound, Left) -> String| {
            let items: Vec<_> = left.iter().map(|(bound, left)| item(bound, left)).collect();
            items.join(", ")
        };
        [joined(&policy), joined(&state)]
    } else {
        let (bound, left) = (Bound::Minute, left.minute);
        [policy(bound, left), state(bound, left)]
    };
    let [policy, state] = texts
        .map(|text| HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("")));
    [(RATELIMIT_POLICY, policy), (RATELIMIT, state)]
}

/// `"minute";q=60;w=60`.
fn rate_item(bound: Bound, [first, second]: [(&str, u64); 2]) -> String {
    let mut digits = [itoa::Buffer::new(), itoa::Buffer::new()];
    let [first_digits, second_digits] = &mut digits;
    [
        "\"",
        bound.name(),
        "\";",
        first.0,
        first_digits.format(first.1),
        second.0,
        second_digits.format(second.1),
    ]
    .concat()
}

/// Rounded up: who waits as long as told is not told again.
pub(crate) fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

/// `Date` headers, made once a second.
pub(crate) struct Dates(RwLock<(u64, HeaderValue)>);

impl Dates {
    /// Nothing made yet.
    pub(crate) fn new() -> Self {
        Self(RwLock::new((u64::MAX, HeaderValue::from_static(""))))
    }

    /// The header of `now` (RFC 9110, section 5.6.7).
    pub(crate) fn at(&self, now: UnixMillis) -> HeaderValue {
        let seconds = now.secs();
        {
            let made = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if made.0 == seconds {
                return made.1.clone();
            }
        }
        let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        let value = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = (seconds, value.clone());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_and_tell_their_time() {
        let now = UnixMillis(1_793_534_400_123);
        let id = RequestId::at(now);
        assert_eq!(id.time(), now);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_ne!(id, RequestId::at(now));
        let mut dashed = id.to_string();
        dashed.insert(8, '-');
        assert_eq!(dashed.parse(), Ok(id));
        for wrong in ["", "00", "+0000000000000000000000000000000", "é"] {
            assert_eq!(wrong.parse::<RequestId>(), Err(NotAnId), "{wrong}");
        }
    }

    #[test]
    fn limits_are_told_as_the_draft_has_it() {
        let left = |limit, remaining, next_free| Left {
            limit,
            remaining,
            next_free: Duration::from_millis(next_free),
        };
        let mut standing = Standing {
            minute: left(60, 12, 33_001),
            day: None,
            client: None,
        };
        let [policy, state] = rate_headers(&standing, None);
        assert_eq!(policy.1, "\"minute\";q=60;w=60");
        assert_eq!(state.1, "\"minute\";r=12;t=34");
        standing.day = Some(left(1_000, 3, 7_200_000));
        standing.client = Some(left(100, 0, 1_500));
        let over = Some((Bound::Client, Duration::from_millis(4_001)));
        let [policy, state] = rate_headers(&standing, over);
        assert_eq!(
            policy.1,
            "\"minute\";q=60;w=60, \"day\";q=1000;w=86400, \"client\";q=100;w=60"
        );
        assert_eq!(
            state.1,
            "\"minute\";r=12;t=34, \"day\";r=3;t=7200, \"client\";r=0;t=5"
        );
    }

    #[test]
    fn dates_follow_the_clock() {
        let dates = Dates::new();
        let noon = UnixMillis::from_secs(1_793_534_400);
        assert_eq!(dates.at(noon), "Sun, 01 Nov 2026 12:00:00 GMT");
        assert_eq!(dates.at(noon), "Sun, 01 Nov 2026 12:00:00 GMT");
        let later = noon.after(Duration::from_secs(61));
        assert_eq!(dates.at(later), "Sun, 01 Nov 2026 12:01:01 GMT");
    }
}
