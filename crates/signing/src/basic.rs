//! Basic authentication (RFC 7617): `Authorization: Basic base64(user-id ":" password)`.
//!
//! A key without a public id is sent as the user name with an empty password, as Stripe has it.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_crypto::{SecretBytes, SecretText, mac::constant_time_eq};

use crate::{
    credential::Credential,
    message::{Request, only},
    sign::{Header, HeaderValue, SignError, Signed, refuse_present, step},
    token::AUTHORIZATION,
    verify::{Refusal, Verified},
};

pub(crate) fn sign(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Signed, SignError> {
    refuse_present(request, &[AUTHORIZATION])?;
    let user_pass = user_pass(credential)?;
    let shown = match credential.public_id {
        Some(id) => format!("{id}:{}", credential.reference),
        None => format!("{}:", credential.reference),
    };
    let value = authorization(&user_pass);
    let shown_value = format!("Basic base64({shown})");
    Ok(Signed::new(
        vec![Header {
            name: AUTHORIZATION.into(),
            value: HeaderValue::Secret {
                value,
                shown: shown_value.clone(),
            },
        }],
        vec![step("user_pass", shown), step(AUTHORIZATION, shown_value)],
    ))
}

/// `user-id ":" password` (RFC 7617, section 2).
fn user_pass(credential: &Credential<'_>) -> Result<SecretBytes, SignError> {
    let secret = credential.secret.expose_secret();
    let (user, password) = match credential.public_id {
        Some(id) => (id, secret),
        None => (secret, ""),
    };
    if secret.is_empty() {
        return Err(SignError::Secret);
    }
    if user.contains(':') || user.chars().chain(password.chars()).any(char::is_control) {
        return Err(SignError::Basic);
    }
    let mut joined = Vec::with_capacity(user.len() + password.len() + 1);
    joined.extend_from_slice(user.as_bytes());
    joined.push(b':');
    joined.extend_from_slice(password.as_bytes());
    Ok(SecretBytes::new(joined))
}

/// The header's value for these bytes.
pub(crate) fn authorization(user_pass: &SecretBytes) -> SecretText {
    const PREFIX: &str = "Basic ";
    // Room for all of it at once, so that growing leaves no copy behind.
    let mut value = String::with_capacity(PREFIX.len() + 4 * user_pass.len().div_ceil(3));
    value.push_str(PREFIX);
    BASE64_STANDARD.encode_string(user_pass.expose_secret(), &mut value);
    SecretText::new(value)
}

pub(crate) fn verify(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let value = only(request.headers(), AUTHORIZATION)?
        .ok_or_else(|| Refusal::Absent("Authorization header".to_owned()))?;
    let expected = user_pass(credential)?;
    let (scheme, encoded) = value.split_at(value.iter().take_while(|byte| **byte != b' ').count());
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Err(Refusal::Malformed(
            "the Authorization header does not start with \"Basic \"".to_owned(),
        ));
    }
    let found = BASE64_STANDARD
        .decode(encoded.trim_ascii())
        .map(SecretBytes::new)
        .map_err(|_| {
            Refusal::Malformed("what follows \"Basic \" is not base64 with its padding".to_owned())
        })?;
    if !constant_time_eq(found.expose_secret(), expected.expose_secret()) {
        return Err(Refusal::OtherSecret);
    }
    Ok(Verified {
        steps: vec![step(AUTHORIZATION, "user name and password are these")],
        made: None,
    })
}
