//! Access tokens: what the platform gives for a secret, for an hour.
//!
//! A token says which of a key's secrets it was obtained with, so that it ends with that secret.

use std::time::Duration;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{SecretText, random};
use strongroom_signing::jwt::{self, Claims, JwtError};

use crate::{
    credential::{AppId, SecretId},
    platform::Platform,
};

/// How long a token is valid.
pub const LIFETIME: Duration = Duration::from_secs(3_600);
/// `iss` of every token.
const ISSUER: &str = "strongroom";

/// Makes a token for a key that was accepted with `secret`.
#[must_use]
pub fn issue(app_id: AppId, secret: SecretId, now: UnixMillis, platform: &Platform) -> SecretText {
    let random = u128::from_le_bytes(random::bytes());
    let claims = Claims {
        iss: ISSUER.to_owned(),
        sub: app_id.to_string(),
        iat: now.secs(),
        exp: now.after(LIFETIME).secs(),
        jti: format!("{secret}.{random:032x}"),
    };
    jwt::sign(&claims, &platform.token_key).token
}

/// What a genuine token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// The header that it stood in.
    pub(crate) header: &'static str,
    /// The secret that it was obtained with.
    pub(crate) secret: SecretId,
    /// From when on it is no longer valid, in seconds.
    pub(crate) expires: u64,
}

/// Reads a token that this platform issued, and which key it is of. Its time is not checked.
pub(crate) fn read(
    header: &'static str,
    token: &str,
    platform: &Platform,
) -> Result<(AppId, Token), JwtError> {
    let claims = jwt::verify(token, &platform.token_key)?;
    let secret = claims
        .jti
        .split_once('.')
        .and_then(|(id, _)| id.parse().ok());
    let app_id = AppId::parse(claims.sub.as_bytes());
    match (app_id, secret) {
        (Ok(app_id), Some(secret)) if claims.iss == ISSUER => Ok((
            app_id,
            Token {
                header,
                secret: SecretId(secret),
                expires: claims.exp,
            },
        )),
        _ => Err(JwtError::Claims),
    }
}
