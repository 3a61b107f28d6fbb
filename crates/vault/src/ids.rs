//! Names of things: 128 random bits each, 32 hex digits when printed.

use std::{fmt, str::FromStr};

use strongroom_crypto::random;

/// The text is not 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has 32 hex digits")]
pub struct MalformedId;

macro_rules! random_id {
    ($(#[$doc:meta])+ $name:ident) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) [u8; 16]);

        impl $name {
            pub(crate) fn random() -> Self {
                Self(random::bytes())
            }

            /// The id's 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                let mut id = [0; 16];
                hex::decode_to_slice(text, &mut id).map_err(|_| MalformedId)?;
                Ok(Self(id))
            }
        }
    };
}

random_id! {
    /// Names a vault, from its creation on, over every copy.
    VaultId
}

random_id! {
    /// Names an item of a vault, and the rows that hold it.
    ItemId
}

/// Counts the device secrets of a vault: 1 at creation, one more with each recovery. Together with
/// the vault's id it names a device secret, so that an old and a new one can lie side by side until
/// the file has changed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub(crate) u32);

impl Generation {
    pub(crate) const FIRST: Self = Self(1);

    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        let id = VaultId::random();
        assert_eq!(id.to_string().len(), 32);
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "00", &"0".repeat(31), &"g".repeat(32), &"0".repeat(34)] {
            assert_eq!(wrong.parse::<ItemId>(), Err(MalformedId), "{wrong:?}");
        }
    }
}
