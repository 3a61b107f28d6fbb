//! The key hierarchy below the factors.
//!
//! ```text
//! password  = frame(NFKC(passphrase), u64le(target))
//! stretched = Argon2id(password, salt; m, t, p)
//! KEK       = HKDF-SHA256(stretched, salt = kek-salt, info = frame("strongroom/v1/kek", vault id, m, t, p))
//! root key  = 256 random bits, sealed by the KEK and, separately, by the recovery key
//! subkey    = HKDF-SHA256(root, info = frame("strongroom/v1/root/" purpose, vault id, key epoch))
//! ```

use std::sync::Arc;

use strongroom_crypto::{
    Key, SecretText,
    aead::Cipher,
    framing::{Frame, secret_frame},
    kdf::hkdf_sha256,
    mac::HmacSha256,
    password::{self, StretchError},
};

use crate::{cost::KdfCost, device::DeviceKeys, ids::VaultId, totp_table::Target};

/// The passphrase's and the target's way into the KEK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kdf {
    pub(crate) cost: KdfCost,
    pub(crate) salt: [u8; 32],
}

impl Kdf {
    /// Runs Argon2id once. `passphrase` is normalised already.
    pub(crate) fn kek(
        &self,
        passphrase: &SecretText,
        target: &Target,
        device: &DeviceKeys,
        vault: VaultId,
    ) -> Result<Key, StretchError> {
        let password =
            secret_frame(&[passphrase.expose_secret().as_bytes(), &target.to_le_bytes()]);
        let cost = self.cost.parameters();
        let stretched = password::argon2id(password.expose_secret(), &self.salt, cost)?;
        drop(password);
        let info = Frame::of("strongroom/v1/kek")
            .bytes(vault.as_bytes())
            .number(cost.memory_kib.into())
            .number(cost.passes.into())
            .number(cost.lanes.into());
        Ok(hkdf_sha256(
            stretched.expose_secret(),
            device.kek_salt.expose_secret(),
            &info,
        ))
    }
}

/// The key that everything in the records hangs from.
pub(crate) struct RootKey(pub(crate) Key);

/// The root key's subkeys of one epoch.
pub(crate) struct Keys {
    pub(crate) vault: VaultId,
    pub(crate) epoch: u32,
    /// Wraps the data keys of overviews.
    pub(crate) overview: Cipher,
    /// Wraps the data keys of secrets.
    pub(crate) item: Cipher,
    /// Makes the manifest's tree and the chain of its heads.
    pub(crate) manifest: Arc<HmacSha256>,
    /// Seals the authenticator's seed and the target.
    pub(crate) totp: Cipher,
    /// Proves that the header belongs to this root key.
    pub(crate) header: HmacSha256,
    /// Seals the history of requests, which is a file of its own.
    pub(crate) history: Key,
}

impl Keys {
    pub(crate) fn derive(root: &RootKey, vault: VaultId, epoch: u32) -> Self {
        let subkey = |label: &str| {
            root.0.derive(
                &Frame::of(label)
                    .bytes(vault.as_bytes())
                    .number(epoch.into()),
            )
        };
        Self {
            vault,
            epoch,
            overview: Cipher::new(&subkey("strongroom/v1/root/overview")),
            item: Cipher::new(&subkey("strongroom/v1/root/item")),
            manifest: Arc::new(HmacSha256::from(&subkey("strongroom/v1/root/manifest"))),
            totp: Cipher::new(&subkey("strongroom/v1/root/totp")),
            header: HmacSha256::from(&subkey("strongroom/v1/root/header-mac")),
            history: subkey("strongroom/v1/root/history"),
        }
    }
}
