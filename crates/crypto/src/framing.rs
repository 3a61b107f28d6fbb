//! Length-prefixed joining, so that no two different lists of parts give the same bytes.
//!
//! `frame(p1, …, pn) = u32le(len(p1)) | p1 | … | u32le(len(pn)) | pn`

/// Joins parts, each behind its length as a little-endian `u32`.
///
/// Used wherever several values become one input of a hash, a MAC, an AAD or an HKDF `info`.
#[derive(Clone, Default)]
pub struct Frame(Vec<u8>);

impl Frame {
    /// Starts with the name of what the bytes are for (domain separation).
    #[must_use]
    pub fn of(purpose: &str) -> Self {
        Self::default().bytes(purpose.as_bytes())
    }

    /// Adds one part.
    ///
    /// # Panics
    ///
    /// Panics if the part is 4 GiB or longer; no format here allows one.
    #[must_use]
    pub fn bytes(mut self, part: &[u8]) -> Self {
        assert!(
            part.len() < u32::MAX as usize,
            "a part is longer than its prefix can say"
        );
        #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
        let len = part.len() as u32;
        self.0.extend_from_slice(&len.to_le_bytes());
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
        }
    }

    #[test]
    fn moving_a_boundary_changes_the_bytes() {
        let left = Frame::of("ab").bytes(b"c");
        let right = Frame::of("a").bytes(b"bc");
        assert_ne!(left.as_bytes(), right.as_bytes());
    }
}
