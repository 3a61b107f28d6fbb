//! The vault file: bytes on disk to items, and back.
//!
//! ```text
//! passphrase ─┐
//! code ───────┼─ Argon2id, HKDF ─> KEK ─ unwraps ─> root key ─> subkeys ─> data keys ─> records
//! device secret ┘        recovery code ─ unwraps ──────┘
//! ```
//!
//! Two layers. The first turns the factors into the root key: [`Draft`] makes a vault, a [`Locked`]
//! one is unlocked with an [`Attempt`] or recovered through a [`RecoveryDraft`]; what either has just
//! written can be opened once with its [`Reopener`], since its code is spent. The second turns the
//! root key into records: an [`Unlocked`] vault holds decrypted overviews and opens secrets one at a
//! time. States are types: what needs a key cannot be asked of a locked vault.
//!
//! An unlock goes: checksum, structure, device MAC, Argon2id, root MAC, manifest, anchor; then the
//! code is burnt; then records are opened. `docs/FORMAT.md` describes every byte.
//!
//! Deliberately absent: the clock (`now` is an argument), the keyring and the anchor's place (their
//! values are arguments), the network, and any check of the form "is the code right?": a wrong factor
//! gives a wrong key.

pub mod by_root_key;
mod cost;
mod create;
mod damage;
mod device;
mod enrolment;
mod failure;
mod file;
mod header;
mod ids;
mod item;
mod keys;
mod locked;
mod manifest;
mod migrations;
mod padding;
mod progress;
mod record;
mod recover;
mod recovery_code;
mod reopen;
#[cfg(test)]
mod tests;
mod totp_table;
mod unlock;
mod unlocked;
mod verify;

pub use cost::{CostError, KdfCost};
pub use create::{CreateError, Draft};
pub use damage::Damage;
pub use device::DeviceSecret;
pub use enrolment::{Enrolled, PassphraseError};
pub use file::StorageError;
pub use ids::{Generation, ItemId, MalformedId, VaultId};
pub use item::{
    Changes, FieldError, HostError, InvalidItem, Item, ItemName, NameError, NewItem, SecretFields,
};
pub use locked::{Journal, Locked, OpenError, Refused, Status};
pub use manifest::{Anchor, MalformedAnchor};
pub use padding::TooLong;
pub use progress::Progress;
pub use recover::{RecoverError, RecoveryDraft};
pub use recovery_code::RecoveryCodeError;
pub use reopen::Reopener;
pub use totp_table::{Horizon, HorizonError};
pub use unlock::{Attempt, Burn, UnlockError};
pub use unlocked::{ReadError, SelectError, Unlocked, WriteError};
