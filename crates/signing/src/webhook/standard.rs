//! Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
//!
//! ```text
//! signed content = id "." timestamp "." body
//! signature      = "v1," base64(HMAC-SHA256(secret, signed content))
//! ```
//!
//! The secret is written `whsec_` and base64 of 24 to 64 bytes; without the prefix it is read as well.
//! A receiver takes any `v1` of the space-separated list, so that secrets can be rotated. The asymmetric
//! `v1a` is passed over.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{SecretBytes, SecretText, mac::HmacSha256};

use crate::{
    credential::Credential,
    message::{Field, Request, only},
    settings::Encoding,
    sign::{SignError, Signed, public, refuse_present, shown_bytes, step},
    verify::{Refusal, Verified},
};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// The message's id is the nonce.
pub(crate) fn sign(
    nonce: &str,
    request: &Request<'_>,
    credential: &Credential<'_>,
    now: UnixMillis,
) -> Result<Signed, SignError> {
    refuse_present(request, &[ID, TIMESTAMP, SIGNATURE])?;
    let key = key(credential)?;
    let timestamp = now.secs().to_string();
    let content = content(nonce, &timestamp, request.body());
    let tag = key.tag(&[&content]).into_public();
    let signature = format!("v1,{}", BASE64_STANDARD.encode(tag));
    Ok(Signed::new(
        vec![
            public(ID, nonce.to_owned()),
            public(TIMESTAMP, timestamp),
            public(SIGNATURE, signature.clone()),
        ],
        vec![
            step("string_to_sign", shown_bytes(&content)),
            step("signature", signature),
        ],
    ))
}

fn content(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), timestamp.as_bytes(), body].join(&b'.')
}

fn key(credential: &Credential<'_>) -> Result<HmacSha256, SignError> {
    let written = credential.secret.expose_secret();
    let encoded = SecretText::new(written.strip_prefix("whsec_").unwrap_or(written).to_owned());
    Encoding::Base64
        .decode(&encoded)
        .filter(|key: &SecretBytes| (24..=64).contains(&key.len()))
        .map(|key| HmacSha256::new(key.expose_secret()))
        .ok_or(SignError::WebhookSecret)
}

pub(crate) fn verify(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let key = key(credential)?;
    let id = text(request.headers(), ID)?;
    let timestamp = text(request.headers(), TIMESTAMP)?;
    let signatures = text(request.headers(), SIGNATURE)?;
    let made: u64 = timestamp.parse().map_err(|_| {
        Refusal::Malformed(format!(
            "the header {TIMESTAMP} is not a number of Unix seconds"
        ))
    })?;
    let content = content(id, timestamp, request.body());
    let steps = vec![step("string_to_sign", shown_bytes(&content))];
    let genuine = signatures
        .split(' ')
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .filter_map(|signature| BASE64_STANDARD.decode(signature).ok())
        .any(|signature| key.verify(&[&content], &signature));
    if genuine {
        Ok(Verified {
            steps,
            made: Some(UnixMillis::from_secs(made)),
        })
    } else {
        Err(Refusal::Mismatch { steps })
    }
}

fn text<'a>(headers: &[Field<'a>], name: &'static str) -> Result<&'a str, Refusal> {
    let value = only(headers, name)?.ok_or_else(|| Refusal::Absent(format!("header {name}")))?;
    str::from_utf8(value).map_err(|_| Refusal::Malformed(format!("the header {name} is not text")))
}
