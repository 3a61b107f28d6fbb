//! Types that hold secrets: wiped on drop, compared in constant time, never printed.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::random;

/// Secret bytes of any length.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes ownership of `bytes`; the same allocation is wiped on drop.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Copies `bytes` into a secret of its own. The caller still answers for the original.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }

    /// The bytes themselves. What they are copied into must be wiped as well.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Shortens the secret to its first `len` bytes; the rest is wiped.
    pub fn truncate(&mut self, len: usize) {
        if let Some(rest) = self.0.get_mut(len..) {
            rest.zeroize();
        }
        self.0.truncate(len);
    }

    /// Reads the bytes as UTF-8 text, without copying.
    ///
    /// # Errors
    ///
    /// [`NotUtf8`] if the bytes are not UTF-8; they are wiped.
    pub fn into_text(mut self) -> Result<SecretText, NotUtf8> {
        let bytes = std::mem::take(&mut *self.0);
        match String::from_utf8(bytes) {
            Ok(text) => Ok(SecretText::new(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(NotUtf8)
            }
        }
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for SecretBytes {}

/// Bytes that were expected to be text are not UTF-8. Carries no part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not valid UTF-8 text")]
pub struct NotUtf8;

/// Secret text: a passphrase, an API secret, a recovery code.
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes ownership of `text`; the same allocation is wiped on drop.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. What it is copied into must be wiped as well.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }

    /// How many bytes of UTF-8.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Drops one final line end (`\n` or `\r\n`), as files and pipes add one.
    #[must_use]
    pub fn without_final_line_end(mut self) -> Self {
        if self.0.ends_with('\n') {
            self.0.pop();
            if self.0.ends_with('\r') {
                self.0.pop();
            }
        }
        self
    }

    /// The text's UTF-8 bytes, without copying.
    #[must_use]
    pub fn into_bytes(mut self) -> SecretBytes {
        SecretBytes::new(std::mem::take(&mut *self.0).into_bytes())
    }
}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SecretText {}

/// A 256-bit symmetric key.
pub struct Key(Zeroizing<[u8; Key::LEN]>);

impl Key {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// A fresh key from the operating system's random source.
    #[must_use]
    pub fn random() -> Self {
        let mut key = Self(Zeroizing::new([0; Self::LEN]));
        random::fill(key.0.as_mut());
        key
    }

    /// A key out of exactly [`Key::LEN`] bytes; `None` for any other length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Self(Zeroizing::new([0; Self::LEN]));
        if bytes.len() != Self::LEN {
            return None;
        }
        key.0.copy_from_slice(bytes);
        Some(key)
    }

    /// The key's bytes. What they are copied into must be wiped as well.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// A second copy of the key, for an owner with a life of its own.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    pub(crate) fn filled_by(fill: impl FnOnce(&mut [u8; Self::LEN])) -> Self {
        let mut key = Self(Zeroizing::new([0; Self::LEN]));
        fill(&mut key.0);
        key
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_final_line_end_is_dropped_and_no_more() {
        for (typed, kept) in [
            ("secret\n", "secret"),
            ("secret\r\n", "secret"),
            ("secret\n\n", "secret\n"),
            ("secret", "secret"),
            ("secret\r", "secret\r"),
            ("\n", ""),
            ("", ""),
        ] {
            let text = SecretText::new(typed.to_owned()).without_final_line_end();
            assert_eq!(text.expose_secret(), kept, "{typed:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        assert!(SecretBytes::copy_of(&[0xff, 0xfe]).into_text().is_err());
        let text = SecretBytes::copy_of("schlüssel".as_bytes()).into_text();
        assert!(text.is_ok_and(|text| text.expose_secret() == "schlüssel"));
    }

    #[test]
    fn keys_are_32_bytes_and_differ() {
        assert!(Key::from_slice(&[0; 31]).is_none());
        assert!(Key::from_slice(&[0; 33]).is_none());
        assert!(Key::from_slice(&[7; 32]).is_some_and(|key| key.expose_secret() == &[7; 32]));
        assert!(Key::random() != Key::random());
        let key = Key::random();
        assert!(key.duplicate() == key);
    }
}
