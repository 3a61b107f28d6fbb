//! JSON Web Keys (RFC 7517) of Ed25519 (RFC 8037): public keys as other programs hand them over.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;
use strongroom_crypto::signature::PublicKey;

const EITHER_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, EITHER_PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, EITHER_PADDING);

#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    d: Option<serde::de::IgnoredAny>,
}

/// Reads an Ed25519 public key from a JWK.
///
/// # Errors
///
/// [`JwkError`] says what is missing; it repeats no part of the text.
pub fn ed25519(text: &str) -> Result<PublicKey, JwkError> {
    let jwk: Jwk = serde_json::from_str(text).map_err(|_| JwkError::Json)?;
    if jwk.d.is_some() {
        return Err(JwkError::Private);
    }
    if jwk.kty.as_deref() != Some("OKP") || jwk.crv.as_deref() != Some("Ed25519") {
        return Err(JwkError::Kind);
    }
    let x = jwk.x.as_deref().and_then(base64).ok_or(JwkError::Point)?;
    PublicKey::ed25519(&x).map_err(|_| JwkError::Point)
}

/// Bytes in base64 or base64url, with padding or without.
#[must_use]
pub fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .ok()
}

/// A text is not the JWK of an Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// No JSON object.
    #[error("this is no JSON Web Key: a JSON object with kty, crv and x")]
    Json,
    /// The private half is there.
    #[error("this JSON Web Key has its private half, d")]
    Private,
    /// Another kind of key.
    #[error(
        "this JSON Web Key is of another kind: kty is OKP and crv Ed25519 in the one that is needed"
    )]
    Kind,
    /// The key itself is missing or malformed.
    #[error("x of this JSON Web Key is not 32 bytes in base64url")]
    Point,
}
