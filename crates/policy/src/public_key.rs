//! Public keys that are registered with a key: whoever holds the private half signs as the key, and the
//! platform holds nothing that could.

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::signature::{KeyError, KeyKind, PublicKey};
use strongroom_signing::jwk::{self, JwkError};

use crate::credential::SecretId;

/// An Ed25519 public key of a key, with a number of its own among the key's secrets: tokens and rows of
/// the audit log name what a request was signed with.
#[derive(Debug, Clone)]
pub struct RegisteredKey {
    /// Its number within the key.
    pub id: SecretId,
    /// The public key.
    pub key: PublicKey,
    /// When it was registered.
    pub created: UnixMillis,
    /// From when on it no longer counts; never if absent. Kept for its number, which is not used again.
    pub ended: Option<UnixMillis>,
}

impl RegisteredKey {
    /// Whether it still counts.
    #[must_use]
    pub fn is_live(&self, now: UnixMillis) -> bool {
        self.ended.is_none_or(|ended| now < ended)
    }
}

/// Reads an Ed25519 public key as people have it: PEM (`SubjectPublicKeyInfo`, RFC 8410), a JWK
/// (RFC 8037), or its 32 bytes in base64.
///
/// # Errors
///
/// [`NotAPublicKey`] says what the text is instead, and repeats no part of it: it may be a private key.
pub fn parse(text: &str) -> Result<PublicKey, NotAPublicKey> {
    let text = text.trim();
    let key = if text.contains("-----BEGIN") {
        if text.contains("PRIVATE KEY-----") {
            return Err(NotAPublicKey::Private);
        }
        PublicKey::from_pem(text)?
    } else if text.starts_with('{') {
        match jwk::ed25519(text) {
            Err(JwkError::Private) => return Err(NotAPublicKey::Private),
            other => other?,
        }
    } else {
        PublicKey::ed25519(&jwk::base64(text).ok_or(NotAPublicKey::Form)?)
            .map_err(|_| NotAPublicKey::Form)?
    };
    match key.kind() {
        KeyKind::Ed25519 => Ok(key),
        KeyKind::P256 | KeyKind::Rsa => Err(NotAPublicKey::Kind(key.kind())),
    }
}

/// A text is not a public key that can be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPublicKey {
    /// A private key.
    #[error(
        "this is a private key: keep it to yourself, and register its public half (openssl pkey -in KEY.pem -pubout)"
    )]
    Private,
    /// PEM that can't be read.
    #[error(transparent)]
    Pem(#[from] KeyError),
    /// A JWK that can't be read.
    #[error(transparent)]
    Jwk(#[from] JwkError),
    /// None of the forms.
    #[error("this is no Ed25519 public key: give PEM, a JWK, or its 32 bytes in base64")]
    Form,
    /// A public key of another kind.
    #[error("this is a {0} public key; the platform verifies signatures by Ed25519 keys")]
    Kind(KeyKind),
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8037, appendix A.2, and the same in the other forms.
    const JWK: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const RAW: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn one_key_is_read_in_each_form() {
        let key = parse(JWK).unwrap();
        assert_eq!(parse(RAW), Ok(key.clone()));
        assert_eq!(parse(RAW.trim_end_matches('=')), Ok(key.clone()));
        assert_eq!(parse(PEM), Ok(key));
    }

    #[test]
    fn what_is_no_public_key_is_told_without_showing_it() {
        let private_jwk = JWK.replace(
            "\"x\"",
            "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\"",
        );
        for (text, says) in [
            ("", "32 bytes"),
            ("aGVsbG8=", "32 bytes"),
            ("{}", "kty"),
            (r#"{"kty":"RSA","n":"AQ","e":"AQAB"}"#, "OKP"),
            (&private_jwk, "private key"),
            (
                "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----",
                "private key",
            ),
            (
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
                "damaged",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
            assert!(!error.contains("nWGxne"));
        }
    }
}
