//! The device secret: 256 random bits that live beside the file, never in it.
//!
//! `subkey(purpose) = HKDF-SHA256(device secret, info = frame("strongroom/v1/device/" purpose, vault id, generation))`

use strongroom_crypto::{Key, aead::Cipher, framing::Frame, mac::HmacSha256};

use crate::ids::{Generation, VaultId};

/// The secret that a machine (its keyring, or a key file) adds to the passphrase and the code.
pub struct DeviceSecret(Key);

impl DeviceSecret {
    /// Length in bytes.
    pub const LEN: usize = Key::LEN;

    /// A fresh device secret.
    #[must_use]
    pub fn random() -> Self {
        Self(Key::random())
    }

    /// A device secret out of exactly [`DeviceSecret::LEN`] bytes; `None` for any other length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Key::from_slice(bytes).map(Self)
    }

    /// The bytes, to be stored where the device secret is kept.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8; Self::LEN] {
        self.0.expose_secret()
    }
}

/// What a device secret is used for, in one vault and one generation.
pub(crate) struct DeviceKeys {
    /// Salts the last step towards the KEK.
    pub(crate) kek_salt: Key,
    /// Seals the chunks of the TOTP table.
    pub(crate) table: Cipher,
    /// Tells whose header this is, before Argon2id runs.
    pub(crate) mac: HmacSha256,
}

impl DeviceKeys {
    pub(crate) fn new(secret: &DeviceSecret, vault: VaultId, generation: Generation) -> Self {
        let subkey = |label: &str| {
            secret.0.derive(
                &Frame::of(label)
                    .bytes(vault.as_bytes())
                    .number(generation.0.into()),
            )
        };
        Self {
            kek_salt: subkey("strongroom/v1/device/kek-salt"),
            table: Cipher::new(&subkey("strongroom/v1/device/totp-table")),
            mac: HmacSha256::from(&subkey("strongroom/v1/device/header-mac")),
        }
    }
}
