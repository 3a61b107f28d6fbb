//! The one function that checks what a request carries against a credential, whatever the scheme.
//!
//! A platform that looks up the key first reads and checks in two steps, with the modules of each
//! scheme; this is for who holds the one credential that it should be: a receiver of webhooks, a test, a
//! person who asks why a signature does not match.

use strongroom_contract::{exchange::Step, time::UnixMillis};

use crate::{
    api_key, basic,
    credential::{Credential, KeyProblem},
    header_pair, jwt,
    message::{Repeated, Request},
    rfc9421,
    scheme::Scheme,
    settings::SettingError,
    sign::SignError,
    sigv4, template, token, webhook,
};

/// A genuine request. Whether it is still fresh, and its nonce unspent, is decided elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How that was found, with what was built from the request.
    pub steps: Vec<Step>,
    /// When it was signed, if it says so.
    pub made: Option<UnixMillis>,
}

/// Checks that `request` carries what `scheme` makes of `credential`.
///
/// # Errors
///
/// [`Refusal`]: it carries nothing of the kind, something malformed, or something that another
/// credential or another request made.
pub fn verify(
    scheme: Scheme,
    request: &Request<'_>,
    credential: &Credential<'_>,
) -> Result<Verified, Refusal> {
    credential.settings.check(scheme)?;
    match scheme {
        Scheme::HeaderPair => header_pair::verify(request, credential),
        Scheme::ApiKey => api_key::verify(request, credential),
        Scheme::Basic => basic::verify(request, credential),
        Scheme::Bearer | Scheme::OAuth2 => token::verify(token::AUTHORIZATION, request, credential),
        Scheme::AccessToken => token::verify(token::ACCESS_TOKEN, request, credential),
        Scheme::JwtHs256 | Scheme::JwtRs256 | Scheme::JwtEs256 | Scheme::JwtEdDsa => {
            jwt::verify_request(scheme, request, credential)
        }
        Scheme::Rfc9421HmacSha256
        | Scheme::Rfc9421Ed25519
        | Scheme::Rfc9421EcdsaP256Sha256
        | Scheme::Rfc9421RsaPssSha512
        | Scheme::Rfc9421RsaV15Sha256 => rfc9421::verify_request(scheme, request, credential),
        Scheme::SigV4 => sigv4::verify(request, credential),
        Scheme::HmacTemplate => template::verify(request, credential),
        Scheme::StandardWebhooks => webhook::standard::verify(request, credential),
        Scheme::TV1 => webhook::t_v1::verify(request, credential),
    }
}

/// A request is not genuine, or can't be checked. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not carry what the scheme sends.
    #[error("the request has no {0}")]
    Absent(String),
    /// It carries something that can't be read.
    #[error("{0}")]
    Malformed(String),
    /// It names another key than this one.
    #[error("the request names the key {found:?}; expected {expected:?}")]
    OtherKey {
        /// What it names.
        found: String,
        /// The credential's public id.
        expected: String,
    },
    /// It names another algorithm, region or service.
    #[error("the request was signed for {found:?}; expected {expected:?}")]
    OtherScope {
        /// What it says.
        found: String,
        /// What the scheme and its settings say.
        expected: String,
    },
    /// The credential in it is another one.
    #[error("the credential in the request is not this one")]
    OtherSecret,
    /// The signature is not this key's over this request.
    #[error(
        "the signature does not match: the request was changed after signing, or another key signed it"
    )]
    Mismatch {
        /// What was built from the request as it came in, to be compared with what was signed.
        steps: Vec<Step>,
    },
    /// The credential does not fit the scheme.
    #[error(transparent)]
    Credential(#[from] SignError),
}

impl From<SettingError> for Refusal {
    fn from(error: SettingError) -> Self {
        Self::Credential(error.into())
    }
}

impl From<KeyProblem> for Refusal {
    fn from(error: KeyProblem) -> Self {
        Self::Credential(error.into())
    }
}

impl From<Repeated> for Refusal {
    fn from(error: Repeated) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// The public id that a request names is the credential's, if that has one.
pub(crate) fn same_id(found: &str, credential: &Credential<'_>) -> Result<(), Refusal> {
    match credential.public_id {
        Some(expected) if expected != found => Err(Refusal::OtherKey {
            found: found.to_owned(),
            expected: expected.to_owned(),
        }),
        _ => Ok(()),
    }
}
