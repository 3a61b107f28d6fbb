//! AWS Signature Version 4, in the `Authorization` header.
//!
//! ```text
//! canonical request = method "\n" path "\n" query "\n" headers "\n" signed headers "\n" hex(SHA-256(body))
//! string to sign    = "AWS4-HMAC-SHA256\n" time "\n" scope "\n" hex(SHA-256(canonical request))
//! signing key       = HMAC(HMAC(HMAC(HMAC("AWS4" secret, date), region), service), "aws4_request")
//! signature         = hex(HMAC(signing key, string to sign))
//! ```
//!
//! Path, query and headers stand as they go on the wire; what AWS leaves open is said in
//! `docs/SIGNING.md`. A request's own `x-amz-date` is the time that is signed.

mod canonical;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{
    SecretBytes, SecretText, hash,
    mac::{HmacSha256, constant_time_eq},
};

use self::canonical::{Canonical, PathForm};
use crate::{
    credential::Credential,
    message::{Request, only},
    scheme::Scheme,
    settings::{Setting, SettingError, Settings},
    sign::{Header, HeaderValue, SignError, Signed, public, public_id, refuse_present, step},
    token::AUTHORIZATION,
    verify::{Refusal, Verified, same_id},
};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const CONTENT: &str = "x-amz-content-sha256";
const TOKEN: &str = "x-amz-security-token";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

const REGION: &str = "region";
const SERVICE: &str = "service";
const NORMALIZE_PATH: &str = "normalize_path";
const SIGN_BODY: &str = "sign_body";
const PATH_ENCODING: &str = "path_encoding";

pub(crate) const SETTINGS: [Setting; 5] = [
    Setting::required(REGION, "as in us-east-1", "eu-west-1"),
    Setting::required(SERVICE, "as in execute-api", "s3"),
    Setting::optional(NORMALIZE_PATH, "true or false (true, but for S3)", "false"),
    Setting::optional(PATH_ENCODING, "once or twice (twice, but for S3)", "once"),
    Setting::optional(
        SIGN_BODY,
        "adds x-amz-content-sha256 (false, but for S3)",
        "true",
    ),
];

/// Where a signature is valid, and how it is made there.
pub(crate) struct Scope<'a> {
    region: &'a str,
    service: &'a str,
    form: PathForm,
    sign_body: bool,
}

impl<'a> Scope<'a> {
    pub(crate) fn read(settings: &'a Settings) -> Result<Self, SettingError> {
        let word = |name| {
            let value = settings.needed(name)?;
            let sound = value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if sound {
                Ok(value)
            } else {
                Err(SettingError::malformed(name, "one word, as in us-east-1"))
            }
        };
        let service = word(SERVICE)?;
        let is_s3 = matches!(
            service,
            "s3" | "s3express" | "s3-object-lambda" | "s3-outposts"
        );
        let encoded_again = match settings.get(PATH_ENCODING) {
            None => !is_s3,
            Some("twice") => true,
            Some("once") => false,
            Some(_) => return Err(SettingError::malformed(PATH_ENCODING, "once or twice")),
        };
        Ok(Self {
            region: word(REGION)?,
            service,
            form: PathForm {
                normalized: settings.flag(NORMALIZE_PATH, !is_s3)?,
                encoded_again,
            },
            sign_body: settings.flag(SIGN_BODY, is_s3)?,
        })
    }

    /// The credential scope of a day, `YYYYMMDD`.
    fn of(&self, day: &str) -> String {
        format!("{day}/{}/{}/aws4_request", self.region, self.service)
    }

    fn signing_key(&self, secret: &SecretText, day: &str) -> HmacSha256 {
        let secret = secret.expose_secret();
        let mut first = Vec::with_capacity("AWS4".len() + secret.len());
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret.as_bytes());
        let first = SecretBytes::new(first);
        let mut key = HmacSha256::new(first.expose_secret());
        for part in [day, self.region, self.service, "aws4_request"] {
            key = HmacSha256::from(&key.tag(&[part.as_bytes()]));
        }
        key
    }
}

pub(crate) fn sign(
    request: &Request<'_>,
    credential: &Credential<'_>,
    now: UnixMillis,
) -> Result<Signed, SignError> {
    refuse_present(request, &[AUTHORIZATION, TOKEN])?;
    let scope = Scope::read(credential.settings)?;
    let id = public_id(Scheme::SigV4, credential)?;
    if credential.secret.is_empty() {
        return Err(SignError::Secret);
    }
    let mut headers = Vec::new();
    let mut added = Vec::new();
    let own_date = canonical::value(request, DATE);
    let time = match &own_date {
        Some(time) if instant(time).is_some() => time.clone(),
        Some(_) => {
            return Err(SignError::Header {
                name: DATE,
                expected: "a time such as 20150830T123600Z".to_owned(),
            });
        }
        None => basic_format(now),
    };
    if own_date.is_none() {
        headers.push(public(DATE, time.clone()));
        added.push((DATE, time.as_str()));
    }
    let own_content = canonical::value(request, CONTENT);
    let digest = hex::encode(hash::sha256(&[request.body()]));
    let payload_hash = match &own_content {
        Some(own) if *own == digest || own == UNSIGNED_PAYLOAD => own.clone(),
        Some(_) => {
            return Err(SignError::Header {
                name: CONTENT,
                expected: "the body's SHA-256 in hex, or UNSIGNED-PAYLOAD".to_owned(),
            });
        }
        None => digest,
    };
    if scope.sign_body && own_content.is_none() {
        headers.push(public(CONTENT, payload_hash.clone()));
        added.push((CONTENT, payload_hash.as_str()));
    }
    if let Some(token) = credential.session_token {
        let token = token.expose_secret();
        headers.push(Header {
            name: TOKEN.into(),
            value: HeaderValue::Token {
                value: SecretText::new(token.to_owned()),
                shown: "(the session token)".to_owned(),
            },
        });
        added.push((TOKEN, token));
    }
    let covered = canonical::headers(request, &added);
    let canonical = Canonical::new(request, scope.form, &covered, &payload_hash);
    let (string_to_sign, signature) = finish(&scope, credential, &time, &canonical);
    let credential_scope = scope.of(day(&time));
    let authorization = format!(
        "{ALGORITHM} Credential={id}/{credential_scope}, SignedHeaders={}, Signature={signature}",
        canonical.signed_headers
    );
    headers.push(public(AUTHORIZATION, authorization.clone()));
    Ok(Signed::new(
        headers,
        vec![
            step("canonical_request", canonical.text),
            step("string_to_sign", string_to_sign),
            step("signature", signature),
            step(AUTHORIZATION, authorization),
        ],
    ))
}

/// The string to sign, and the signature.
fn finish(
    scope: &Scope<'_>,
    credential: &Credential<'_>,
    time: &str,
    canonical: &Canonical,
) -> (String, String) {
    let string_to_sign = format!(
        "{ALGORITHM}\n{time}\n{}\n{}",
        scope.of(day(time)),
        hex::encode(hash::sha256(&[canonical.text.as_bytes()]))
    );
    let key = scope.signing_key(credential.secret, day(time));
    let tag = key.tag(&[string_to_sign.as_bytes()]).into_public();
    (string_to_sign, hex::encode(tag))
}

/// Checks the `Authorization` header. Host and time must be among the signed headers.
pub(crate) fn verify(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let scope = Scope::read(credential.settings)?;
    let value = only(request.headers(), AUTHORIZATION)?
        .ok_or_else(|| Refusal::Absent("Authorization header".to_owned()))?;
    let stated = Stated::read(value)
        .ok_or_else(|| Refusal::Malformed(format!("the Authorization header is not {ALGORITHM} Credential=ID/SCOPE, SignedHeaders=NAMES, Signature=HEX")))?;
    same_id(stated.id, credential)?;
    let time = only(request.headers(), DATE)?
        .and_then(|time| str::from_utf8(time).ok())
        .ok_or_else(|| Refusal::Absent(format!("header {DATE}")))?;
    let made = instant(time).ok_or_else(|| {
        Refusal::Malformed(format!(
            "the header {DATE} is not a time such as 20150830T123600Z"
        ))
    })?;
    let expected = scope.of(day(time));
    if stated.scope != expected {
        return Err(Refusal::OtherScope {
            found: stated.scope.to_owned(),
            expected,
        });
    }
    for needed in ["host", DATE] {
        if !stated.signed_headers.split(';').any(|name| name == needed) {
            return Err(Refusal::Malformed(format!(
                "the signature does not cover the header {needed}"
            )));
        }
    }
    let mut covered = Vec::new();
    for name in stated.signed_headers.split(';') {
        let value = canonical::value(request, name)
            .ok_or_else(|| Refusal::Absent(format!("header {name}, which the signature covers")))?;
        covered.push((name.to_owned(), value));
    }
    let digest = hex::encode(hash::sha256(&[request.body()]));
    let payload_hash = match canonical::value(request, CONTENT) {
        Some(own) if own == UNSIGNED_PAYLOAD => own,
        Some(own) if own != digest => {
            return Err(Refusal::Malformed(format!(
                "the header {CONTENT} is not the body's: the body was changed after signing"
            )));
        }
        _ => digest,
    };
    let canonical = Canonical::new(request, scope.form, &covered, &payload_hash);
    let (string_to_sign, signature) = finish(&scope, credential, time, &canonical);
    let steps = vec![
        step("canonical_request", canonical.text),
        step("string_to_sign", string_to_sign),
    ];
    if !constant_time_eq(signature.as_bytes(), stated.signature.as_bytes()) {
        return Err(Refusal::Mismatch { steps });
    }
    Ok(Verified {
        steps,
        made: Some(made),
    })
}

/// What an `Authorization` header says.
struct Stated<'a> {
    id: &'a str,
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Stated<'a> {
    fn read(value: &'a [u8]) -> Option<Self> {
        let rest = str::from_utf8(value).ok()?.strip_prefix(ALGORITHM)?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        let (id, scope) = credential?.split_once('/')?;
        Some(Self {
            id,
            scope,
            signed_headers: signed_headers?,
            signature: signature?,
        })
    }
}

/// `YYYYMMDD'T'HHMMSS'Z'`, in UTC.
fn basic_format(time: UnixMillis) -> String {
    let text = time.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    let mut compact: String = seconds
        .chars()
        .filter(|character| !matches!(character, '-' | ':'))
        .collect();
    compact.push('Z');
    compact
}

/// The time that `YYYYMMDD'T'HHMMSS'Z'` names.
fn instant(text: &str) -> Option<UnixMillis> {
    let digits = |from: usize, to: usize| text.get(from..to);
    if text.len() != 16 {
        return None;
    }
    let written = format!(
        "{}-{}-{}{}{}:{}:{}{}",
        digits(0, 4)?,
        digits(4, 6)?,
        digits(6, 8)?,
        digits(8, 9)?,
        digits(9, 11)?,
        digits(11, 13)?,
        digits(13, 15)?,
        digits(15, 16)?
    );
    let time: UnixMillis = written.parse().ok()?;
    (basic_format(time) == text).then_some(time)
}

fn day(time: &str) -> &str {
    time.get(..8).unwrap_or(time)
}
