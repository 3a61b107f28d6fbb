//! The anchor: the newest state that a machine has seen, kept outside of the file.

use std::{fmt, str::FromStr};

/// A state of a vault: how many changes led to it, and its head. Kept beside the device secret, it
/// tells an older copy of the file, and one that went another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// How many changes there were.
    pub counter: u64,
    /// The head of the state.
    pub hash: [u8; 32],
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.counter, hex::encode(self.hash))
    }
}

/// The text is not an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an anchor is a number, a colon and 64 hex digits")]
pub struct MalformedAnchor;

impl FromStr for Anchor {
    type Err = MalformedAnchor;

    fn from_str(text: &str) -> Result<Self, MalformedAnchor> {
        let (counter, digits) = text.trim().split_once(':').ok_or(MalformedAnchor)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).map_err(|_| MalformedAnchor)?;
        Ok(Self {
            counter: counter.parse().map_err(|_| MalformedAnchor)?,
            hash,
        })
    }
}

/// The anchor was not found among the states that the file remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnchorMismatch {
    /// The file is behind the anchor.
    Older { file: u64, seen: u64 },
    /// The file went another way.
    Diverged,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        let anchor = Anchor {
            counter: 1_234,
            hash: [0xab; 32],
        };
        assert_eq!(anchor.to_string().parse(), Ok(anchor));
        assert_eq!(format!("{anchor}\n").parse(), Ok(anchor));
        for wrong in [
            "",
            ":",
            "1:",
            "1:00",
            "x:ab",
            &format!("-1:{}", "0".repeat(64)),
        ] {
            assert_eq!(wrong.parse::<Anchor>(), Err(MalformedAnchor), "{wrong:?}");
        }
    }
}
