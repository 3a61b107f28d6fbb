//! OAuth 2.0 client credentials (RFC 6749, section 4.4): what is asked of the token endpoint, and what
//! its answer says. Fetching and keeping the token is for who has a network and a clock; the token is
//! then sent as a bearer token.

use serde::Deserialize;
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{SecretBytes, SecretText, hash};
use url::form_urlencoded;

use crate::{
    basic,
    credential::Credential,
    scheme::Scheme,
    settings::{Setting, SettingError, Settings},
    sign::{Header, HeaderValue, SignError, public},
    target::Target,
    token::{AUTHORIZATION, is_b64token},
};

const TOKEN_URL: &str = "token_url";
const SCOPE: &str = "scope";
const AUDIENCE: &str = "audience";
const CLIENT_AUTH: &str = "client_auth";

const ABOUT_TOKEN_URL: Setting = Setting::optional(
    TOKEN_URL,
    "where a token is had",
    "https://auth.example.com/oauth/token",
);

pub(crate) const SETTINGS: [Setting; 4] = [
    ABOUT_TOKEN_URL,
    Setting::optional(
        SCOPE,
        "the scopes asked for, with spaces between them",
        "payins:read payins:write",
    ),
    Setting::optional(
        AUDIENCE,
        "the audience asked for, where a provider wants one",
        "https://api.example.com",
    ),
    Setting::optional(CLIENT_AUTH, "basic (the header) or body (basic)", "body"),
];
pub(crate) const ACCESS_TOKEN_SETTINGS: [Setting; 1] = [ABOUT_TOKEN_URL];

pub(crate) fn check(settings: &Settings) -> Result<(), SettingError> {
    if let Some(url) = settings.get(TOKEN_URL) {
        Target::parse(url)
            .map_err(|error| SettingError::malformed(TOKEN_URL, format!("a URL: {error}")))?;
    }
    in_the_body(settings).map(drop)
}

fn in_the_body(settings: &Settings) -> Result<bool, SettingError> {
    match settings.get(CLIENT_AUTH) {
        None | Some("basic") => Ok(false),
        Some("body") => Ok(true),
        Some(_) => Err(SettingError::malformed(CLIENT_AUTH, "basic or body")),
    }
}

/// A request to a token endpoint. Nothing signs it further.
pub struct TokenRequest {
    /// Always `POST`.
    pub method: &'static str,
    /// Where it goes.
    pub url: String,
    /// Its headers.
    pub headers: Vec<Header>,
    /// Its body, a form.
    pub body: SecretText,
    /// The body with the secret replaced by its reference.
    pub shown_body: String,
}

/// The request for a token of `credential`: a client id as its public id, a client secret.
///
/// # Errors
///
/// [`SignError`] if there is no id, no `token_url`, or a setting makes no sense.
pub fn token_request(credential: &Credential<'_>) -> Result<TokenRequest, SignError> {
    credential.settings.check(Scheme::OAuth2)?;
    let id = credential
        .public_id
        .filter(|id| !id.is_empty())
        .ok_or(SignError::NoPublicId(Scheme::OAuth2))?;
    let secret = credential.secret.expose_secret();
    if secret.is_empty() {
        return Err(SignError::Secret);
    }
    let url = credential.settings.needed(TOKEN_URL)?;
    let in_the_body = in_the_body(credential.settings)?;
    let mut form = vec![("grant_type", "client_credentials")];
    for name in [SCOPE, AUDIENCE] {
        if let Some(value) = credential.settings.get(name) {
            form.push((name, value));
        }
    }
    let mut headers = vec![
        public("accept", "application/json".to_owned()),
        public(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ];
    let mut shown = form.clone();
    if in_the_body {
        form.extend([("client_id", id), ("client_secret", secret)]);
        shown.extend([("client_id", id), ("client_secret", credential.reference)]);
    } else {
        // Both are form-encoded before they are joined (RFC 6749, section 2.3.1).
        let mut user_pass = Vec::with_capacity(3 * (id.len() + secret.len()) + 1);
        for piece in form_urlencoded::byte_serialize(id.as_bytes()) {
            user_pass.extend_from_slice(piece.as_bytes());
        }
        user_pass.push(b':');
        for piece in form_urlencoded::byte_serialize(secret.as_bytes()) {
            user_pass.extend_from_slice(piece.as_bytes());
        }
        headers.push(Header {
            name: AUTHORIZATION.into(),
            value: HeaderValue::Secret {
                value: basic::authorization(&SecretBytes::new(user_pass)),
                shown: format!("Basic base64({id}:{})", credential.reference),
            },
        });
    }
    Ok(TokenRequest {
        method: "POST",
        url: url.to_owned(),
        headers,
        body: SecretText::new(encoded(&form)),
        shown_body: encoded(&shown),
    })
}

fn encoded(form: &[(&str, &str)]) -> String {
    let longest = form
        .iter()
        .map(|(name, value)| name.len() + 3 * value.len() + 2);
    let room = String::with_capacity(longest.sum());
    let mut encoder = form_urlencoded::Serializer::new(room);
    encoder.extend_pairs(form);
    encoder.finish()
}

/// What tells one token from another: everything that went into its request, hashed, the secret too, so
/// that a rotated secret gets a token of its own.
#[must_use]
pub fn cache_key(scheme: Scheme, credential: &Credential<'_>, token_url: &str) -> [u8; 32] {
    let settings = credential.settings;
    let mut parts = vec![
        scheme.id(),
        token_url,
        credential.public_id.unwrap_or_default(),
        credential.secret.expose_secret(),
    ];
    parts.extend([SCOPE, AUDIENCE, CLIENT_AUTH].map(|name| settings.get(name).unwrap_or_default()));
    let mut hasher = hash::Sha256::new();
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finish()
}

/// A token that an endpoint gave.
pub struct Token {
    /// The token.
    pub access_token: SecretText,
    /// For how many seconds it is valid, if the answer says so.
    pub expires_in: Option<u64>,
    /// The scopes that were given, if they differ from those asked for.
    pub scope: Option<String>,
}

impl Token {
    /// Until when it is used, if it came at `received`: a tenth of its time is left over, a minute at
    /// most, for clocks that differ and requests under way. A token of unknown life is used for one
    /// request alone.
    #[must_use]
    pub fn used_until(&self, received: UnixMillis) -> UnixMillis {
        let life = self.expires_in.unwrap_or_default().saturating_mul(1_000);
        let used = life - (life / 10).min(60_000);
        UnixMillis(received.0.saturating_add(used))
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<serde_json::Value>,
    scope: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Reads the answer of a token endpoint (RFC 6749, section 5). `status` is its HTTP status.
///
/// # Errors
///
/// [`TokenAnswerError`]: an error answer, no JSON, no token, or a token of another type than bearer.
/// Holds no token.
pub fn read_answer(status: u16, body: &[u8]) -> Result<Token, TokenAnswerError> {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    if !(200..300).contains(&status) {
        let (error, description) = answer
            .map(|answer| (answer.error, answer.error_description))
            .unwrap_or_default();
        return Err(TokenAnswerError::Refused {
            status,
            reason: [error, description]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(": "),
        });
    }
    let answer = answer.ok_or(TokenAnswerError::Malformed)?;
    let access_token = SecretText::new(answer.access_token.ok_or(TokenAnswerError::Malformed)?);
    if !is_b64token(access_token.expose_secret()) {
        return Err(TokenAnswerError::Malformed);
    }
    match answer.token_type {
        Some(kind) if !kind.eq_ignore_ascii_case("bearer") => {
            return Err(TokenAnswerError::Type(kind));
        }
        _ => {}
    }
    // Some providers write the number in quotes.
    let expires_in = answer.expires_in.and_then(|value| match value {
        serde_json::Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    });
    Ok(Token {
        access_token,
        expires_in,
        scope: answer.scope,
    })
}

/// A token endpoint gave no token that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenAnswerError {
    /// An error answer.
    #[error("the token endpoint answered {status}{}", if reason.is_empty() { String::new() } else { format!(": {reason}") })]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says, if it says it as RFC 6749 has it.
        reason: String,
    },
    /// Not what RFC 6749 has.
    #[error("the token endpoint's answer is not a JSON object with an access_token")]
    Malformed,
    /// A token that is not a bearer token.
    #[error("the token endpoint gave a token of the type {0:?}; only bearer tokens can be sent")]
    Type(String),
}
