//! Signatures with a key pair: Ed25519 (RFC 8032), ECDSA on P-256 (FIPS 186-5), RSA-PSS and RSA
//! PKCS#1 v1.5 (RFC 8017).
//!
//! Keys are read from PEM: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017) and SEC 1 (RFC 5915) private keys,
//! SubjectPublicKeyInfo (RFC 5280) and PKCS#1 public keys. An RSA key whose identifier restricts it to
//! PSS (RFC 4055, section 1.2) is an RSA key.

mod other;

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
        UnparsedPublicKey, VerificationAlgorithm,
    },
};
use pkcs8::{
    ObjectIdentifier, PrivateKeyInfoRef, SecretDocument, SubjectPublicKeyInfoRef,
    der::{Decode as _, Document},
};

use zeroize::Zeroizing;

pub use self::other::{Hash, OtherWay, Salt};
use crate::{SecretBytes, SecretText};

const ED25519_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const RSA_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// How a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519: 64 bytes, the same for the same message.
    Ed25519,
    /// ECDSA on P-256 with SHA-256: `r` and `s`, 32 bytes each.
    EcdsaP256Sha256,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512 and 64 bytes of salt.
    RsaPssSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-256: the same for the same message.
    RsaPkcs1Sha256,
}

impl Algorithm {
    /// The kind of key that it needs.
    #[must_use]
    pub const fn key_kind(self) -> KeyKind {
        match self {
            Self::Ed25519 => KeyKind::Ed25519,
            Self::EcdsaP256Sha256 => KeyKind::P256,
            Self::RsaPssSha512 | Self::RsaPkcs1Sha256 => KeyKind::Rsa,
        }
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Ed25519 => &ED25519,
            Self::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED,
            Self::RsaPssSha512 => &RSA_PSS_2048_8192_SHA512,
            Self::RsaPkcs1Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// The kind of a key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519.
    Ed25519,
    /// An elliptic curve key on P-256.
    P256,
    /// RSA of 2048 to 8192 bits.
    Rsa,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "P-256",
            Self::Rsa => "RSA",
        })
    }
}

/// A private key. No `Debug`, `Clone` or `Serialize`; its memory is wiped when it is dropped.
pub struct PrivateKey(Pair);

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl PrivateKey {
    /// Reads a private key that is not encrypted. Other blocks in front of it are passed over.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what the text is instead, and repeats no part of it.
    pub fn from_pem(pem: &SecretText) -> Result<Self, KeyError> {
        let EncodedKey { form, der } = EncodedKey::from_pem(pem)?;
        let der = der.expose_secret();
        let pair = match form {
            KeyForm::Pkcs8 => Pair::from_pkcs8(der)?,
            KeyForm::Sec1 => Pair::P256(accepted(EcdsaKeyPair::from_private_key_der(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                der,
            ))?),
            KeyForm::Pkcs1 => Pair::Rsa(accepted(RsaKeyPair::from_der(der))?),
        };
        Ok(Self(pair))
    }

    /// The key's kind.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match &self.0 {
            Pair::Ed25519(_) => KeyKind::Ed25519,
            Pair::P256(_) => KeyKind::P256,
            Pair::Rsa(_) => KeyKind::Rsa,
        }
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let bytes = match &self.0 {
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Pair::P256(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        };
        PublicKey {
            kind: self.kind(),
            bytes,
        }
    }

    /// Signs `message`.
    ///
    /// # Errors
    ///
    /// [`SigningError::WrongKey`] if `algorithm` needs another kind of key.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let rng = SystemRandom::new();
        let rsa = |pair: &RsaKeyPair, padding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &rng, message, &mut signature)
                .map(|()| signature)
        };
        let signed = match (&self.0, algorithm) {
            (Pair::Ed25519(pair), Algorithm::Ed25519) => {
                pair.try_sign(message).map(|made| made.as_ref().to_vec())
            }
            (Pair::P256(pair), Algorithm::EcdsaP256Sha256) => {
                pair.sign(&rng, message).map(|made| made.as_ref().to_vec())
            }
            (Pair::Rsa(pair), Algorithm::RsaPssSha512) => rsa(pair, &RSA_PSS_SHA512),
            (Pair::Rsa(pair), Algorithm::RsaPkcs1Sha256) => rsa(pair, &RSA_PKCS1_SHA256),
            _ => {
                return Err(SigningError::WrongKey {
                    needed: algorithm.key_kind(),
                    found: self.kind(),
                });
            }
        };
        signed.map_err(|_| SigningError::Failed)
    }
}

impl Pair {
    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyError::Malformed)?;
        match info.algorithm.oid {
            ED25519_KEY => {
                accepted(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)).map(Self::Ed25519)
            }
            EC_KEY => accepted(EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                der,
            ))
            .map(Self::P256),
            // The library refuses the identifier of PSS, so it gets the PKCS#1 key inside.
            RSA_KEY | RSA_PSS_KEY => {
                accepted(RsaKeyPair::from_der(info.private_key.as_bytes())).map(Self::Rsa)
            }
            _ => Err(KeyError::Unsupported),
        }
    }
}

fn accepted<T, E>(read: Result<T, E>) -> Result<T, KeyError> {
    read.map_err(|_| KeyError::Rejected)
}

/// A private key that is not encrypted, in DER: for a library that makes its own keys of it, as TLS does.
pub struct EncodedKey {
    /// What the DER holds.
    pub form: KeyForm,
    /// The DER.
    pub der: SecretBytes,
}

/// What a private key's DER holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// `PrivateKeyInfo` (RFC 5208).
    Pkcs8,
    /// `ECPrivateKey` (RFC 5915).
    Sec1,
    /// `RSAPrivateKey` (RFC 8017, appendix A.1.2).
    Pkcs1,
}

impl EncodedKey {
    /// Reads a private key in PEM. Other blocks in front of it are passed over.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what the text is instead, and repeats no part of it.
    pub fn from_pem(pem: &SecretText) -> Result<Self, KeyError> {
        let block = block(pem.expose_secret(), "PRIVATE KEY").ok_or(KeyError::NotPrivate)?;
        // RFC 1421, section 4.6.1.1: how OpenSSL encrypted keys before PKCS#8.
        if block.contains("Proc-Type:4,ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        let (label, document) =
            SecretDocument::from_pem(&block).map_err(|_| KeyError::Malformed)?;
        let form = match label {
            "PRIVATE KEY" => KeyForm::Pkcs8,
            "EC PRIVATE KEY" => KeyForm::Sec1,
            "RSA PRIVATE KEY" => KeyForm::Pkcs1,
            "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            _ => return Err(KeyError::Unsupported),
        };
        Ok(Self {
            form,
            der: SecretBytes::copy_of(document.as_bytes()),
        })
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    /// 32 bytes, an uncompressed point, or PKCS#1 `RSAPublicKey`.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads a public key.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what the text is instead.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let block = block(pem, "PUBLIC KEY").ok_or(KeyError::NotPublic)?;
        let (label, document) = Document::from_pem(&block).map_err(|_| KeyError::Malformed)?;
        match label {
            "PUBLIC KEY" => {
                let info = SubjectPublicKeyInfoRef::from_der(document.as_bytes())
                    .map_err(|_| KeyError::Malformed)?;
                let kind = match info.algorithm.oid {
                    ED25519_KEY => KeyKind::Ed25519,
                    EC_KEY if info.algorithm.parameters_oid() == Ok(P256) => KeyKind::P256,
                    RSA_KEY | RSA_PSS_KEY => KeyKind::Rsa,
                    _ => return Err(KeyError::Unsupported),
                };
                let bytes = info.subject_public_key.as_bytes();
                Self::checked(kind, bytes.ok_or(KeyError::Malformed)?)
            }
            "RSA PUBLIC KEY" => Self::checked(KeyKind::Rsa, document.as_bytes()),
            _ => Err(KeyError::Unsupported),
        }
    }

    /// An Ed25519 public key by its 32 bytes (RFC 8032, section 5.1.5).
    ///
    /// # Errors
    ///
    /// [`KeyError::Rejected`] if they are of another length.
    pub fn ed25519(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::checked(KeyKind::Ed25519, bytes)
    }

    /// The key's bytes: 32 of Ed25519, an uncompressed point of P-256, or PKCS#1 `RSAPublicKey`.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An Ed25519 public key whose private half is thrown away: nobody signs for it.
    ///
    /// # Errors
    ///
    /// [`SigningError::Failed`] if the library has no randomness.
    pub fn of_nobody() -> Result<Self, SigningError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| SigningError::Failed)?;
        Ok(Self {
            kind: KeyKind::Ed25519,
            bytes: pair.public_key().as_ref().to_vec(),
        })
    }

    fn checked(kind: KeyKind, bytes: &[u8]) -> Result<Self, KeyError> {
        let parsed = match kind {
            KeyKind::Ed25519 => ParsedPublicKey::new(&ED25519, bytes),
            KeyKind::P256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes),
            KeyKind::Rsa => ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA512, bytes),
        };
        accepted(parsed)?;
        let bytes = bytes.to_vec();
        Ok(Self { kind, bytes })
    }

    /// The key's kind.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether `signature` is this key's over `message`. A key of another kind than `algorithm` needs
    /// made none.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        algorithm.key_kind() == self.kind
            && UnparsedPublicKey::new(algorithm.verification(), &self.bytes)
                .verify(message, signature)
                .is_ok()
    }
}

/// The first PEM block whose label ends with `kind`, in lines of 64 as RFC 7468 wants them: keys that
/// went through a form, a variable or a mail come in other lines, or in one.
fn block(text: &str, kind: &str) -> Option<Zeroizing<String>> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    const DASHES: &str = "-----";
    let mut rest = text;
    loop {
        let (_, begun) = rest.split_once(BEGIN)?;
        let (label, behind) = begun.split_once(DASHES)?;
        let (body, footer) = behind.split_once(END)?;
        let (end, _) = footer.split_once(DASHES)?;
        if label != end || !label.ends_with(kind) {
            rest = behind;
            continue;
        }
        // Room for all of it, so that growing leaves no copy behind.
        let mut block = Zeroizing::new(String::with_capacity(2 * text.len()));
        for part in [BEGIN, label, DASHES, "\n"] {
            block.push_str(part);
        }
        let mut column = 0;
        for character in body.chars().filter(|character| !character.is_whitespace()) {
            block.push(character);
            column = (column + 1) % 64;
            if column == 0 {
                block.push('\n');
            }
        }
        if column > 0 {
            block.push('\n');
        }
        for part in [END, label, DASHES, "\n"] {
            block.push_str(part);
        }
        return Some(block);
    }
}

/// A text is not the key that is needed. Repeats no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No private key in PEM.
    #[error(
        "this is not a private key in PEM: it starts with -----BEGIN PRIVATE KEY-----, or with EC or RSA in front of PRIVATE"
    )]
    NotPrivate,
    /// No public key in PEM.
    #[error("this is not a public key in PEM: it starts with -----BEGIN PUBLIC KEY-----")]
    NotPublic,
    /// A private key under a passphrase.
    #[error(
        "the private key is encrypted; take its passphrase off with `openssl pkey -in KEY.pem`, the vault encrypts it anew"
    )]
    Encrypted,
    /// The block between the lines is damaged.
    #[error("the key's PEM block is damaged or incomplete")]
    Malformed,
    /// A kind of key that is not known here.
    #[error("the key is of a kind that can't be used: Ed25519, P-256 and RSA keys can")]
    Unsupported,
    /// Well-formed, and not a sound key.
    #[error("the key is not a sound one of its kind: Ed25519, P-256, or RSA of 2048 to 8192 bits")]
    Rejected,
}

/// A message can't be signed with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The algorithm needs another kind of key.
    #[error("this signature needs a key of the kind {needed}, and the key is of the kind {found}")]
    WrongKey {
        /// The kind that it needs.
        needed: KeyKind,
        /// The kind of the key.
        found: KeyKind,
    },
    /// The library failed, which it does without memory or randomness alone.
    #[error("signing failed")]
    Failed,
}
