//! HMAC-SHA256 and HMAC-SHA512 (RFC 2104, FIPS 198-1).
//!
//! `tag = H(key ^ opad | H(key ^ ipad | message))`
//!
//! A tag can itself be a secret (the stored form of an API secret) or public (a signature on the
//! wire). They are different types; making one public is said aloud.

use hmac::{Hmac, KeyInit as _, Mac as _};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::Key;

/// An HMAC-SHA256 key, expanded once and used for many messages. Keys of any length are allowed
/// (RFC 2104, section 3).
pub struct HmacSha256(Hmac<sha2::Sha256>);

impl HmacSha256 {
    /// Prepares `key`.
    ///
    /// # Panics
    ///
    /// Never: HMAC takes keys of every length.
    #[must_use]
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of every length"))
    }

    /// The tag over the concatenation of `parts`. Callers that join variable parts frame them first
    /// ([`crate::framing`]).
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> SecretTag {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        SecretTag(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// Whether `tag` is the tag over `parts`, in constant time. A truncated tag is not.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.tag(parts).0.as_slice().ct_eq(tag).into()
    }
}

impl From<&Key> for HmacSha256 {
    fn from(key: &Key) -> Self {
        Self::new(key.expose_secret())
    }
}

/// A tag as the key of the next MAC, as key derivations chain them (AWS Signature Version 4).
impl From<&SecretTag> for HmacSha256 {
    fn from(tag: &SecretTag) -> Self {
        Self::new(tag.0.as_slice())
    }
}

/// The tag of a MAC. Comparing two takes constant time.
pub struct SecretTag(Zeroizing<[u8; 32]>);

impl SecretTag {
    /// Makes the tag public, as a signature or a checksum that is meant to be seen.
    #[must_use]
    pub fn into_public(self) -> [u8; 32] {
        *self.0
    }

    /// Whether the tag equals `other`, in constant time. A truncated tag does not.
    #[must_use]
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_slice().ct_eq(other).into()
    }
}

/// HMAC-SHA512 over `message`, made public: for providers that sign with it.
///
/// # Panics
///
/// Never: HMAC takes keys of every length.
#[must_use]
#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
pub fn hmac_sha512_public(key: &[u8], message: &[u8]) -> [u8; 64] {
    let mut mac =
        Hmac::<sha2::Sha512>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Whether two byte strings are equal, in time that depends on their lengths alone.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
