//! HKDF-SHA256 (RFC 5869).
//!
//! `key = HKDF-Expand(HKDF-Extract(salt, secret), info, 32)`

use hkdf::Hkdf;

use crate::{Key, framing::Frame};

/// Derives one 256-bit key from a uniformly random or stretched `secret`.
///
/// `salt` may be empty (RFC 5869, section 2.2: a string of zeros then); `info` names the purpose and
/// binds the context.
///
/// # Panics
///
/// Never: 32 bytes are always within HKDF's output limit of 255 hashes.
#[must_use]
pub fn hkdf_sha256(secret: &[u8], salt: &[u8], info: &Frame) -> Key {
    let hkdf = Hkdf::<sha2::Sha256>::new(Some(salt), secret);
    Key::filled_by(|out| {
        let expanded = hkdf.expand(info.as_bytes(), out);
        assert!(expanded.is_ok(), "32 bytes are within HKDF's limit");
    })
}

impl Key {
    /// A subkey for one purpose: [`hkdf_sha256`] with this key as the secret and no salt.
    #[must_use]
    pub fn derive(&self, info: &Frame) -> Key {
        hkdf_sha256(self.expose_secret(), &[], info)
    }
}
