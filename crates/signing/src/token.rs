//! A token as one header: `Authorization: Bearer TOKEN` (RFC 6750, section 2.1), or `access-token`,
//! as the reference platform has it.

use strongroom_crypto::SecretText;

use crate::{
    credential::Credential,
    header_pair::PresentedSecret,
    message::{Field, Repeated, Request, only},
    sign::{Header, HeaderValue, SignError, Signed, refuse_present, step},
    verify::{Refusal, Verified},
};

/// The header with a bearer token.
pub const AUTHORIZATION: &str = "authorization";
/// The header with an access token and nothing else.
pub const ACCESS_TOKEN: &str = "access-token";

/// A token that a request presents, and which header it stood in.
#[derive(Clone, Copy)]
pub struct PresentedToken<'a> {
    /// [`AUTHORIZATION`] or [`ACCESS_TOKEN`].
    pub header: &'static str,
    /// The token, still to be checked.
    pub token: PresentedSecret<'a>,
}

/// Reads the tokens out of a request's headers: none, one, or one of each header.
///
/// # Errors
///
/// [`TokenError`] if a header is there twice, is no token (RFC 6750's `b64token`), or if
/// `Authorization` has another scheme than `Bearer`.
pub fn read<'a>(headers: &[Field<'a>]) -> Result<[Option<PresentedToken<'a>>; 2], TokenError> {
    let bearer = match only(headers, AUTHORIZATION)? {
        Some(value) => Some(present(AUTHORIZATION, bearer_token(value)?)?),
        None => None,
    };
    let plain = match only(headers, ACCESS_TOKEN)? {
        Some(value) => Some(present(ACCESS_TOKEN, value)?),
        None => None,
    };
    Ok([bearer, plain])
}

pub(crate) fn sign_bearer(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Signed, SignError> {
    sign(AUTHORIZATION, "Bearer ", request, credential)
}

pub(crate) fn sign_access_token(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Signed, SignError> {
    sign(ACCESS_TOKEN, "", request, credential)
}

fn sign(
    header: &'static str,
    prefix: &str,
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Signed, SignError> {
    refuse_present(request, &[header])?;
    let token = credential.secret.expose_secret();
    if !is_b64token(token) {
        return Err(SignError::Token);
    }
    // Room for all of it at once, so that growing leaves no copy of the token behind.
    let mut value = String::with_capacity(prefix.len() + token.len());
    value.push_str(prefix);
    value.push_str(token);
    let shown = format!("{prefix}{}", credential.reference);
    let steps = vec![step(header, &*shown)];
    let header = Header {
        name: header.into(),
        value: HeaderValue::Secret {
            value: SecretText::new(value),
            shown,
        },
    };
    Ok(Signed::new(vec![header], steps))
}

pub(crate) fn verify(
    header: &'static str,
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let found = presented(header, request)?;
    if !found.matches(credential.secret) {
        return Err(Refusal::OtherSecret);
    }
    Ok(Verified {
        steps: vec![step(header, "the token is this one")],
        made: None,
    })
}

/// The token that stands in `header`.
pub(crate) fn presented<'a>(
    header: &'static str,
    request: &Request<'a>,
) -> Result<PresentedSecret<'a>, Refusal> {
    read(request.headers())
        .map_err(|error| Refusal::Malformed(error.to_string()))?
        .into_iter()
        .flatten()
        .find(|found| found.header == header)
        .map(|found| found.token)
        .ok_or_else(|| Refusal::Absent(format!("{header} header with a token")))
}

fn bearer_token(value: &[u8]) -> Result<&[u8], TokenError> {
    let space = value.iter().position(|&byte| byte == b' ');
    let (scheme, rest) = value.split_at(space.unwrap_or(value.len()));
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(TokenError::NotBearer);
    }
    Ok(rest.trim_ascii_start())
}

fn present<'a>(header: &'static str, token: &'a [u8]) -> Result<PresentedToken<'a>, TokenError> {
    match str::from_utf8(token) {
        Ok(token) if is_b64token(token) => Ok(PresentedToken {
            header,
            token: PresentedSecret(token),
        }),
        _ => Err(TokenError::Malformed { header }),
    }
}

/// RFC 6750, section 2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
pub(crate) fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// A token header is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// `Authorization` has another scheme.
    #[error("the Authorization header does not start with \"Bearer \"")]
    NotBearer,
    /// The value is not a token.
    #[error(
        "the header {header} holds no token: one or more of A-Z a-z 0-9 - . _ ~ + / and then any ="
    )]
    Malformed {
        /// Which header.
        header: &'static str,
    },
    /// The header is there twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
}
