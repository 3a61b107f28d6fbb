//! The `Content-Digest` header (RFC 9530): a digest of the content, so that a signature which
//! covers the header covers the content too.
//!
//! `Content-Digest: sha-256=:base64(SHA-256(content)):, sha-512=:…:`

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sfv::{BareItem, Dictionary, Item, ListEntry, Parser};
use strongroom_crypto::{hash, mac::constant_time_eq};

use crate::message::{Field, combined};

/// The header's name.
pub const CONTENT_DIGEST: &str = "content-digest";

/// An active algorithm of RFC 9530, section 5. The deprecated ones are treated as unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    const ALL: [Self; 2] = [Self::Sha256, Self::Sha512];

    /// The key in the header: `sha-256` or `sha-512`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha512 => "sha-512",
        }
    }

    /// Length of a digest in bytes.
    const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn digest(self, content: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => hash::sha256(&[content]).to_vec(),
            Self::Sha512 => hash::sha512(content).to_vec(),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The header's value for `content` with one algorithm: `sha-256=:…:`.
#[must_use]
pub fn make(algorithm: Algorithm, content: &[u8]) -> String {
    let digest = BASE64_STANDARD.encode(algorithm.digest(content));
    format!("{algorithm}=:{digest}:")
}

/// A `Content-Digest` header that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentDigest {
    known: Vec<(Algorithm, Vec<u8>)>,
    unknown: Vec<String>,
}

impl ContentDigest {
    /// Reads the header out of a message's fields; `None` if it is not there. Several lines are one
    /// dictionary.
    ///
    /// # Errors
    ///
    /// [`DigestError::Malformed`] if it is not a dictionary, or a digest by a known algorithm is not a
    /// byte sequence of its length.
    pub fn read(fields: &[Field<'_>]) -> Result<Option<Self>, DigestError> {
        combined(fields, CONTENT_DIGEST)
            .map(|value| Self::parse(&value))
            .transpose()
    }

    /// Reads the header's value.
    ///
    /// # Errors
    ///
    /// As [`ContentDigest::read`].
    pub fn parse(value: &[u8]) -> Result<Self, DigestError> {
        let dictionary: Dictionary = Parser::new(value)
            .parse()
            .map_err(|error| DigestError::Malformed(error.to_string()))?;
        let mut read = Self {
            known: Vec::new(),
            unknown: Vec::new(),
        };
        for (key, entry) in dictionary {
            let known = Algorithm::ALL
                .into_iter()
                .find(|algorithm| algorithm.id() == key.as_str());
            let Some(algorithm) = known else {
                read.unknown.push(key.as_str().to_owned());
                continue;
            };
            match entry {
                ListEntry::Item(Item {
                    bare_item: BareItem::ByteSequence(digest),
                    ..
                }) if digest.len() == algorithm.len() => read.known.push((algorithm, digest)),
                _ => {
                    return Err(DigestError::Malformed(format!(
                        "{algorithm} is not a byte sequence of {} bytes",
                        algorithm.len()
                    )));
                }
            }
        }
        Ok(read)
    }

    /// The algorithms of the header that are known here.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.known.iter().map(|(algorithm, _)| *algorithm)
    }

    /// Checks `content` against every digest that is known here, of which there must be one.
    ///
    /// # Errors
    ///
    /// [`DigestError::NoKnownAlgorithm`], or [`DigestError::Mismatch`] for the first digest that
    /// does not match.
    pub fn verify(&self, content: &[u8]) -> Result<(), DigestError> {
        if self.known.is_empty() {
            return Err(DigestError::NoKnownAlgorithm {
                present: self.unknown.join(", "),
            });
        }
        for (algorithm, stated) in &self.known {
            let actual = algorithm.digest(content);
            if !constant_time_eq(stated, &actual) {
                return Err(DigestError::Mismatch {
                    algorithm: *algorithm,
                    stated: BASE64_STANDARD.encode(stated),
                    actual: BASE64_STANDARD.encode(actual),
                    bytes: content.len(),
                });
            }
        }
        Ok(())
    }
}

/// A content digest can't be read or does not fit the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// The header is not what RFC 9530 defines.
    #[error(
        "the Content-Digest header is malformed: {0}; expected sha-256=:base64: or sha-512=:base64:"
    )]
    Malformed(String),
    /// No algorithm that is known here.
    #[error("the Content-Digest header has no digest by sha-256 or sha-512, but {present:?}")]
    NoKnownAlgorithm {
        /// The algorithms that it has, joined by commas.
        present: String,
    },
    /// The content is not what was digested.
    #[error(
        "the {algorithm} digest of the content ({bytes} bytes) is {actual}, but the Content-Digest header says {stated}: the content was changed after it was digested"
    )]
    Mismatch {
        /// The algorithm.
        algorithm: Algorithm,
        /// The header's digest, base64.
        stated: String,
        /// The content's digest, base64.
        actual: String,
        /// The content's length.
        bytes: usize,
    },
}
