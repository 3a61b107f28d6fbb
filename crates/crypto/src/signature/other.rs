//! Signatures as they are made by mistake, for whoever has to say what was done instead. None of these is
//! genuine where one of [`Algorithm`](super::Algorithm) is expected.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA1_ASN1, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1,
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaPssSaltLength, UnparsedPublicKey,
    VerificationAlgorithm,
};

use super::{KeyKind, PublicKey};

/// Another way to sign with a key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherWay {
    /// ECDSA on P-256 with `r` and `s` in DER (RFC 3279, section 2.2.3).
    EcdsaDer(Hash),
    /// RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2).
    RsaPkcs1(Hash),
    /// RSASSA-PSS (RFC 8017, section 8.1), with MGF1 of the same hash.
    RsaPss(Hash, Salt),
}

/// What a message is hashed with before it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// How long the salt of RSASSA-PSS is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Salt {
    /// As long as the hash.
    Digest,
    /// As long as the key lets it be, which is what OpenSSL does unless told otherwise.
    Longest,
    /// 20 bytes, the default of RFC 8017, appendix A.2.3.
    Twenty,
    /// 32 bytes, as for SHA-256.
    ThirtyTwo,
    /// None.
    Empty,
}

const HASHES: [Hash; 4] = [Hash::Sha256, Hash::Sha512, Hash::Sha384, Hash::Sha1];
const SALTS: [Salt; 5] = [
    Salt::Digest,
    Salt::Longest,
    Salt::Twenty,
    Salt::ThirtyTwo,
    Salt::Empty,
];

impl OtherWay {
    /// Every way in which a key of this kind signs, the likeliest first. Where a scheme expects one of them,
    /// that one is no mistake.
    #[must_use]
    pub fn of(kind: KeyKind) -> Vec<Self> {
        match kind {
            KeyKind::Ed25519 => Vec::new(),
            KeyKind::P256 => HASHES.map(Self::EcdsaDer).to_vec(),
            KeyKind::Rsa => {
                let pss = |salt| HASHES.map(|hash| Self::RsaPss(hash, salt));
                HASHES
                    .map(Self::RsaPkcs1)
                    .into_iter()
                    .chain(SALTS.into_iter().flat_map(pss))
                    .filter(|way| way.verification().is_some())
                    // As long as the hash, once more.
                    .filter(|way| *way != Self::RsaPss(Hash::Sha256, Salt::ThirtyTwo))
                    .collect()
            }
        }
    }

    /// `None` where the library has no such algorithm.
    fn verification(self) -> Option<&'static dyn VerificationAlgorithm> {
        macro_rules! salted {
            ($algorithm:ident, $salt:ident) => {
                match $salt {
                    Salt::Digest => &$algorithm,
                    Salt::Longest => {
                        &const { $algorithm.with_pss_salt_length(RsaPssSaltLength::Max) }
                    }
                    Salt::Twenty => {
                        &const { $algorithm.with_pss_salt_length(RsaPssSaltLength::Custom(20)) }
                    }
                    Salt::ThirtyTwo => {
                        &const { $algorithm.with_pss_salt_length(RsaPssSaltLength::Custom(32)) }
                    }
                    Salt::Empty => {
                        &const { $algorithm.with_pss_salt_length(RsaPssSaltLength::Custom(0)) }
                    }
                }
            };
        }
        Some(match self {
            Self::EcdsaDer(Hash::Sha1) => &ECDSA_P256_SHA1_ASN1,
            Self::EcdsaDer(Hash::Sha256) => &ECDSA_P256_SHA256_ASN1,
            Self::EcdsaDer(Hash::Sha384) => &ECDSA_P256_SHA384_ASN1,
            Self::EcdsaDer(Hash::Sha512) => &ECDSA_P256_SHA512_ASN1,
            Self::RsaPkcs1(Hash::Sha1) => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::RsaPkcs1(Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            Self::RsaPkcs1(Hash::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            Self::RsaPkcs1(Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            Self::RsaPss(Hash::Sha1, _) => return None,
            Self::RsaPss(Hash::Sha256, salt) => salted!(RSA_PSS_2048_8192_SHA256, salt),
            Self::RsaPss(Hash::Sha384, salt) => salted!(RSA_PSS_2048_8192_SHA384, salt),
            Self::RsaPss(Hash::Sha512, salt) => salted!(RSA_PSS_2048_8192_SHA512, salt),
        })
    }
}

impl PublicKey {
    /// Whether `signature` was made over `message` in another way. It is not genuine for that.
    #[must_use]
    pub fn made_otherwise(&self, way: OtherWay, message: &[u8], signature: &[u8]) -> bool {
        let kind = match way {
            OtherWay::EcdsaDer(_) => KeyKind::P256,
            OtherWay::RsaPkcs1(_) | OtherWay::RsaPss(..) => KeyKind::Rsa,
        };
        kind == self.kind
            && way.verification().is_some_and(|algorithm| {
                UnparsedPublicKey::new(algorithm, &self.bytes)
                    .verify(message, signature)
                    .is_ok()
            })
    }
}

impl fmt::Display for OtherWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcdsaDer(hash) => write!(f, "ECDSA with {hash}, in DER"),
            Self::RsaPkcs1(hash) => write!(f, "RSA PKCS#1 v1.5 with {hash}"),
            Self::RsaPss(hash, salt) => write!(f, "RSA-PSS with {hash} and {salt}"),
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digest => "a salt as long as the hash",
            Self::Longest => "the longest salt",
            Self::Twenty => "a salt of 20 bytes",
            Self::ThirtyTwo => "a salt of 32 bytes",
            Self::Empty => "no salt",
        })
    }
}
