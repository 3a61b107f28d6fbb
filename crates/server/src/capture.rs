//! A refused request as it arrived, with whatever could be a credential replaced.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use strongroom_contract::{manage::CapturedRequest, time::UnixMillis};

use crate::face::RequestId;

/// What stands in place of a credential.
const REPLACED: &str = "[replaced]";
/// Headers whose names have one of these in them hold credentials.
const SECRET_NAMES: &[&str] = &[
    "secret",
    "token",
    "authorization",
    "password",
    "cookie",
    "api-key",
    "apikey",
];
/// Our credentials begin so; so does what signs for them in JSON's base64 (`{"`).
const SECRET_PREFIXES: &[&str] = &["sr_sk_", "sr_mk_", "eyJ"];

/// The parts of a request that are kept.
pub(crate) struct Arrived<'a> {
    /// Its id.
    pub(crate) id: RequestId,
    /// The method.
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
    /// The body, if it is to be kept.
    pub(crate) body: Option<&'a [u8]>,
    /// When.
    pub(crate) at: UnixMillis,
}

/// What is kept of a request that was answered with `status`.
pub(crate) fn capture(arrived: &Arrived<'_>, status: u16) -> CapturedRequest {
    let headers = arrived.headers.iter();
    let body = arrived.body.map(|body| match str::from_utf8(body) {
        Ok(text) => BASE64_STANDARD.encode(without_credentials(text)),
        Err(_) => BASE64_STANDARD.encode(body),
    });
    CapturedRequest {
        request_id: arrived.id.to_string(),
        method: arrived.method.to_owned(),
        target: without_credentials(arrived.target),
        headers: headers.map(|(name, value)| header(name, value)).collect(),
        body_base64: body,
        status,
        at: arrived.at,
    }
}

fn header(name: &HeaderName, value: &HeaderValue) -> (String, String) {
    let name = name.as_str();
    let shown = if SECRET_NAMES.iter().any(|part| name.contains(part)) {
        // The scheme tells what was tried: `Basic` where `Bearer` is expected.
        let scheme = value.to_str().ok().and_then(|text| text.split_once(' '));
        match scheme {
            Some((scheme, _)) if name == "authorization" && scheme.len() <= 12 => {
                format!("{scheme} {REPLACED}")
            }
            _ => REPLACED.to_owned(),
        }
    } else {
        without_credentials(&String::from_utf8_lossy(value.as_bytes()))
    };
    (name.to_owned(), shown)
}

/// The text with everything replaced that looks like a credential, wherever it stands.
fn without_credentials(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let found = SECRET_PREFIXES
            .iter()
            .filter_map(|prefix| rest.find(prefix))
            .min();
        let Some(at) = found else {
            clean.push_str(rest);
            return clean;
        };
        let (before, credential) = rest.split_at(at);
        clean.push_str(before);
        clean.push_str(REPLACED);
        let end = credential.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)));
        rest = credential.split_at(end.unwrap_or(credential.len())).1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_replaced_wherever_they_stand() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("app-id", "sr_sk_test_CANARYCANARY"),
            ("secret-key", "CANARY"),
            ("authorization", "Basic CANARY"),
            ("access-token", "CANARY"),
            ("x-api-key", "CANARY"),
            ("accept", "application/json"),
            ("signature", "sig=:AAAA:"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let captured = capture(
            &Arrived {
                id: RequestId([0; 16]),
                method: "GET",
                target: "/api/v1/ping?secret=sr_sk_live_CANARY&a=1",
                headers: &headers,
                body: Some(b"{\"t\":\"eyJhbGciCANARY.e.x\",\"k\":\"sr_mk_test_CANARY\"}"),
                at: UnixMillis(0),
            },
            401,
        );
        let json = serde_json::to_string(&captured).unwrap();
        assert!(!json.contains("CANARY"), "{json}");
        let body = BASE64_STANDARD
            .decode(captured.body_base64.unwrap())
            .unwrap();
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "{\"t\":\"[replaced]\",\"k\":\"[replaced]\"}"
        );
        assert_eq!(captured.target, "/api/v1/ping?secret=[replaced]&a=1");
        let shown = |name: &str| {
            let found = captured.headers.iter().find(|(it, _)| it == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(shown("authorization"), Some("Basic [replaced]"));
        assert_eq!(shown("accept"), Some("application/json"));
        assert_eq!(shown("signature"), Some("sig=:AAAA:"));
    }
}
