//! The record layer without the factors: for tests of faults, fuzzing and soaking.
//!
//! Whoever has the root key needs no passphrase, code or device secret, so nothing in the product
//! hands one out or asks for one. Argon2id does not run here, and no code is used up.

use std::path::Path;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{Key, SecretText, random};

use crate::{
    cost::{CostError, KdfCost},
    create::{CreateError, Draft},
    device::{DeviceKeys, DeviceSecret},
    enrolment::Enrolled,
    keys::RootKey,
    locked::{Locked, Refused},
    manifest::Anchor,
    reopen::open_by_root,
    totp_table::Horizon,
    unlock::UnlockError,
    unlocked::Unlocked,
};

/// Creates a vault around `root_key`, with codes for at least `steps` steps from `now` on. Its root
/// key is wrapped under a random key, so that no passphrase opens it.
///
/// # Errors
///
/// As [`Draft::create`].
pub fn create(
    path: &Path,
    root_key: &Key,
    device_secret: DeviceSecret,
    steps: u32,
    now: UnixMillis,
) -> Result<Enrolled, CreateError> {
    let passphrase = SecretText::new(hex::encode(random::bytes::<32>()));
    let cost = KdfCost::memory_mib(64)?;
    let draft = Draft::new(passphrase, device_secret, cost, Horizon::of_steps(steps))
        .map_err(|_| CostError::Bounds)?;
    let root = RootKey(root_key.duplicate());
    draft.create_around(&root, path, None, now, &mut |_| {}, |_| Ok(Key::random()))
}

/// Opens the record layer with `root_key`. With the device secret, verifying also opens the table of
/// codes.
///
/// # Errors
///
/// As [`Locked::unlock`] once it has the root key.
pub fn unlock(
    locked: Locked,
    root_key: &Key,
    device_secret: Option<&DeviceSecret>,
    anchor: Option<Anchor>,
) -> Result<Unlocked, Box<Refused<Locked, UnlockError>>> {
    let header = &locked.file.header;
    let device =
        device_secret.map(|secret| DeviceKeys::new(secret, header.vault, header.generation));
    open_by_root(locked, &RootKey(root_key.duplicate()), device, anchor)
}
