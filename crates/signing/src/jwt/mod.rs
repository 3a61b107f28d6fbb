//! JSON Web Tokens (RFC 7519) in compact form (RFC 7515): the access tokens of a platform of ours, with
//! HS256 (RFC 7518, section 3.2) and nothing else, and those that a request is signed with, with HS256,
//! RS256, ES256 (RFC 7518) or EdDSA (RFC 8037).
//!
//! `signing input = b64url(header) "." b64url(claims)`
//! `token = signing input "." b64url(signature over signing input)`
//!
//! The algorithm is the verifier's choice, never the token's: a header that names another one is
//! refused before anything is computed (RFC 8725, section 3.1). Whether a genuine token is still in
//! its time is decided elsewhere.

mod jose;
mod report;
mod request;

use serde::{Deserialize, Serialize};
use strongroom_contract::exchange::Step;
use strongroom_crypto::{SecretText, mac::HmacSha256};

pub use self::jose::{
    Decoded, MAX_FOREIGN_TOKEN, algorithm_name, decode_unverified, sign_claims, verify_claims,
};
use self::jose::{Parts, object};
pub use self::report::report;
pub(crate) use self::request::{
    RequestClaims, SETTINGS, SHARED_SETTINGS, sign_request, verify_request,
};

/// The longest access token that is read, in bytes.
pub const MAX_TOKEN: usize = 4 * 1024;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says. All of it but `scope` is required. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Whom it stands for: an app-id.
    pub sub: String,
    /// When it was issued.
    pub iat: u64,
    /// From when on it is no longer valid.
    pub exp: u64,
    /// Its own id.
    pub jti: String,
    /// What it was narrowed to, with spaces between the scopes (RFC 8693, section 4.2); all that its key
    /// may do if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// A token that was made, with its steps.
pub struct SignedToken {
    /// The token: whoever holds it can use it.
    pub token: SecretText,
    /// `jwt_header`, `jwt_claims` and `signing_input`; never the signature.
    pub steps: Vec<Step>,
}

/// Makes a token.
#[must_use]
pub fn sign(claims: &Claims, key: &HmacSha256) -> SignedToken {
    let claims = serde_json::json!(claims).to_string();
    jose::assemble(HEADER, &claims, |input| {
        key.tag(&[input]).into_public().to_vec()
    })
}

/// Reads a token that was made with `key`, and gives its claims. Their times are not checked.
///
/// # Errors
///
/// [`JwtError`] says which part is wrong, without showing any of it.
pub fn verify(token: &str, key: &HmacSha256) -> Result<Claims, JwtError> {
    object(&open(token, key)?).ok_or(JwtError::Claims)
}

/// The payload of a genuine token.
fn open(token: &str, key: &HmacSha256) -> Result<Vec<u8>, JwtError> {
    Parts::split(token, MAX_TOKEN)?.open("HS256", |message, signature| {
        key.verify(&[message], signature)
    })
}

/// A token is malformed or not genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Longer than [`MAX_TOKEN`], or [`MAX_FOREIGN_TOKEN`] if it is not one of ours.
    #[error(
        "the token is too long: one of ours has up to {MAX_TOKEN} bytes, another one {MAX_FOREIGN_TOKEN}"
    )]
    TooLong,
    /// Not three parts.
    #[error("the token does not have three parts with a dot between them")]
    NotCompact,
    /// A part is not base64url without padding.
    #[error("a part of the token is not base64url without padding")]
    Encoding,
    /// The header is not a JSON object with `alg`.
    #[error("the token's header is not a JSON object with a text \"alg\"")]
    Header,
    /// The header names another algorithm.
    #[error("the token's algorithm is not {expected}, the only one that is accepted here")]
    Algorithm {
        /// The algorithm of the key.
        expected: &'static str,
    },
    /// The header asks for an extension.
    #[error("the token's header has \"crit\"; no extension is understood")]
    Critical,
    /// The header says that this is not a JWT.
    #[error("the token's type is not JWT")]
    Type,
    /// The signature is not the key's over these bytes.
    #[error("the token's signature does not match: it was changed, or made with another key")]
    Signature,
    /// The payload is not a JSON object.
    #[error("the token's claims are not a JSON object")]
    ClaimsObject,
    /// Genuine, but not what we issue.
    #[error("the token's claims are not a JSON object with iss, sub, iat, exp and jti")]
    Claims,
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        token: String,
        key_base64url: String,
        payload: String,
    }

    #[test]
    fn rfc7515_a1_opens_to_its_payload() {
        let vector: Vector =
            toml::from_str(include_str!("../../tests/data/jwt/rfc7515-a1.toml")).unwrap();
        let key = BASE64_URL_SAFE_NO_PAD.decode(vector.key_base64url).unwrap();
        let key = HmacSha256::new(&key);
        assert_eq!(
            open(&vector.token, &key).as_deref(),
            Ok(vector.payload.as_bytes())
        );
        // Genuine, and still not one of ours: it has no subject.
        assert_eq!(verify(&vector.token, &key), Err(JwtError::Claims));
    }
}
