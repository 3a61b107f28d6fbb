//! What can be wrong with a request, before any face words it.

use std::time::Duration;

use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE},
};
use strongroom_policy::rate::Throttled;

use super::{
    Answer, Face,
    answer::{rate_headers, whole_seconds},
};

/// Messages by field, in the order in which they were found.
pub(crate) type FieldErrors = Vec<(String, String)>;

/// What is wrong with a request. Why a rule refused it stays with the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// No credential that counts.
    Unauthorized,
    /// Not from there, or not with this key.
    Forbidden,
    /// A limit.
    TooMany(Throttled),
    /// A source that is not heard for a while, or a server that is full.
    Flood {
        /// For how long.
        wait: Duration,
    },
    /// Nothing is there.
    NotFound,
    /// Something is there, but not for this method.
    Method {
        /// The methods that there are.
        allow: String,
    },
    /// The request can't be read.
    Malformed(String),
    /// Where the request ends can't be told: nothing behind it is read.
    Unframed(&'static str),
    /// Fields of the body don't make sense.
    Invalid(FieldErrors),
    /// The body is over its cap.
    TooLarge,
    /// The request took too long to arrive.
    Timeout,
    /// Its line or headers are too long or too many.
    Headers(StatusCode),
    /// It can't be done now: the disk is full.
    Unavailable,
    /// A scenario says that it can't be done now.
    Injected {
        /// Whether it can be done in a moment.
        is_passing: bool,
    },
    /// What an endpoint of OAuth 2.0 is asked for can't be had.
    Oauth {
        /// The code of RFC 6749, section 5.2.
        error: &'static str,
        /// One sentence in ASCII, without quotes and backslashes.
        description: &'static str,
    },
}

impl Problem {
    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooMany(_) | Self::Flood { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed(_) | Self::Unframed(_) | Self::Oauth { .. } => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Headers(status) => *status,
            Self::Unavailable | Self::Injected { is_passing: true } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Injected { is_passing: false } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A word for scripts, and a sentence that says no more than the status does.
    pub(super) fn code(&self) -> (&'static str, &str) {
        match self {
            Self::Unauthorized => ("REQUIRE_LOGIN", "Not Authorised"),
            Self::Forbidden => ("FORBIDDEN", "Forbidden"),
            Self::TooMany(_) | Self::Flood { .. } => ("TOO_MANY_REQUESTS", "Too Many Requests"),
            Self::NotFound => ("NOT_FOUND", "Not Found"),
            Self::Method { .. } => ("METHOD_NOT_ALLOWED", "Method Not Allowed"),
            Self::Malformed(message) => ("BAD_REQUEST", message),
            Self::Unframed(message) => ("BAD_REQUEST", message),
            Self::Invalid(_) => ("UNPROCESSABLE_ENTITY", "Some fields are missing or wrong"),
            Self::TooLarge => ("PAYLOAD_TOO_LARGE", "The body is longer than 1 MiB"),
            Self::Timeout => ("REQUEST_TIMEOUT", "The request took too long to arrive"),
            Self::Headers(_) => (
                "HEADERS_TOO_LARGE",
                "The request's line or headers are too long",
            ),
            Self::Unavailable => ("UNAVAILABLE", "The platform can't record requests now"),
            Self::Injected { is_passing: true } => ("UNAVAILABLE", "The platform is busy"),
            Self::Injected { is_passing: false } => ("INTERNAL_ERROR", "The platform failed"),
            Self::Oauth { description, .. } => ("BAD_REQUEST", description),
        }
    }

    /// The headers that belong to it.
    pub(super) fn add_headers(&self, face: Face, answer: &mut Answer) {
        match self {
            Self::Unauthorized => {
                let challenge = match face {
                    Face::Api | Face::Standard => "Bearer realm=\"platform\"",
                    Face::Oauth => "Basic realm=\"platform\"",
                };
                answer
                    .headers
                    .push((WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
            }
            Self::TooMany(throttled) => {
                let over = Some((throttled.bound, throttled.wait));
                answer.rate = Some(rate_headers(&throttled.left, over));
                answer
                    .headers
                    .push((RETRY_AFTER, throttled.retry_after_secs().into()));
            }
            Self::Flood { wait } => {
                answer
                    .headers
                    .push((RETRY_AFTER, whole_seconds(*wait).into()));
            }
            Self::Injected { is_passing: true } => {
                answer
                    .headers
                    .push((RETRY_AFTER, HeaderValue::from_static("1")));
            }
            Self::Method { allow } => {
                if let Ok(allow) = HeaderValue::from_str(allow) {
                    answer.headers.push((ALLOW, allow));
                }
            }
            // What is left of the request is not read.
            Self::TooLarge | Self::Timeout | Self::Headers(_) | Self::Unframed(_) => answer
                .headers
                .push((CONNECTION, HeaderValue::from_static("close"))),
            _ => {}
        }
    }
}
