//! `t=TIME,v1=SIGNATURE` in one header, as Stripe signs webhooks and others after it.
//!
//! ```text
//! signed payload = t "." body
//! v1             = hex(HMAC-SHA256(secret, signed payload))
//! ```
//!
//! The secret's text is the key as a whole, its prefix `whsec_` included. A receiver takes any `v1`, so
//! that secrets can be rotated, and passes over other schemes (`v0`).

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::mac::HmacSha256;

use crate::{
    api_key::is_header_name,
    credential::{Credential, KeyProblem},
    message::Request,
    settings::{Setting, SettingError, Settings},
    sign::{SignError, Signed, public, refuse_present, shown_bytes, step},
    verify::{Refusal, Verified},
};

const HEADER: &str = "header";
const DEFAULT_HEADER: &str = "stripe-signature";

pub(crate) const SETTINGS: [Setting; 2] = [
    Setting::optional(
        HEADER,
        "the header that carries it (stripe-signature)",
        "x-signature",
    ),
    Setting::secret_encoding(),
];

pub(crate) fn header_name(settings: &Settings) -> Result<&str, SettingError> {
    let name = settings.get(HEADER).unwrap_or(DEFAULT_HEADER);
    if is_header_name(name) {
        Ok(name)
    } else {
        Err(SettingError::malformed(HEADER, "a header's name"))
    }
}

pub(crate) fn sign(
    request: &Request<'_>,
    credential: &Credential<'_>,
    now: UnixMillis,
) -> Result<Signed, SignError> {
    let name = header_name(credential.settings)?;
    refuse_present(request, &[name])?;
    let payload = payload(&now.secs().to_string(), request.body());
    let signature = hex::encode(key(credential)?.tag(&[&payload]).into_public());
    let value = format!("t={},v1={signature}", now.secs());
    Ok(Signed::new(
        vec![public(name.to_owned(), value)],
        vec![
            step("string_to_sign", shown_bytes(&payload)),
            step("signature", signature),
        ],
    ))
}

fn payload(timestamp: &str, body: &[u8]) -> Vec<u8> {
    [timestamp.as_bytes(), body].join(&b'.')
}

fn key(credential: &Credential<'_>) -> Result<HmacSha256, KeyProblem> {
    let encoding = credential.settings.secret_encoding()?;
    encoding
        .decode(credential.secret)
        .filter(|key| !key.is_empty())
        .map(|key| HmacSha256::new(key.expose_secret()))
        .ok_or(KeyProblem::Secret)
}

pub(crate) fn verify(
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let name = header_name(credential.settings)?;
    let key = key(credential)?;
    let mut lines = request
        .headers()
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name));
    let line = lines
        .next()
        .ok_or_else(|| Refusal::Absent(format!("header {name}")))?;
    let malformed =
        || Refusal::Malformed(format!("the header {name} is not t=UNIX_SECONDS,v1=HEX"));
    if lines.next().is_some() {
        return Err(malformed());
    }
    let value = str::from_utf8(line.value).map_err(|_| malformed())?;
    let pairs: Option<Vec<(&str, &str)>> = value
        .split(',')
        .map(|pair| pair.trim().split_once('='))
        .collect();
    let pairs = pairs.ok_or_else(malformed)?;
    let mut times = pairs.iter().filter(|(key, _)| *key == "t");
    let (Some((_, timestamp)), None) = (times.next(), times.next()) else {
        return Err(malformed());
    };
    let made: u64 = timestamp.parse().map_err(|_| malformed())?;
    let payload = payload(timestamp, request.body());
    let steps = vec![step("string_to_sign", shown_bytes(&payload))];
    let genuine = pairs
        .iter()
        .filter(|(key, _)| *key == "v1")
        .filter_map(|(_, signature)| hex::decode(signature).ok())
        .any(|signature| key.verify(&[&payload], &signature));
    if genuine {
        Ok(Verified {
            steps,
            made: Some(UnixMillis::from_secs(made)),
        })
    } else {
        Err(Refusal::Mismatch { steps })
    }
}
