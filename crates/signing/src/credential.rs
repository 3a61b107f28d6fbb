//! What a request is signed with, and what its signature is checked with.

use strongroom_crypto::{
    SecretText,
    mac::HmacSha256,
    signature::{self, KeyError, KeyKind, PrivateKey, PublicKey},
};

use crate::settings::{SettingError, Settings};

/// A secret with what may be shown of it.
#[derive(Clone, Copy)]
pub struct Credential<'a> {
    pub(crate) secret: &'a SecretText,
    pub(crate) reference: &'a str,
    pub(crate) public_id: Option<&'a str>,
    pub(crate) session_token: Option<&'a SecretText>,
    pub(crate) settings: &'a Settings,
}

impl<'a> Credential<'a> {
    /// A secret, and the reference that stands for it wherever it is shown, such as
    /// `sr://payments/secret`. For schemes with a key pair, the secret is the private key in PEM; to
    /// verify, the public key does as well.
    #[must_use]
    pub const fn new(secret: &'a SecretText, reference: &'a str) -> Self {
        Self {
            secret,
            reference,
            public_id: None,
            session_token: None,
            settings: Settings::NONE,
        }
    }

    /// The same with the public id that belongs to the secret, such as an app-id.
    #[must_use]
    pub const fn with_public_id(mut self, public_id: &'a str) -> Self {
        self.public_id = Some(public_id);
        self
    }

    /// The same with the token of a temporary credential (AWS STS).
    #[must_use]
    pub const fn with_session_token(mut self, token: &'a SecretText) -> Self {
        self.session_token = Some(token);
        self
    }

    /// The same with what the scheme is told beside.
    #[must_use]
    pub const fn with_settings(mut self, settings: &'a Settings) -> Self {
        self.settings = settings;
        self
    }
}

/// How a string of bytes is signed, for the schemes that leave the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC-SHA256 with a shared secret.
    HmacSha256,
    /// A signature with a key pair.
    Pair(signature::Algorithm),
}

/// A key that signs.
pub enum SigningKey {
    /// A shared secret.
    HmacSha256(HmacSha256),
    /// A private key, of the kind that the algorithm needs.
    Pair(signature::Algorithm, PrivateKey),
}

impl SigningKey {
    /// The key of `credential` for `algorithm`.
    ///
    /// # Errors
    ///
    /// [`KeyProblem`] if the secret is none of its kind.
    pub fn new(algorithm: Algorithm, credential: &Credential<'_>) -> Result<Self, KeyProblem> {
        match algorithm {
            Algorithm::HmacSha256 => shared(credential).map(Self::HmacSha256),
            Algorithm::Pair(algorithm) => {
                let key = PrivateKey::from_pem(credential.secret)?;
                if key.kind() != algorithm.key_kind() {
                    return Err(signature::SigningError::WrongKey {
                        needed: algorithm.key_kind(),
                        found: key.kind(),
                    }
                    .into());
                }
                Ok(Self::Pair(algorithm, key))
            }
        }
    }

    /// The signature over `message`, which anybody may see.
    ///
    /// # Errors
    ///
    /// [`KeyProblem`] if the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyProblem> {
        match self {
            Self::HmacSha256(key) => Ok(key.tag(&[message]).into_public().to_vec()),
            Self::Pair(algorithm, key) => Ok(key.sign(*algorithm, message)?),
        }
    }
}

/// A key that verifies.
pub enum VerifyingKey {
    /// A shared secret.
    HmacSha256(HmacSha256),
    /// A public key, of the kind that the algorithm needs.
    Pair(signature::Algorithm, PublicKey),
}

impl VerifyingKey {
    /// The key of `credential` for `algorithm`: a shared secret, a public key, or the public half of a
    /// private one.
    ///
    /// # Errors
    ///
    /// [`KeyProblem`] if the secret is none of its kind.
    pub fn new(algorithm: Algorithm, credential: &Credential<'_>) -> Result<Self, KeyProblem> {
        match algorithm {
            Algorithm::HmacSha256 => shared(credential).map(Self::HmacSha256),
            Algorithm::Pair(algorithm) => {
                let key = public_key(credential.secret)?;
                if key.kind() != algorithm.key_kind() {
                    return Err(signature::SigningError::WrongKey {
                        needed: algorithm.key_kind(),
                        found: key.kind(),
                    }
                    .into());
                }
                Ok(Self::Pair(algorithm, key))
            }
        }
    }

    /// Whether `signature` is this key's over `message`.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::HmacSha256(key) => key.verify(&[message], signature),
            Self::Pair(algorithm, key) => key.verify(*algorithm, message, signature),
        }
    }
}

/// A public key, or the public half of a private one.
fn public_key(secret: &SecretText) -> Result<PublicKey, KeyError> {
    match PublicKey::from_pem(secret.expose_secret()) {
        Err(KeyError::NotPublic) => Ok(PrivateKey::from_pem(secret)?.public_key()),
        read => read,
    }
}

/// The kind of the key that `secret` is; `None` if it is no PEM.
pub(crate) fn pem_kind(secret: &SecretText) -> Option<Result<KeyKind, KeyError>> {
    let is_pem = secret.expose_secret().contains("-----BEGIN ");
    is_pem.then(|| public_key(secret).map(|key| key.kind()))
}

fn shared(credential: &Credential<'_>) -> Result<HmacSha256, KeyProblem> {
    let encoding = credential.settings.secret_encoding()?;
    let bytes = encoding.decode(credential.secret);
    match bytes.filter(|bytes| !bytes.is_empty()) {
        Some(bytes) => Ok(HmacSha256::new(bytes.expose_secret())),
        None => Err(KeyProblem::Secret),
    }
}

/// A credential's secret is not the key that a scheme needs. Repeats no part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Empty, or not written as `secret_encoding` says.
    #[error("the secret is empty, or not written in its secret_encoding")]
    Secret,
    /// Not a key of a pair.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key of another kind.
    #[error(transparent)]
    Signing(#[from] signature::SigningError),
    /// Settings that make no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
}
