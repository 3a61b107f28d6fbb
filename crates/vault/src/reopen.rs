//! Opening a vault that was just created or recovered: the typed code is spent, and another one
//! would have to be waited for. The root key is at hand still.

use crate::{
    device::{DeviceKeys, DeviceSecret},
    ids::{Generation, VaultId},
    keys::RootKey,
    locked::{Locked, Refused},
    manifest::Anchor,
    unlock::{Burn, Opened, UnlockError, freshness, prove},
    unlocked::{Items, Unlocked},
};

/// Opens the vault that an enrolment has just written, once, without another code. Wiped on drop.
pub struct Reopener {
    root: RootKey,
    device: DeviceKeys,
    anchor: Anchor,
}

impl Reopener {
    pub(crate) fn new(
        root: &RootKey,
        device_secret: &DeviceSecret,
        (vault, generation): (VaultId, Generation),
        anchor: Anchor,
    ) -> Self {
        Self {
            root: RootKey(root.0.duplicate()),
            device: DeviceKeys::new(device_secret, vault, generation),
            anchor,
        }
    }
}

impl Locked {
    /// Opens the vault that an enrolment has just written. The file is read and proven as by an
    /// unlock with factors: it must be the state that the enrolment has left, or a later one.
    ///
    /// # Errors
    ///
    /// [`UnlockError`], with the vault given back, to be unlocked with its factors.
    pub fn reopen(self, with: Reopener) -> Result<Unlocked, Box<Refused<Self, UnlockError>>> {
        let Reopener {
            root,
            device,
            anchor,
        } = with;
        if !self.file.sealed.fits_device(&device) {
            return Err(Refused::new(self, UnlockError::WrongDeviceSecret));
        }
        open_by_root(self, &root, Some(device), Some(anchor))
    }
}

/// Opens the record layer of a vault whose root key is known. No code is used up.
pub(crate) fn open_by_root(
    locked: Locked,
    root: &RootKey,
    device: Option<DeviceKeys>,
    anchor: Option<Anchor>,
) -> Result<Unlocked, Box<Refused<Locked, UnlockError>>> {
    let file = &locked.file;
    let opened = || {
        let (keys, ledger) = prove(file, root)?;
        let freshness = freshness(file, &ledger, anchor, false)?;
        let items = Items::load(&file.connection, &keys)?;
        Ok::<_, UnlockError>(Opened {
            keys,
            ledger,
            items,
            device,
            burn: Burn::NoCode,
            freshness,
        })
    };
    match opened() {
        Ok(opened) => Ok(Unlocked::new(locked.file, opened)),
        Err(error) => Err(Refused::new(locked, error)),
    }
}
