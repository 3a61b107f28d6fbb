//! Compact JWS (RFC 7515) as a JWT carries it: header, claims and signature, with any of the
//! algorithms of RFC 7518 and RFC 8037 that are known here.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Map, Value};
use strongroom_crypto::{SecretText, signature};

use super::{JwtError, SignedToken};
use crate::{
    credential::{Algorithm, KeyProblem, SigningKey, VerifyingKey},
    sign::step,
};

/// The longest token of somebody else's that is read, in bytes.
pub const MAX_FOREIGN_TOKEN: usize = 64 * 1024;

/// The name of an algorithm in a token's header (RFC 7518, section 3.1; RFC 8037, section 3.1).
#[must_use]
pub const fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HmacSha256 => "HS256",
        Algorithm::Pair(signature::Algorithm::RsaPkcs1Sha256) => "RS256",
        Algorithm::Pair(signature::Algorithm::RsaPssSha512) => "PS512",
        Algorithm::Pair(signature::Algorithm::EcdsaP256Sha256) => "ES256",
        Algorithm::Pair(signature::Algorithm::Ed25519) => "EdDSA",
    }
}

/// A token taken apart. Nothing of it is checked unless [`verify_claims`] gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The header: `alg`, `typ`, `kid`.
    pub header: Map<String, Value>,
    /// What it says.
    pub claims: Map<String, Value>,
}

impl Decoded {
    /// A claim that is a time, in seconds since the Unix epoch; fractions are dropped.
    #[must_use]
    pub fn time(&self, claim: &str) -> Option<u64> {
        let value = self.claims.get(claim)?;
        value.as_u64().or_else(|| {
            let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0)?;
            format!("{seconds:.0}").parse().ok()
        })
    }
}

/// Signs `claims`, a JSON object's text, under `header`, another one's.
///
/// # Errors
///
/// [`KeyProblem`] if the key fails.
pub fn sign_claims(
    header: &str,
    claims: &str,
    key: &SigningKey,
) -> Result<SignedToken, KeyProblem> {
    let mut failed = None;
    let token = assemble(header, claims, |input| {
        key.sign(input).unwrap_or_else(|error| {
            failed = Some(error);
            Vec::new()
        })
    });
    failed.map_or(Ok(token), Err)
}

/// A token of `header`, `claims`, and what `sign` makes of them.
pub(super) fn assemble(
    header: &str,
    claims: &str,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> SignedToken {
    let signing_input = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(header),
        BASE64_URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = sign(signing_input.as_bytes());
    let mut token =
        String::with_capacity(signing_input.len() + 1 + 4 * signature.len().div_ceil(3));
    token.push_str(&signing_input);
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    SignedToken {
        token: SecretText::new(token),
        steps: vec![
            step("jwt_header", header),
            step("jwt_claims", claims),
            step("signing_input", signing_input),
        ],
    }
}

/// Takes a token apart without checking it: whoever holds a token can read it, and whoever wants can
/// write one like it.
///
/// # Errors
///
/// [`JwtError`] says which part is malformed.
pub fn decode_unverified(token: &str) -> Result<Decoded, JwtError> {
    let parts = Parts::split(token, MAX_FOREIGN_TOKEN)?;
    Ok(Decoded {
        header: object(&decode(parts.header)?).ok_or(JwtError::Header)?,
        claims: object(&decode(parts.payload)?).ok_or(JwtError::ClaimsObject)?,
    })
}

/// Reads a token that `key` signed. The times that it states are not checked.
///
/// # Errors
///
/// [`JwtError`] says which part is wrong, without showing any of it.
pub fn verify_claims(token: &str, key: &VerifyingKey) -> Result<Decoded, JwtError> {
    let algorithm = match key {
        VerifyingKey::HmacSha256(_) => Algorithm::HmacSha256,
        VerifyingKey::Pair(algorithm, _) => Algorithm::Pair(*algorithm),
    };
    let parts = Parts::split(token, MAX_FOREIGN_TOKEN)?;
    let payload = parts.open(algorithm_name(algorithm), |message, signature| {
        key.verify(message, signature)
    })?;
    Ok(Decoded {
        header: object(&decode(parts.header)?).ok_or(JwtError::Header)?,
        claims: object(&payload).ok_or(JwtError::ClaimsObject)?,
    })
}

/// The three parts, each still encoded.
pub(super) struct Parts<'a> {
    pub(super) header: &'a str,
    pub(super) payload: &'a str,
    pub(super) signature: &'a str,
    pub(super) signing_input: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn split(token: &'a str, longest: usize) -> Result<Self, JwtError> {
        if token.len() > longest {
            return Err(JwtError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwtError::NotCompact)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwtError::NotCompact)?;
        if payload.contains('.') {
            return Err(JwtError::NotCompact);
        }
        Ok(Self {
            header,
            payload,
            signature,
            signing_input,
        })
    }

    /// The payload, if the header is one for `algorithm` and the signature is genuine.
    pub(super) fn open(
        &self,
        algorithm: &'static str,
        is_genuine: impl FnOnce(&[u8], &[u8]) -> bool,
    ) -> Result<Vec<u8>, JwtError> {
        let header: JoseHeader = object(&decode(self.header)?).ok_or(JwtError::Header)?;
        if header.alg != algorithm {
            return Err(JwtError::Algorithm {
                expected: algorithm,
            });
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
        if !is_genuine(self.signing_input.as_bytes(), &decode(self.signature)?) {
            return Err(JwtError::Signature);
        }
        decode(self.payload)
    }
}

/// Strict: the URL-safe alphabet, no padding, no stray bits.
pub(super) fn decode(part: &str) -> Result<Vec<u8>, JwtError> {
    BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JwtError::Encoding)
}

/// Reads a JSON object: serde alone would take a list of the same values too.
pub(super) fn object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
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
