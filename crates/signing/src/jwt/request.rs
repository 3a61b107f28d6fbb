//! A token made for one request: what it says unless told otherwise, and where it goes.

use serde_json::{Map, Value};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::SecretText;

use super::{algorithm_name, sign_claims, verify_claims};
use crate::{
    credential::{Algorithm, Credential, SigningKey, VerifyingKey},
    header_pair::visible_ascii,
    message::Request,
    scheme::Scheme,
    settings::{Setting, SettingError, Settings},
    sign::{Header, HeaderValue, SignError, Signed, refuse_present, step},
    token::{AUTHORIZATION, presented},
    verify::{Refusal, Verified, same_id},
};

const CLAIMS: &str = "claims";
const LIFETIME: &str = "lifetime";
const KID: &str = "kid";
const DEFAULT_LIFETIME: u64 = 300;

const ABOUT_CLAIMS: Setting = Setting::optional(
    CLAIMS,
    "claims of one's own, a JSON object",
    r#"{"aud":"https://api.example.com"}"#,
);
const ABOUT_LIFETIME: Setting = Setting::optional(LIFETIME, "seconds from iat to exp (300)", "60");
const ABOUT_KID: Setting = Setting::optional(KID, "the header's kid (the public id)", "key-2026");

pub(crate) const SETTINGS: [Setting; 3] = [ABOUT_CLAIMS, ABOUT_LIFETIME, ABOUT_KID];
pub(crate) const SHARED_SETTINGS: [Setting; 4] = [
    ABOUT_CLAIMS,
    ABOUT_LIFETIME,
    ABOUT_KID,
    Setting::secret_encoding(),
];

/// What a request's token is to say, by the settings.
pub(crate) struct RequestClaims<'a> {
    own: Map<String, Value>,
    lifetime: u64,
    kid: Option<&'a str>,
}

impl<'a> RequestClaims<'a> {
    pub(crate) fn read(settings: &'a Settings) -> Result<Self, SettingError> {
        let own = match settings.get(CLAIMS) {
            None => Map::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|_| SettingError::malformed(CLAIMS, "a JSON object"))?,
        };
        Ok(Self {
            own,
            lifetime: settings.seconds(LIFETIME)?.unwrap_or(DEFAULT_LIFETIME),
            kid: settings.get(KID),
        })
    }

    /// One's own claims as they stand, and behind them those of `iss`, `iat`, `exp` and `jti` that are
    /// not among them.
    fn complete(self, public_id: Option<&str>, nonce: &str, now: UnixMillis) -> Map<String, Value> {
        let mut claims = self.own;
        let issued = claims
            .get("iat")
            .and_then(Value::as_u64)
            .unwrap_or(now.secs());
        for (name, value) in [
            ("iss", public_id.map(Value::from)),
            ("iat", Some(issued.into())),
            ("exp", Some(issued.saturating_add(self.lifetime).into())),
            ("jti", Some(nonce.into())),
        ] {
            if let Some(value) = value {
                claims.entry(name).or_insert(value);
            }
        }
        claims
    }
}

fn algorithm(scheme: Scheme) -> Algorithm {
    scheme.jwt().unwrap_or(Algorithm::HmacSha256)
}

pub(crate) fn sign_request(
    scheme: Scheme,
    nonce: &str,
    request: &Request<'_>,
    credential: &Credential<'_>,
    now: UnixMillis,
) -> Result<Signed, SignError> {
    refuse_present(request, &[AUTHORIZATION])?;
    let key = SigningKey::new(algorithm(scheme), credential)?;
    if let Some(id) = credential.public_id {
        visible_ascii(id.as_bytes()).ok_or(SignError::PublicId)?;
    }
    let claims = RequestClaims::read(credential.settings)?;
    let mut header = Map::new();
    header.insert("alg".to_owned(), algorithm_name(algorithm(scheme)).into());
    header.insert("typ".to_owned(), "JWT".into());
    if let Some(kid) = claims.kid.or(credential.public_id) {
        header.insert("kid".to_owned(), kid.into());
    }
    let header = Value::Object(header).to_string();
    let claims = Value::Object(claims.complete(credential.public_id, nonce, now)).to_string();
    let made = sign_claims(&header, &claims, &key)?;
    let token = made.token.expose_secret();
    let unsigned = token.rsplit_once('.').map_or("", |(unsigned, _)| unsigned);
    let shown = format!(
        "Bearer {unsigned}.(signature with {})",
        credential.reference
    );
    // Room for all of it at once, so that growing leaves no copy of the token behind.
    let mut value = String::with_capacity("Bearer ".len() + token.len());
    value.push_str("Bearer ");
    value.push_str(token);
    let mut steps = made.steps;
    steps.push(step(AUTHORIZATION, &*shown));
    let value = HeaderValue::Token {
        value: SecretText::new(value),
        shown,
    };
    let header = Header {
        name: AUTHORIZATION.into(),
        value,
    };
    Ok(Signed::new(vec![header], steps))
}

/// Checks the bearer token. If the credential has a public id, it must be the token's `kid` or, where it
/// has none, its `iss`.
pub(crate) fn verify_request(
    scheme: Scheme,
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    let token = presented(AUTHORIZATION, request)?;
    let key = VerifyingKey::new(algorithm(scheme), credential)?;
    let read = verify_claims(token.expose_secret(), &key).map_err(|error| match error {
        super::JwtError::Signature => Refusal::Mismatch { steps: Vec::new() },
        error => Refusal::Malformed(error.to_string()),
    })?;
    let claims = RequestClaims::read(credential.settings)?;
    let named = read.header.get("kid").or_else(|| read.claims.get("iss"));
    if claims.kid.is_none()
        && let Some(named) = named.and_then(Value::as_str)
    {
        same_id(named, credential)?;
    }
    Ok(Verified {
        made: read.time("iat").map(UnixMillis::from_secs),
        steps: vec![
            step("jwt_header", Value::Object(read.header).to_string()),
            step("jwt_claims", Value::Object(read.claims).to_string()),
        ],
    })
}
