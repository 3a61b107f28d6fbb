//! Length-prefixed joining, so that no two different lists of parts give the same bytes.
//!
//! `frame(p1, …, pn) = u32le(len(p1)) | p1 | … | u32le(len(pn)) | pn`

use crate::SecretBytes;

/// Joins secret parts as [`Frame`] does, into one allocation that is wiped.
///
/// # Panics
///
/// Panics if a part is 4 GiB or longer; no format here allows one.
#[must_use]
pub fn secret_frame(parts: &[&[u8]]) -> SecretBytes {
    let mut joined = Vec::with_capacity(parts.iter().map(|part| 4 + part.len()).sum());
    for part in parts {
        joined.extend_from_slice(&prefix(part));
        joined.extend_from_slice(part);
    }
    SecretBytes::new(joined)
}

/// Joins parts, each behind its length as a little-endian `u32`.
///
/// Used wherever several values become one input of a hash, a MAC, an AAD or an HKDF `info`.
#[derive(Clone, Default)]
pub struct Frame(Vec<u8>);

impl Frame {
    /// Starts with the name of what the bytes are for (domain separation).
    #[must_use]
    pub fn of(purpose: &str) -> Self {
        // Room for most frames, which are made for every record and every leaf.
        Self(Vec::with_capacity(192)).bytes(purpose.as_bytes())
    }

    /// Adds one part.
    ///
    /// # Panics
    ///
    /// Panics if the part is 4 GiB or longer; no format here allows one.
    #[must_use]
    pub fn bytes(mut self, part: &[u8]) -> Self {
        self.0.extend_from_slice(&prefix(part));
        self.0.extend_from_slice(part);
        self
    }

    /// Adds a number as eight little-endian bytes.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// The joined bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn prefix(part: &[u8]) -> [u8; 4] {
    assert!(
        part.len() < u32::MAX as usize,
        "a part is longer than its prefix can say"
    );
    #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
    let len = part.len() as u32;
    len.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(parts: &[Vec<u8>]) -> Vec<u8> {
        parts
            .iter()
            .fold(Frame::default(), |frame, part| frame.bytes(part))
            .0
    }

    proptest! {
        #[test]
        fn different_lists_never_join_to_the_same_bytes(
            a in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..5),
            b in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..5),
        ) {
            prop_assert_eq!(a == b, joined(&a) == joined(&b));
            let parts: Vec<&[u8]> = a.iter().map(Vec::as_slice).collect();
            let secret = secret_frame(&parts);
            prop_assert_eq!(secret.expose_secret(), &joined(&a)[..]);
        }
    }

    #[test]
    fn moving_a_boundary_changes_the_bytes() {
        let left = Frame::of("ab").bytes(b"c");
        let right = Frame::of("a").bytes(b"bc");
        assert_ne!(left.as_bytes(), right.as_bytes());
    }
}
