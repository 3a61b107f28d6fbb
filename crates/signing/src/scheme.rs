//! The schemes by their ids, and the one function that signs with any of them.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sfv::{KeyRef, key_ref};
use strongroom_contract::{exchange::Step, time::UnixMillis};
use strongroom_crypto::{SecretText, mac::HmacSha256};

use crate::{
    content_digest::{self, Algorithm, CONTENT_DIGEST, ContentDigest, DigestError},
    header_pair::{APP_ID, SECRET_KEY, visible_ascii},
    message::{Field, Request},
    rfc9421::{
        BaseError, Component, Derived, HMAC_SHA256, InputError, SIGNATURE, SIGNATURE_INPUT,
        SignatureInput, SignatureParams, sign_hmac_sha256,
    },
    token::{ACCESS_TOKEN, AUTHORIZATION, is_b64token},
};

/// How a credential goes into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `app-id` and `secret-key` headers.
    HeaderPair,
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// `access-token: TOKEN`.
    AccessToken,
    /// RFC 9421 with HMAC-SHA256, and RFC 9530's content digest.
    Rfc9421HmacSha256,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 4] = [
        Self::HeaderPair,
        Self::Bearer,
        Self::AccessToken,
        Self::Rfc9421HmacSha256,
    ];

    /// The scheme's id, as items and commands name it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::HeaderPair => "header-pair",
            Self::Bearer => "bearer",
            Self::AccessToken => "access-token",
            Self::Rfc9421HmacSha256 => "rfc9421-hmac-sha256",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(id: &str) -> Result<Self, UnknownScheme> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.id() == id)
            .ok_or_else(|| UnknownScheme(id.to_owned()))
    }
}

/// There is no such scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scheme {0:?}; the schemes are {list}", list = Scheme::ALL.map(Scheme::id).join(", "))]
pub struct UnknownScheme(String);

/// A secret with what may be shown of it.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    secret: &'a SecretText,
    reference: &'a str,
    public_id: Option<&'a str>,
}

impl<'a> Credential<'a> {
    /// A secret, and the reference that stands for it wherever it is shown, such as
    /// `sr://payments/secret`.
    #[must_use]
    pub const fn new(secret: &'a SecretText, reference: &'a str) -> Self {
        Self {
            secret,
            reference,
            public_id: None,
        }
    }

    /// The same with the public id that belongs to the secret, such as an app-id.
    #[must_use]
    pub const fn with_public_id(mut self, public_id: &'a str) -> Self {
        self.public_id = Some(public_id);
        self
    }
}

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
    /// How they came about, without secrets.
    pub steps: Vec<Step>,
}

/// One header to add.
pub struct Header {
    /// The name, in lower case.
    pub name: &'static str,
    /// The value.
    pub value: HeaderValue,
}

/// A header's value, which may be a credential.
pub enum HeaderValue {
    /// Anybody may see it.
    Public(String),
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
            Self::Secret { value, .. } => value.expose_secret(),
        }
    }

    /// What may be shown.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Public(value) => value,
            Self::Secret { shown, .. } => shown,
        }
    }

    /// Whether it is a credential.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self, Self::Secret { .. })
    }
}

/// Signs `request`, which must be as it will go on the wire: nothing but the headers of the answer
/// may be added to it afterwards.
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
    match scheme {
        Scheme::HeaderPair => header_pair(request, credential),
        Scheme::Bearer => token(AUTHORIZATION, "Bearer ", request, credential),
        Scheme::AccessToken => token(ACCESS_TOKEN, "", request, credential),
        Scheme::Rfc9421HmacSha256 => rfc9421(request, credential, context),
    }
}

fn header_pair(request: &Request<'_>, credential: &Credential<'_>) -> Result<Signed, SignError> {
    refuse_present(request, &[APP_ID, SECRET_KEY])?;
    let public_id = public_id(Scheme::HeaderPair, credential)?;
    let secret = credential.secret.expose_secret();
    visible_ascii(secret.as_bytes()).ok_or(SignError::Secret)?;
    Ok(Signed {
        headers: vec![
            Header {
                name: APP_ID,
                value: HeaderValue::Public(public_id.to_owned()),
            },
            Header {
                name: SECRET_KEY,
                value: HeaderValue::Secret {
                    value: SecretText::new(secret.to_owned()),
                    shown: credential.reference.to_owned(),
                },
            },
        ],
        steps: vec![
            step(APP_ID, public_id),
            step(SECRET_KEY, credential.reference),
        ],
    })
}

fn token(
    header: &'static str,
    prefix: &str,
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Signed, SignError> {
    refuse_present(request, &[header])?;
    let token = credential.secret.expose_secret();
    if !is_b64token(token) {
        return Err(SignError::Token);
    }
    // Room for all of it at once, so that growing leaves no copy of the token behind.
    let mut value = String::with_capacity(prefix.len() + token.len());
    value.push_str(prefix);
    value.push_str(token);
    let shown = format!("{prefix}{}", credential.reference);
    Ok(Signed {
        steps: vec![step(header, &shown)],
        headers: vec![Header {
            name: header,
            value: HeaderValue::Secret {
                value: SecretText::new(value),
                shown,
            },
        }],
    })
}

/// The label of our signatures.
const LABEL: &KeyRef = key_ref("sig1");

fn rfc9421(
    request: &Request<'_>,
    credential: &Credential<'_>,
    context: &SigningContext,
) -> Result<Signed, SignError> {
    refuse_present(request, &[SIGNATURE, SIGNATURE_INPUT])?;
    let keyid = public_id(Scheme::Rfc9421HmacSha256, credential)?;
    if credential.secret.is_empty() {
        return Err(SignError::Secret);
    }
    let mut headers = Vec::new();
    let mut steps = Vec::new();
    let mut components = vec![
        Component::derived(Derived::Method),
        Component::derived(Derived::TargetUri),
    ];
    let mut covered = request.headers().to_vec();
    let digest = match ContentDigest::read(request.headers())? {
        Some(present) => {
            present.verify(request.body())?;
            None
        }
        None if request.body().is_empty() => None,
        None => Some(content_digest::make(Algorithm::Sha256, request.body())),
    };
    if let Some(digest) = &digest {
        covered.push(Field::new(CONTENT_DIGEST, digest.as_bytes()));
        steps.push(step(CONTENT_DIGEST_STEP, digest));
        headers.push(public(CONTENT_DIGEST, digest.clone()));
    }
    for name in [CONTENT_DIGEST, "content-type"] {
        if covered
            .iter()
            .any(|field| field.name.eq_ignore_ascii_case(name))
        {
            components.push(Component::field(name).map_err(InputError::from)?);
        }
    }
    let input = SignatureInput::new(
        components,
        SignatureParams {
            created: Some(context.now.secs()),
            keyid: Some(keyid.to_owned()),
            alg: Some(HMAC_SHA256.to_owned()),
            nonce: Some(BASE64_URL_SAFE_NO_PAD.encode(context.nonce)),
            ..SignatureParams::default()
        },
    )?;
    let key = HmacSha256::new(credential.secret.expose_secret().as_bytes());
    let complete = Request::new(request.method(), request.target(), &covered, request.body());
    let fields = sign_hmac_sha256(LABEL, (&complete).into(), &input, &key)?;
    steps.push(step("signature_base", &fields.base));
    steps.push(step("signature", &fields.signature));
    headers.push(public(SIGNATURE_INPUT, fields.signature_input));
    headers.push(public(SIGNATURE, fields.signature));
    Ok(Signed { headers, steps })
}

const CONTENT_DIGEST_STEP: &str = "content_digest";

fn public(name: &'static str, value: String) -> Header {
    Header {
        name,
        value: HeaderValue::Public(value),
    }
}

fn step(name: &str, value: &str) -> Step {
    Step {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn public_id<'a>(scheme: Scheme, credential: &Credential<'a>) -> Result<&'a str, SignError> {
    let public_id = credential.public_id.ok_or(SignError::NoPublicId(scheme))?;
    visible_ascii(public_id.as_bytes()).ok_or(SignError::PublicId)
}

fn refuse_present(request: &Request<'_>, names: &[&'static str]) -> Result<(), SignError> {
    let present = |name: &&str| {
        request
            .headers()
            .iter()
            .any(|field| field.name.eq_ignore_ascii_case(name))
    };
    match names.iter().copied().find(|name| present(name)) {
        Some(name) => Err(SignError::HeaderPresent(name)),
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
    /// The secret is no token.
    #[error(
        "the secret is no token: a token has A-Z a-z 0-9 - . _ ~ + / and then any = (is there a line end or \"Bearer \" in it?)"
    )]
    Token,
    /// The request has a header that signing would add.
    #[error(
        "the request has the header {0} already, which the key supplies; remove it from the request"
    )]
    HeaderPresent(&'static str),
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
