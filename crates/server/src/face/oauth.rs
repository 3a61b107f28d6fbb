//! Errors as OAuth 2.0 has them (RFC 6749, section 5.2).

use http::{
    HeaderValue,
    header::{CACHE_CONTROL, PRAGMA},
};
use serde_json::json;

use super::{Answer, Problem};

pub(super) fn problem(problem: &Problem) -> Answer {
    let error = match problem {
        Problem::Unauthorized => "invalid_client",
        Problem::Forbidden => "unauthorized_client",
        Problem::Oauth { error, .. } => error,
        Problem::TooMany(_)
        | Problem::Flood { .. }
        | Problem::Unavailable
        | Problem::Injected { is_passing: true } => "temporarily_unavailable",
        Problem::Injected { is_passing: false } => "server_error",
        _ => "invalid_request",
    };
    let mut body = json!({ "error": error });
    // Who is refused learns no more than the status says.
    if !matches!(problem, Problem::Unauthorized | Problem::Forbidden)
        && let Some(members) = body.as_object_mut()
    {
        let (_, description) = problem.code();
        members.insert("error_description".to_owned(), description.into());
    }
    not_kept(Answer::json(problem.status(), &body))
}

/// Tokens, and what is said about them, are for the one who asked, not for caches (RFC 6749, sections
/// 5.1 and 5.2).
pub(crate) fn not_kept(mut answer: Answer) -> Answer {
    answer.headers.extend([
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (PRAGMA, HeaderValue::from_static("no-cache")),
    ]);
    answer
}
