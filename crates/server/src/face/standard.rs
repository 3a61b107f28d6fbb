//! Problem details (RFC 9457).

use serde_json::json;

use super::{Answer, Problem, RequestId};

pub(super) fn problem(problem: &Problem, id: RequestId) -> Answer {
    let (code, detail) = problem.code();
    let status = problem.status();
    let mut body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "code": code.to_ascii_lowercase(),
        "request_id": id.to_string(),
    });
    if let Some(members) = body.as_object_mut() {
        // Who is refused learns no more than the status says.
        if !matches!(problem, Problem::Unauthorized | Problem::Forbidden) {
            members.insert("detail".to_owned(), detail.into());
        }
        if let Problem::Invalid(fields) = problem {
            let errors = fields
                .iter()
                .map(|(field, message)| json!({ "field": field, "detail": message }))
                .collect();
            members.insert("errors".to_owned(), errors);
        }
    }
    Answer::json(status, &body).typed("application/problem+json")
}
