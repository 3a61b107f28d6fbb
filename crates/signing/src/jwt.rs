//! Access tokens: JSON Web Tokens (RFC 7519) in compact form (RFC 7515), signed with HS256 (RFC
//! 7518, section 3.2), and nothing else.
//!
//! `signing input = b64url(header) "." b64url(claims)`
//! `token = signing input "." b64url(HMAC-SHA256(key, signing input))`
//!
//! The algorithm is the verifier's choice, never the token's: a header that names another one is
//! refused before anything is computed (RFC 8725, section 3.1). Whether a genuine token is still in
//! its time is decided elsewhere.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use strongroom_contract::exchange::Step;
use strongroom_crypto::{SecretText, mac::HmacSha256};

/// The longest token that is read, in bytes.
pub const MAX_TOKEN: usize = 4 * 1024;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says. All of it is required. Times are seconds since the Unix epoch.
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
    let signing_input = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(HEADER),
        BASE64_URL_SAFE_NO_PAD.encode(&claims)
    );
    let signature = key.tag(&[signing_input.as_bytes()]).into_public();
    let mut token = String::with_capacity(signing_input.len() + 1 + 43);
    token.push_str(&signing_input);
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    let step = |name: &str, value: String| Step {
        name: name.to_owned(),
        value,
    };
    SignedToken {
        token: SecretText::new(token),
        steps: vec![
            step("jwt_header", HEADER.to_owned()),
            step("jwt_claims", claims),
            step("signing_input", signing_input),
        ],
    }
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
    if token.len() > MAX_TOKEN {
        return Err(JwtError::TooLong);
    }
    let (signing_input, signature) = token.rsplit_once('.').ok_or(JwtError::NotCompact)?;
    let (header, payload) = signing_input.split_once('.').ok_or(JwtError::NotCompact)?;
    if payload.contains('.') {
        return Err(JwtError::NotCompact);
    }
    let header: JoseHeader = object(&decode(header)?).ok_or(JwtError::Header)?;
    if header.alg != "HS256" {
        return Err(JwtError::Algorithm);
    }
    if header.crit {
        return Err(JwtError::Critical);
    }
    if header
        .typ
        .is_some_and(|typ| !typ.eq_ignore_ascii_case("jwt"))
    {
        return Err(JwtError::Type);
    }
    if !key.verify(&[signing_input.as_bytes()], &decode(signature)?) {
        return Err(JwtError::Signature);
    }
    decode(payload)
}

/// Strict: the URL-safe alphabet, no padding, no stray bits.
fn decode(part: &str) -> Result<Vec<u8>, JwtError> {
    BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JwtError::Encoding)
}

/// Reads a JSON object: serde alone would take a list of the same values too.
fn object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    let is_object = json.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(json).ok())?
}

#[derive(Deserialize)]
struct JoseHeader {
    alg: String,
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

/// Whatever stands there, also `null`: that it stands there is what counts.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// A token is malformed or not genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Longer than [`MAX_TOKEN`].
    #[error("the token is longer than {MAX_TOKEN} bytes")]
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
    #[error("the token's algorithm is not HS256, the only one that is accepted")]
    Algorithm,
    /// The header asks for an extension.
    #[error("the token's header has \"crit\"; no extension is understood")]
    Critical,
    /// The header says that this is not a JWT.
    #[error("the token's type is not JWT")]
    Type,
    /// The signature is not the key's over these bytes.
    #[error("the token's signature does not match: it was changed, or made with another key")]
    Signature,
    /// Genuine, but not what we issue.
    #[error("the token's claims are not a JSON object with iss, sub, iat, exp and jti")]
    Claims,
}

#[cfg(test)]
mod tests {
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
            toml::from_str(include_str!("../tests/data/jwt/rfc7515-a1.toml")).unwrap();
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
