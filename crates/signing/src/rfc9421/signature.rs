//! `Signature-Input` and `Signature` (RFC 9421, sections 3 and 4).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sfv::{
    BareItem, Dictionary, Item, KeyRef, ListEntry, Parser, Version,
    visitor::{DictionaryVisitor, EntryVisitor},
};
use strongroom_crypto::{
    mac::HmacSha256,
    signature::{self, PublicKey},
};

use super::{
    base::{BaseError, signature_base},
    input::{InputError, SignatureInput},
};
use crate::{
    credential::{Algorithm, KeyProblem, SigningKey, VerifyingKey},
    message::{Field, Message, combined},
};

/// The header with the signatures' values.
pub const SIGNATURE: &str = "signature";
/// The header with what they cover.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// `hmac-sha256` in the registry of RFC 9421, section 6.2.
pub const HMAC_SHA256: &str = "hmac-sha256";

/// `ed25519` in the registry of RFC 9421, section 6.2.
pub const ED25519: &str = "ed25519";

/// An algorithm's name in the registry of RFC 9421, section 6.2.
#[must_use]
pub const fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HmacSha256 => HMAC_SHA256,
        Algorithm::Pair(signature::Algorithm::Ed25519) => ED25519,
        Algorithm::Pair(signature::Algorithm::EcdsaP256Sha256) => "ecdsa-p256-sha256",
        Algorithm::Pair(signature::Algorithm::RsaPssSha512) => "rsa-pss-sha512",
        Algorithm::Pair(signature::Algorithm::RsaPkcs1Sha256) => "rsa-v1_5-sha256",
    }
}
/// The most signatures that a message may carry.
pub const MAX_SIGNATURES: usize = 8;

/// A signature that a message carries, still to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    label: String,
    input: SignatureInput,
    value: Vec<u8>,
}

impl Signature {
    /// Reads every signature out of a message's headers, in the order of `Signature-Input`; none if
    /// neither header is there.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if either header is, or they don't belong together.
    pub fn read_all(headers: &[Field<'_>]) -> Result<Vec<Self>, Malformed> {
        let inputs = dictionary(headers, SIGNATURE_INPUT)?;
        let mut values = dictionary(headers, SIGNATURE)?;
        if inputs.len() > MAX_SIGNATURES {
            return Err(Malformed::TooMany);
        }
        let mut signatures = Vec::with_capacity(inputs.len());
        for (label, input) in inputs {
            let value = match values.swap_remove(&label) {
                Some(ListEntry::Item(Item {
                    bare_item: BareItem::ByteSequence(value),
                    ..
                })) => value,
                Some(_) => return Err(Malformed::Value(label.as_str().to_owned())),
                None => return Err(Malformed::NoValue(label.as_str().to_owned())),
            };
            let label = label.as_str().to_owned();
            let input = match input {
                ListEntry::InnerList(list) => SignatureInput::from_inner_list(list),
                ListEntry::Item(_) => Err(InputError::NotList),
            };
            signatures.push(match input {
                Ok(input) => Self {
                    label,
                    input,
                    value,
                },
                Err(error) => return Err(Malformed::Input { label, error }),
            });
        }
        match values.into_iter().next() {
            Some((label, _)) => Err(Malformed::NoInput(label.as_str().to_owned())),
            None => Ok(signatures),
        }
    }

    /// Its label in both headers.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What it covers, and what it says about itself.
    #[must_use]
    pub const fn input(&self) -> &SignatureInput {
        &self.input
    }

    /// The signature itself.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Verifies it as `hmac-sha256` over `message`, and gives the signature base.
    ///
    /// That the signature is genuine says nothing about what it covers or when it was made: see
    /// [`Signature::input`].
    ///
    /// # Errors
    ///
    /// [`VerifyError`]: another algorithm, a component that is not in the message, or a value that
    /// is not the key's over the base.
    pub fn verify_hmac_sha256(
        &self,
        message: Message<'_>,
        key: &HmacSha256,
    ) -> Result<String, VerifyError> {
        self.check(message, HMAC_SHA256, |base, value| {
            key.verify(&[base], value)
        })
    }

    /// Verifies it as `ed25519` over `message`, and gives the signature base.
    ///
    /// # Errors
    ///
    /// As for [`Signature::verify_hmac_sha256`].
    pub fn verify_ed25519(
        &self,
        message: Message<'_>,
        key: &PublicKey,
    ) -> Result<String, VerifyError> {
        self.check(message, ED25519, |base, value| {
            key.verify(signature::Algorithm::Ed25519, base, value)
        })
    }

    /// Verifies it over `message` with the algorithm of `key`, and gives the signature base.
    ///
    /// # Errors
    ///
    /// As for [`Signature::verify_hmac_sha256`].
    pub fn verify(&self, message: Message<'_>, key: &VerifyingKey) -> Result<String, VerifyError> {
        let algorithm = match key {
            VerifyingKey::HmacSha256(_) => Algorithm::HmacSha256,
            VerifyingKey::Pair(algorithm, _) => Algorithm::Pair(*algorithm),
        };
        self.check(message, algorithm_name(algorithm), |base, value| {
            key.verify(base, value)
        })
    }

    fn check(
        &self,
        message: Message<'_>,
        expected: &'static str,
        is_genuine: impl FnOnce(&[u8], &[u8]) -> bool,
    ) -> Result<String, VerifyError> {
        match &self.input.params().alg {
            Some(found) if found != expected => {
                return Err(VerifyError::Algorithm {
                    found: found.clone(),
                    expected,
                });
            }
            _ => {}
        }
        let base = signature_base(message, &self.input)?;
        if is_genuine(base.as_bytes(), &self.value) {
            Ok(base)
        } else {
            Err(VerifyError::Mismatch { base })
        }
    }
}

/// The two headers of a signature that was made, and the base that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureFields {
    /// The value of `Signature-Input`.
    pub signature_input: String,
    /// The value of `Signature`.
    pub signature: String,
    /// The signature base.
    pub base: String,
}

/// Signs what `input` covers of `message` with `hmac-sha256` under `label`.
///
/// # Errors
///
/// [`BaseError`] if a component is not in the message or has no value that can be signed.
pub fn sign_hmac_sha256(
    label: &KeyRef,
    message: Message<'_>,
    input: &SignatureInput,
    key: &HmacSha256,
) -> Result<SignatureFields, BaseError> {
    let base = signature_base(message, input)?;
    let signature = key.tag(&[base.as_bytes()]).into_public();
    Ok(fields(label, input, base, &signature))
}

/// Signs what `input` covers of `message` with `key` under `label`.
///
/// # Errors
///
/// [`MakeError`] if a component is not in the message or has no value that can be signed, or if the
/// key fails.
pub fn sign(
    label: &KeyRef,
    message: Message<'_>,
    input: &SignatureInput,
    key: &SigningKey,
) -> Result<SignatureFields, MakeError> {
    let base = signature_base(message, input)?;
    let signature = key.sign(base.as_bytes())?;
    Ok(fields(label, input, base, &signature))
}

fn fields(
    label: &KeyRef,
    input: &SignatureInput,
    base: String,
    signature: &[u8],
) -> SignatureFields {
    SignatureFields {
        signature_input: format!("{label}={}", input.as_str()),
        signature: format!("{label}=:{}:", BASE64_STANDARD.encode(signature)),
        base,
    }
}

/// A signature can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// What it covers is not in the message.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// The key fails.
    #[error(transparent)]
    Key(#[from] KeyProblem),
}

/// All lines of a header as one dictionary without repeated keys; empty if it is not there.
fn dictionary(headers: &[Field<'_>], name: &'static str) -> Result<Dictionary, Malformed> {
    let value = combined(headers, name).unwrap_or_default();
    Parser::new(&value)
        .with_version(Version::Rfc8941)
        .parse_dictionary_with_visitor(Unique(Dictionary::new()))
        .map_err(|error| Malformed::Header {
            name,
            error: error.to_string(),
        })
}

/// A dictionary that refuses what RFC 8941 lets the last one win: the same label twice.
struct Unique(Dictionary);

#[derive(Debug, thiserror::Error)]
#[error("the label {0} is there twice")]
struct RepeatedLabel(String);

impl<'de> DictionaryVisitor<'de> for Unique {
    type Out = Dictionary;
    type Error = RepeatedLabel;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, RepeatedLabel> {
        if self.0.contains_key(key) {
            return Err(RepeatedLabel(key.as_str().to_owned()));
        }
        match DictionaryVisitor::entry(&mut self.0, key) {
            Ok(entry) => Ok(entry),
            Err(never) => match never {},
        }
    }

    fn finish(self) -> Result<Dictionary, RepeatedLabel> {
        Ok(self.0)
    }
}

/// The signature headers can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A header is not a dictionary.
    #[error("the {name} header is malformed: {error}")]
    Header {
        /// Which header.
        name: &'static str,
        /// What the parser says.
        error: String,
    },
    /// More than [`MAX_SIGNATURES`].
    #[error("the message carries more than {MAX_SIGNATURES} signatures")]
    TooMany,
    /// An input is malformed.
    #[error("signature {label}: {error}")]
    Input {
        /// Its label.
        label: String,
        /// What is wrong.
        error: InputError,
    },
    /// A value is not a byte sequence.
    #[error("the value of signature {0} is not a byte sequence (:base64:)")]
    Value(String),
    /// An input without a value.
    #[error("Signature-Input has {0}, but Signature has not")]
    NoValue(String),
    /// A value without an input.
    #[error("Signature has {0}, but Signature-Input has not")]
    NoInput(String),
}

/// A well-formed signature is not genuine, or can't be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It was made with another algorithm.
    #[error("the signature's algorithm is {found:?}; expected {expected:?}")]
    Algorithm {
        /// What it says.
        found: String,
        /// What the key is for.
        expected: &'static str,
    },
    /// What it covers is not in the message.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// It is not the key's over this base.
    #[error(
        "the signature does not match: the message was changed after signing, or another key signed it"
    )]
    Mismatch {
        /// The base that was built from the message.
        base: String,
    },
}
