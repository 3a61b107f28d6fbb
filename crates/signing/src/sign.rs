//! The one function that signs a request with any scheme, and what it gives.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use strongroom_contract::{exchange::Step, time::UnixMillis};
use strongroom_crypto::SecretText;

use crate::{
    api_key, basic,
    content_digest::DigestError,
    credential::{Credential, KeyProblem},
    header_pair::{self, visible_ascii},
    jwt,
    message::Request,
    rfc9421::{self, BaseError, InputError},
    scheme::Scheme,
    settings::SettingError,
    sigv4, template, token, webhook,
};

/// What a signature takes from outside of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningContext {
    /// The time.
    pub now: UnixMillis,
    /// Random bytes, fresh for each signature.
    pub nonce: [u8; 16],
}

/// What signing adds to a request.
pub struct Signed {
    /// The headers to add, in order. The request has none of these names yet.
    pub headers: Vec<Header>,
    /// What to add to the URL's query, behind what stands there.
    pub query: Option<QueryParameter>,
    /// How they came about, without secrets.
    pub steps: Vec<Step>,
}

impl Signed {
    pub(crate) fn new(headers: Vec<Header>, steps: Vec<Step>) -> Self {
        Self {
            headers,
            query: None,
            steps,
        }
    }
}

/// One header to add.
pub struct Header {
    /// The name, in lower case where it is ours to choose.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: HeaderValue,
}

/// A query parameter to add: `NAME=VALUE`, both percent-encoded already.
pub struct QueryParameter {
    /// The name.
    pub name: String,
    /// The value.
    pub value: HeaderValue,
}

/// A header's value, which may be a credential.
pub enum HeaderValue {
    /// Anybody may see it.
    Public(String),
    /// A credential that was made for this request and loses its worth with time: a signed token. The
    /// secret cannot be told from it.
    Token {
        /// What goes on the wire.
        value: SecretText,
        /// What is shown: the same without its signature.
        shown: String,
    },
    /// A credential, and the text that stands for it wherever it is shown.
    Secret {
        /// What goes on the wire.
        value: SecretText,
        /// What is shown: the same with the secret replaced by its reference.
        shown: String,
    },
}

impl HeaderValue {
    /// What goes on the wire.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        match self {
            Self::Public(value) => value,
            Self::Token { value, .. } | Self::Secret { value, .. } => value.expose_secret(),
        }
    }

    /// What may be shown.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Public(value) => value,
            Self::Token { shown, .. } | Self::Secret { shown, .. } => shown,
        }
    }

    /// Whether it is a credential.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        !matches!(self, Self::Public(_))
    }
}

/// Signs `request`, which must be as it will go on the wire: nothing but what the answer says may be
/// added to it afterwards.
///
/// # Errors
///
/// [`SignError`] if the credential does not fit the scheme or the request can't be signed.
pub fn sign(
    scheme: Scheme,
    request: &Request<'_>,
    credential: &Credential<'_>,
    context: &SigningContext,
) -> Result<Signed, SignError> {
    let nonce = BASE64_URL_SAFE_NO_PAD.encode(context.nonce);
    sign_with_nonce(&nonce, scheme, request, credential, context.now)
}

/// As [`sign`], with a nonce that somebody chose: a signature of a known time and nonce is the same
/// each time, where its algorithm has no randomness of its own.
///
/// # Errors
///
/// As for [`sign`]; [`SignError::Nonce`] if the nonce is not visible ASCII.
pub fn sign_with_nonce(
    nonce: &str,
    scheme: Scheme,
    request: &Request<'_>,
    credential: &Credential<'_>,
    now: UnixMillis,
) -> Result<Signed, SignError> {
    visible_ascii(nonce.as_bytes()).ok_or(SignError::Nonce)?;
    credential.settings.check(scheme)?;
    match scheme {
        Scheme::HeaderPair => header_pair::sign(request, credential),
        Scheme::ApiKey => api_key::sign(request, credential),
        Scheme::Basic => basic::sign(request, credential),
        Scheme::Bearer | Scheme::OAuth2 => token::sign_bearer(request, credential),
        Scheme::AccessToken => token::sign_access_token(request, credential),
        Scheme::JwtHs256 | Scheme::JwtRs256 | Scheme::JwtEs256 | Scheme::JwtEdDsa => {
            jwt::sign_request(scheme, nonce, request, credential, now)
        }
        Scheme::Rfc9421HmacSha256
        | Scheme::Rfc9421Ed25519
        | Scheme::Rfc9421EcdsaP256Sha256
        | Scheme::Rfc9421RsaPssSha512
        | Scheme::Rfc9421RsaV15Sha256 => {
            rfc9421::sign_request(scheme, nonce, request, credential, now)
        }
        Scheme::SigV4 => sigv4::sign(request, credential, now),
        Scheme::HmacTemplate => template::sign(nonce, request, credential, now),
        Scheme::StandardWebhooks => webhook::standard::sign(nonce, request, credential, now),
        Scheme::TV1 => webhook::t_v1::sign(request, credential, now),
    }
}

pub(crate) fn public(name: impl Into<Cow<'static, str>>, value: String) -> Header {
    Header {
        name: name.into(),
        value: HeaderValue::Public(value),
    }
}

pub(crate) fn step(name: &str, value: impl Into<String>) -> Step {
    Step {
        name: name.to_owned(),
        value: value.into(),
    }
}

/// Bytes as a step shows them: text as it is, other bytes as `\xNN`.
pub(crate) fn shown_bytes(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.escape_ascii().to_string(),
    }
}

pub(crate) fn public_id<'a>(
    scheme: Scheme,
    credential: &Credential<'a>,
) -> Result<&'a str, SignError> {
    let public_id = credential.public_id.ok_or(SignError::NoPublicId(scheme))?;
    visible_ascii(public_id.as_bytes()).ok_or(SignError::PublicId)
}

pub(crate) fn refuse_present(request: &Request<'_>, names: &[&str]) -> Result<(), SignError> {
    let present = |name: &&str| {
        request
            .headers()
            .iter()
            .any(|field| field.name.eq_ignore_ascii_case(name))
    };
    match names.iter().copied().find(|name| present(name)) {
        Some(name) => Err(SignError::HeaderPresent(name.to_owned())),
        None => Ok(()),
    }
}

/// A request can't be signed with this credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The scheme needs a public id.
    #[error("the scheme {0} needs the key's public id (its app-id), and this key has none")]
    NoPublicId(Scheme),
    /// The public id can't stand in a header.
    #[error(
        "the key's public id is empty or has characters other than visible ASCII, which a header can't carry"
    )]
    PublicId,
    /// The secret can't stand in a header, or is empty.
    #[error(
        "the key's secret is empty or has characters other than visible ASCII (a line end?), which a header can't carry"
    )]
    Secret,
    /// A user name with a colon, or a control character, which RFC 7617 has no form for.
    #[error(
        "the user name holds a colon, or the user name or password a control character, which Basic authentication can't carry"
    )]
    Basic,
    /// The secret is no token.
    #[error(
        "the secret is no token: a token has A-Z a-z 0-9 - . _ ~ + / and then any = (is there a line end or \"Bearer \" in it?)"
    )]
    Token,
    /// The secret is no key of a webhook.
    #[error("the secret is no webhook secret: expected whsec_ and base64 of 24 to 64 bytes")]
    WebhookSecret,
    /// The nonce can't stand in a header.
    #[error("the nonce is empty or has characters other than visible ASCII")]
    Nonce,
    /// The request has a header that signing would add.
    #[error(
        "the request has the header {0} already, which the key supplies; remove it from the request"
    )]
    HeaderPresent(String),
    /// The request's query has a parameter that signing would add.
    #[error(
        "the URL has the query parameter {0} already, which the key supplies; remove it from the URL"
    )]
    ParameterPresent(String),
    /// The request's `x-amz-date` is no time, or its `x-amz-content-sha256` is another body's.
    #[error("the request's own header {name} is not {expected}; correct it, or leave it out")]
    Header {
        /// The header.
        name: &'static str,
        /// What it should be.
        expected: String,
    },
    /// A header that the provider's form names is not there.
    #[error("the canonical form takes the header {0}, which the request does not have once")]
    NoHeader(String),
    /// The secret is not the key that the scheme needs.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// A setting is missing or makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The request's own content digest is wrong.
    #[error(transparent)]
    ContentDigest(#[from] DigestError),
    /// The signature's parameters can't be written.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A covered header has a value that can't be signed.
    #[error(transparent)]
    Base(#[from] BaseError),
}
