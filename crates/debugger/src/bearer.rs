//! Tokens that are made for a request (JWT): whom they are for, and what signed them.

use serde_json::{Map, Value};
use strongroom_policy::trace::{Finding, redacted};
use strongroom_signing::{Algorithm, Settings, jwt, token};

use crate::{
    defect::TOKEN_AUDIENCE,
    exhibit::View,
    judge::{HeldKey, Knowledge},
    search::{Found, signed_token},
    told::key_bytes,
};

/// Whom a token is for, and whom it should be for.
struct Audience {
    found: String,
    expected: String,
}

/// The token of a request, whoever made it.
pub(crate) fn decoded(view: &View<'_>) -> Option<jwt::Decoded> {
    jwt::decode_unverified(presented(view)?).ok()
}

/// What stands behind the word `Bearer`, whatever it is.
fn presented<'v>(view: &'v View<'_>) -> Option<&'v str> {
    let value = str::from_utf8(view.header(token::AUTHORIZATION)?).ok()?;
    value.trim().split(' ').next_back()
}

/// Refuses a token for somebody else, where the key's claims say whom it should be for.
pub(crate) fn check_audience(view: &View<'_>, settings: &Settings) -> Result<(), Finding> {
    let Some(Audience { found, expected }) = audience(view, settings) else {
        return Ok(());
    };
    let (found, expected) = (redacted(&found), redacted(&expected));
    Err(Finding::new(
        format!("The token is genuine, and meant for somebody else: its aud is {found}."),
        format!("aud is {found}"),
        format!("aud {expected}, as the key's claims have it"),
        "Ask for a token for this audience.",
    ))
}

/// The same as what would make it match.
pub(crate) fn for_somebody_else(view: &View<'_>, settings: &Settings) -> Option<Found> {
    let Audience { found, expected } = audience(view, settings)?;
    Some(Found {
        changes: vec![TOKEN_AUDIENCE.of_two(&found, &expected)],
        ..Found::default()
    })
}

/// Whom the token is for, if the key's claims name somebody else (RFC 7519, section 4.1.3).
fn audience(view: &View<'_>, settings: &Settings) -> Option<Audience> {
    let claims: Map<String, Value> = serde_json::from_str(settings.get("claims")?).ok()?;
    let expected = names(claims.get("aud"));
    let found = names(decoded(view)?.claims.get("aud"));
    let is_meant = expected.is_empty() || expected.iter().any(|each| found.contains(each));
    (!is_meant).then(|| Audience {
        found: match found.as_slice() {
            [] => "missing".to_owned(),
            found => found.join(", "),
        },
        expected: expected.join(" or "),
    })
}

/// One name, or several.
fn names(aud: Option<&Value>) -> Vec<String> {
    match aud {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => {
            let names = several.iter().filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// Looks for what the token was signed with, and how.
pub(crate) fn search(
    algorithm: Algorithm,
    view: &View<'_>,
    key: &HeldKey,
    knowledge: &Knowledge<'_>,
) -> Found {
    let mut secrets = knowledge.secrets(key.id.as_deref());
    for own in &mut secrets.own {
        if let Some(bytes) = key_bytes(&own.bytes, &key.settings) {
            own.bytes = bytes;
        }
    }
    presented(view).map_or_else(Found::default, |token| {
        signed_token(algorithm, token, &secrets)
    })
}
