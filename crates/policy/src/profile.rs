//! What the platform asks of a signature by RFC 9421, beyond its being well formed: what it covers, and
//! what it says about itself.

use strongroom_signing::{
    Request,
    content_digest::{CONTENT_DIGEST, ContentDigest},
    rfc9421::{Derived, ED25519, HMAC_SHA256, SIGNATURE, SIGNATURE_INPUT, Signature},
};

use crate::{
    identify::malformed,
    trace::{Finding, redacted},
};

/// The longest nonce, in bytes.
const MAX_NONCE: usize = 256;

const SIGN_FIX: &str = "Let the signature cover @method, @target-uri and, with a body, \
                        content-digest, with the parameters created, nonce and keyid (the app-id).";

/// Length of an Ed25519 signature in bytes (RFC 8032, section 5.1.6).
const ED25519_LEN: usize = 64;

/// How a request is signed. It is the signature's to say, since that alone tells what has to be checked
/// before anything is known of the key; a key is never used for another one than its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedWith {
    /// `hmac-sha256`, with the key's secret.
    HmacSha256,
    /// `ed25519`, with the private half of the key's registered public key.
    Ed25519,
}

/// A signature that fits the profile, still to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfiledSignature {
    /// The signature.
    pub signature: Signature,
    /// How it is made: by its `alg`, or if it has none by its length.
    pub signed_with: SignedWith,
    /// The content digest that it covers, if the request has one.
    pub digest: Option<ContentDigest>,
    /// Whose it says it is.
    pub keyid: String,
    /// When it was made, in seconds.
    pub created: u64,
    /// From when on it is no longer valid, in seconds.
    pub expires: Option<u64>,
    /// Its nonce.
    pub nonce: String,
}

/// The request's signature, if it has one, checked against the profile. Whose it is, and whether it is
/// genuine, is another matter.
///
/// # Errors
///
/// [`Finding`] of the rule `identify`.
pub fn read(request: &Request<'_>) -> Result<Option<ProfiledSignature>, Finding> {
    let is_signed = request.headers().iter().any(|field| {
        [SIGNATURE, SIGNATURE_INPUT]
            .iter()
            .any(|name| field.name.eq_ignore_ascii_case(name))
    });
    if !is_signed {
        return Ok(None);
    }
    let signatures = Signature::read_all(request.headers())
        .map_err(|error| malformed(redacted(&error.to_string()), SIGN_FIX))?;
    let signature = match <[Signature; 1]>::try_from(signatures) {
        Ok([signature]) => signature,
        Err(none) if none.is_empty() => return Ok(None),
        Err(several) => {
            return Err(malformed(
                format!(
                    "there are {} signatures where one is expected",
                    several.len()
                ),
                "Send one signature.",
            ));
        }
    };
    let digest = ContentDigest::read(request.headers())
        .map_err(|error| malformed(redacted(&error.to_string()), SIGN_FIX))?;
    let input = signature.input();
    let covers_target = input.covers(Derived::TargetUri)
        || [Derived::Authority, Derived::Path, Derived::Query]
            .into_iter()
            .all(|part| input.covers(part));
    let lacks = |what: &str| malformed(format!("the signature {what}"), SIGN_FIX);
    if !input.covers(Derived::Method) {
        return Err(lacks("does not cover @method"));
    }
    if !covers_target {
        return Err(lacks(
            "covers neither @target-uri nor all of @authority, @path and @query",
        ));
    }
    if !request.body().is_empty() && (digest.is_none() || !input.covers_header(CONTENT_DIGEST)) {
        return Err(lacks(
            "does not cover content-digest, and the request has a body",
        ));
    }
    let params = input.params();
    let signed_with = match params.alg.as_deref() {
        Some(HMAC_SHA256) => SignedWith::HmacSha256,
        Some(ED25519) => SignedWith::Ed25519,
        None if signature.value().len() == ED25519_LEN => SignedWith::Ed25519,
        None => SignedWith::HmacSha256,
        Some(alg) => {
            let alg = redacted(&format!("{alg:?}"));
            return Err(malformed(
                format!("the signature's alg is {alg}, neither {HMAC_SHA256:?} nor {ED25519:?}"),
                "Sign with hmac-sha256 and the key's secret, or with ed25519 and a registered key.",
            ));
        }
    };
    let keyid = params
        .keyid
        .as_deref()
        .ok_or_else(|| lacks("has no keyid"))?;
    let keyid = keyid.to_owned();
    let created = params.created.ok_or_else(|| lacks("has no created"))?;
    let expires = params.expires;
    let nonce = params.nonce.clone().ok_or_else(|| lacks("has no nonce"))?;
    if nonce.is_empty() || nonce.len() > MAX_NONCE {
        return Err(malformed(
            format!(
                "the signature's nonce has {} bytes, not 1 to {MAX_NONCE}",
                nonce.len()
            ),
            "Send a fresh random nonce, 16 bytes in base64 for example.",
        ));
    }
    Ok(Some(ProfiledSignature {
        signature,
        signed_with,
        digest,
        keyid,
        created,
        expires,
        nonce,
    }))
}
