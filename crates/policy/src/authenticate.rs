//! Rule `authenticate`: every credential that was presented is genuine.
//!
//! An unknown id takes the same work as a wrong secret: a record whose secret nobody knows stands in
//! for the one that there is not, and two secrets are tried whether a key has one, two or none. All
//! comparisons take constant time, and all are made before any of them counts.

use std::hint::black_box;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::mac::HmacSha256;
use strongroom_signing::{Request, content_digest::DigestError, rfc9421::VerifyError};

use crate::{
    credential::{Secret, SecretId, SecretKey},
    identify::{ForgedToken, Presented, ShownSecret},
    key::KeyRecord,
    platform::Platform,
    profile::{ProfiledSignature, SignedWith},
    public_key::RegisteredKey,
    trace::{Finding, Passed, redacted},
};

const EXPECTED: &str = "a secret, token or signature that is the key's own";

/// A key whose credentials are genuine.
#[derive(Clone, Copy)]
pub(crate) struct Authenticated<'k> {
    pub(crate) key: &'k KeyRecord,
    /// The secret that was used, or that a token was obtained with.
    pub(crate) secret: SecretId,
}

/// Checks everything that was presented against the key's record, which is `None` if there is no
/// such key.
pub(crate) fn check<'k>(
    presented: &Presented<'_>,
    request: &Request<'_>,
    key: Option<&'k KeyRecord>,
    now: UnixMillis,
    platform: &Platform,
) -> Result<Authenticated<'k>, Finding> {
    let record = key.unwrap_or(&platform.stranger);
    let by_secret = presented
        .secret
        .as_ref()
        .map(|secret| match_secret(secret, record, platform));
    let by_signature = presented
        .signature
        .as_ref()
        .map(|signature| match_signature(signature, request, record, now, platform));
    let found = used(presented, record, by_secret, by_signature, now);
    // What is said of either is made for both: words take time as well.
    let unknown = found.is_err().then(|| black_box(unknown_key(presented)));
    match (key, found) {
        (Some(key), Ok(secret)) => Ok(Authenticated { key, secret }),
        (Some(_), Err(wrong)) => Err(wrong),
        (None, _) => Err(unknown.unwrap_or_else(|| unknown_key(presented))),
    }
}

/// The secret of `key` that all of what was presented is genuine by.
fn used(
    presented: &Presented<'_>,
    key: &KeyRecord,
    by_secret: Option<Option<&Secret>>,
    by_signature: Option<(Signer<'_>, Result<(), DigestError>)>,
    now: UnixMillis,
) -> Result<SecretId, Finding> {
    let mut used = None;
    if let Some(matched) = by_secret {
        used = Some(live(matched, now).ok_or_else(|| wrong_secret(presented, key, matched))?);
    }
    if let Some((matched, digest)) = by_signature {
        let matched = match matched {
            Signer::Secret(_) if !key.may_sign => return Err(may_not_sign(key)),
            Signer::Secret(Ok(secret)) => {
                live(Some(secret), now).ok_or_else(|| retired(key, secret.id))?
            }
            Signer::Registered(matched) => match (key.secrets.public_key(now), matched) {
                (None, _) => return Err(no_public_key(key)),
                (Some(registered), Ok(())) => registered.id,
                (Some(_), Err(error)) => {
                    return Err(wrong_signature(key, SignedWith::Ed25519, error));
                }
            },
            Signer::Secret(Err(error)) => {
                return Err(wrong_signature(key, SignedWith::HmacSha256, error));
            }
        };
        digest.map_err(|error| altered_body(&error))?;
        used = used.or(Some(matched));
    }
    let mut of_token = presented.tokens.iter().flatten().map(|token| token.secret);
    used.or_else(|| of_token.next())
        .ok_or_else(|| unknown_key(presented))
}

impl Authenticated<'_> {
    pub(crate) fn passed(&self) -> Passed {
        let Self { key, secret } = self;
        Passed::new(
            format!(
                "genuine: secret {secret} of key {:?} ({})",
                key.name, key.app_id
            ),
            EXPECTED,
        )
    }
}

/// A token that this platform did not issue.
pub(crate) fn forged(token: &ForgedToken) -> Finding {
    let ForgedToken { header, error } = token;
    Finding::new(
        format!("The access token in {header} was not issued by this platform."),
        error.to_string(),
        EXPECTED,
        "Get a token from this platform's access token call, and send it unchanged.",
    )
}

/// The secret of `record` that was presented, live or not.
fn match_secret<'k>(
    presented: &ShownSecret<'_>,
    record: &'k KeyRecord,
    platform: &Platform,
) -> Option<&'k Secret> {
    let tag = platform.pepper.tag(presented.as_bytes());
    let (first, second) = record.secrets.slots();
    let filler = second.unwrap_or(first);
    let (is_first, is_second) = (first.tag.matches(&tag), filler.tag.matches(&tag));
    match (is_first, is_second) {
        (true, _) => Some(first),
        (false, true) => second,
        (false, false) => None,
    }
}

/// What a signature was verified with.
enum Signer<'k> {
    /// A secret of the key, live or not.
    Secret(Result<&'k Secret, VerifyError>),
    /// The key's public key; one of nobody if it has none.
    Registered(Result<(), VerifyError>),
}

/// What of `record` the request is signed with, and whether the body is the one that was signed.
fn match_signature<'k>(
    presented: &ProfiledSignature,
    request: &Request<'_>,
    record: &'k KeyRecord,
    now: UnixMillis,
    platform: &Platform,
) -> (Signer<'k>, Result<(), DigestError>) {
    let signer = match presented.signed_with {
        SignedWith::HmacSha256 => {
            Signer::Secret(match_secrets(presented, request, record, platform))
        }
        SignedWith::Ed25519 => {
            let stranger = platform.stranger.secrets.registered();
            let registered = record.secrets.public_key(now).or(stranger);
            let verify = |registered: &RegisteredKey| {
                let verified = presented
                    .signature
                    .verify_ed25519(request.into(), &registered.key);
                verified.map(|_| ())
            };
            Signer::Registered(registered.map_or(Ok(()), verify))
        }
    };
    let digest = presented
        .digest
        .as_ref()
        .map_or(Ok(()), |digest| digest.verify(request.body()));
    (signer, digest)
}

/// The secret of `record` that the request is signed with, live or not.
fn match_secrets<'k>(
    presented: &ProfiledSignature,
    request: &Request<'_>,
    record: &'k KeyRecord,
    platform: &Platform,
) -> Result<&'k Secret, VerifyError> {
    let (first, second) = record.secrets.slots();
    let verify = |secret: &Secret| {
        let key = signing_key(record, secret, platform);
        presented
            .signature
            .verify_hmac_sha256(request.into(), &key)
            .map(|_| ())
    };
    let by_first = verify(first);
    let by_second = verify(second.unwrap_or(first));
    match (by_first, by_second, second) {
        (Ok(()), _, _) => Ok(first),
        (Err(_), Ok(()), Some(second)) => Ok(second),
        (Err(error), _, _) => Err(error),
    }
}

/// The key that a signature with `secret` is verified with.
fn signing_key(record: &KeyRecord, secret: &Secret, platform: &Platform) -> HmacSha256 {
    let open = |record: &KeyRecord, secret: &Secret| {
        let sealed = secret.sealed.as_deref().unwrap_or_default();
        platform.sealer.open(record.app_id, secret.id, sealed).ok()
    };
    // A key that may not sign has nothing to open: the work is done all the same, in vain.
    let opened = open(record, secret).or_else(|| {
        let stranger = &platform.stranger;
        open(stranger, stranger.secrets.slots().0)
    });
    HmacSha256::new(opened.as_ref().map_or(&[], |secret| secret.expose_secret()))
}

fn live(matched: Option<&Secret>, now: UnixMillis) -> Option<SecretId> {
    matched
        .filter(|secret| secret.is_live(now))
        .map(|secret| secret.id)
}

fn unknown_key(presented: &Presented<'_>) -> Finding {
    let app_id = presented.app_id;
    Finding::new(
        format!("There is no key {app_id}."),
        format!("{} of {app_id}, which is unknown here", presented.ways()),
        EXPECTED,
        "Use a key that this platform issued: its list of keys has their ids.",
    )
}

fn wrong_secret(presented: &Presented<'_>, key: &KeyRecord, matched: Option<&Secret>) -> Finding {
    let environment = presented
        .secret
        .as_ref()
        .and_then(|secret| SecretKey::environment_of(secret.as_bytes()))
        .filter(|environment| *environment != key.app_id.environment());
    let malformed = presented
        .secret
        .as_ref()
        .and_then(|secret| SecretKey::check(secret.as_bytes()).err());
    let (observed, fix) = match (matched, malformed, environment) {
        (Some(secret), ..) => return retired(key, secret.id),
        (None, Some(malformed), _) => (
            malformed.to_string(),
            "Copy the secret-key again, whole, from where it is kept.",
        ),
        (None, None, _) if !key.secrets.has_secret() => (
            "a secret-key, and the key has none: it has a public key alone".to_owned(),
            "Sign the request with the private half of the registered public key.",
        ),
        (None, None, Some(environment)) => (
            format!(
                "a secret-key of the {environment} environment with an app-id of the {} environment",
                key.app_id.environment()
            ),
            "Use app-id and secret-key of one key: both begin with the same environment.",
        ),
        (None, None, None) => (
            "a well-formed secret-key that is none of this key's".to_owned(),
            "Use the secret that was shown when this key was issued; if it is lost, issue a new one.",
        ),
    };
    Finding::new(
        format!("The secret-key is wrong for {}.", key.app_id),
        observed,
        EXPECTED,
        fix,
    )
}

fn retired(key: &KeyRecord, secret: SecretId) -> Finding {
    Finding::new(
        format!(
            "The secret was retired by a rotation of key {}.",
            key.app_id
        ),
        format!("secret {secret}, which no longer counts"),
        EXPECTED,
        "Use the key's newest secret.",
    )
}

fn may_not_sign(key: &KeyRecord) -> Finding {
    Finding::new(
        format!("Key {} may not sign requests.", key.app_id),
        "a signature by a key that was issued without the right to sign",
        "a key that may sign, or another way in",
        "Issue a key that may sign (`--may-sign`), or send app-id and secret-key instead.",
    )
}

fn no_public_key(key: &KeyRecord) -> Finding {
    Finding::new(
        format!("Key {} has no public key registered.", key.app_id),
        "a signature by ed25519, and no public key to verify it with",
        "a key with its public key registered, or another way in",
        format!(
            "Register the public half of the key that signs: strongroom platform key public-key {} --public-key FILE",
            key.app_id
        ),
    )
}

fn wrong_signature(key: &KeyRecord, signed_with: SignedWith, error: VerifyError) -> Finding {
    let with = match signed_with {
        SignedWith::HmacSha256 => "the key's secret as UTF-8",
        SignedWith::Ed25519 => "the private half of the registered public key",
    };
    let (observed, fix) = match error {
        VerifyError::Base(error) => (
            redacted(&error.to_string()),
            "Cover only what the request has, and send every header that is covered.".to_owned(),
        ),
        error @ (VerifyError::Algorithm { .. } | VerifyError::Mismatch { .. }) => (
            error.to_string(),
            format!(
                "Sign last, on the final bytes, with {with}; nothing on the way may change method, \
                 host, path, query or a covered header."
            ),
        ),
    };
    Finding::new(
        format!("The signature is not genuine for {}.", key.app_id),
        observed,
        EXPECTED,
        fix,
    )
}

fn altered_body(error: &DigestError) -> Finding {
    let observed = match error {
        DigestError::Mismatch { .. } => error.to_string(),
        _ => redacted(&error.to_string()),
    };
    Finding::new(
        "The body is not the one that was signed.",
        observed,
        "a body whose digest is the one in Content-Digest",
        "Sign the body as it is sent, byte for byte; nothing may change it after that.",
    )
}
