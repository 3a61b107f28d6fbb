//! A token as one header: `Authorization: Bearer TOKEN` (RFC 6750, section 2.1), or `access-token`,
//! as the reference platform has it.

use crate::{
    header_pair::PresentedSecret,
    message::{Field, Repeated, only},
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
