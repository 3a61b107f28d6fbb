//! An item's name, as it stands in `sr://NAME/FIELD`.

use std::borrow::Borrow;

use zeroize::Zeroize;

/// The longest name, in bytes of UTF-8.
const MOST_BYTES: usize = 256;

/// A name that an item may have. Wiped on drop, since names go when the vault is locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize)]
#[zeroize(drop)]
pub struct ItemName(String);

impl ItemName {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`NameError`] if it is empty or too long, begins or ends with white space, or contains `/` or
    /// a control character.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > MOST_BYTES {
            return Err(NameError::TooLong);
        }
        if name.trim() != name {
            return Err(NameError::OuterSpace);
        }
        if name.contains(|c: char| c == '/' || c.is_control()) {
            return Err(NameError::Character);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ItemName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A name that no item may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing.
    #[error("an item's name must not be empty")]
    Empty,
    /// More than 256 bytes.
    #[error("an item's name has at most {MOST_BYTES} bytes")]
    TooLong,
    /// White space where nobody sees it.
    #[error("an item's name must not begin or end with a space")]
    OuterSpace,
    /// A slash or a control character.
    #[error(
        "an item's name must not contain '/' or control characters: sr://NAME/FIELD refers to it"
    )]
    Character,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_references_can_hold_are_taken() {
        for name in ["a", "payments dev", "größe", "x:y.z@w", &"n".repeat(256)] {
            assert!(ItemName::parse(name).is_ok_and(|parsed| parsed.as_str() == name));
        }
        for (name, error) in [
            ("", NameError::Empty),
            (" ", NameError::OuterSpace),
            ("a ", NameError::OuterSpace),
            ("\u{a0}a", NameError::OuterSpace),
            ("a/b", NameError::Character),
            ("a\u{7}b", NameError::Character),
            ("a\nb", NameError::Character),
            (&"n".repeat(257), NameError::TooLong),
        ] {
            assert_eq!(ItemName::parse(name), Err(error), "{name:?}");
        }
    }
}
