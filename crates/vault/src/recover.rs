//! Recovering: the recovery code to the root key; then new factors around the same root key.
//!
//! The root key stays: recovery is for factors that are lost. Whoever fears that somebody knows them
//! needs a new root key, which is another use case. Old copies of the file still open with the old
//! factors and the old recovery code.

use strongroom_contract::{time::UnixMillis, vault::Freshness};
use strongroom_crypto::{SecretText, password::StretchError, totp::Code};

use crate::{
    cost::{CostError, KdfCost},
    damage::Damage,
    device::{DeviceKeys, DeviceSecret},
    enrolment::{CodeMismatch, Enrolled, Enrolment, PassphraseError, last_code_day},
    file::{File, StorageError, changed_one},
    header::SealedHeader,
    ids::{Generation, VaultId},
    keys::{Keys, RootKey},
    locked::{Locked, Refused},
    manifest::{Anchor, Ledger, RowKey},
    progress::Progress,
    recovery_code::{RecoveryCode, RecoveryCodeError},
    reopen::Reopener,
    totp_table::Horizon,
    unlock::{UnlockError, forget_journal, freshness, prove, row_number, write_header},
};

/// The vault stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// What was typed is not a recovery code.
    #[error(transparent)]
    Code(#[from] RecoveryCodeError),
    /// It is one, but not this vault's.
    #[error("the recovery code is not this vault's, or a newer one has taken its place")]
    WrongCode,
    /// The new passphrase can't be one.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// The typed code is not the one that the new authenticator entry shows now.
    #[error("the code is not one that the new authenticator entry shows now")]
    CodeMismatch,
    /// Argon2id could not run.
    #[error(transparent)]
    Cost(CostError),
    /// Bytes of the file are damaged.
    #[error(transparent)]
    Damaged(Damage),
    /// The file could not be read or written.
    #[error(transparent)]
    Storage(StorageError),
}

impl From<StorageError> for RecoverError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Damaged(damage) => Self::Damaged(damage),
            other => Self::Storage(other),
        }
    }
}

impl From<StretchError> for RecoverError {
    fn from(error: StretchError) -> Self {
        Self::Cost(error.into())
    }
}

impl From<CodeMismatch> for RecoverError {
    fn from(_: CodeMismatch) -> Self {
        Self::CodeMismatch
    }
}

/// A recovery under way: the recovery code was right, the new authenticator is being set up, the file
/// is unchanged.
pub struct RecoveryDraft {
    file: File,
    root: RootKey,
    keys: Keys,
    ledger: Ledger,
    enrolment: Enrolment,
}

impl Locked {
    /// Opens the root key with the recovery code, proves the file, and chooses new factors.
    ///
    /// # Errors
    ///
    /// [`RecoverError`], with the vault given back.
    pub fn recover(
        self,
        recovery_code: &SecretText,
        passphrase: SecretText,
        device_secret: DeviceSecret,
        cost: KdfCost,
        horizon: Horizon,
    ) -> Result<RecoveryDraft, Box<Refused<Self, RecoverError>>> {
        let header = &self.file.header;
        let named = (header.vault, header.generation.next());
        let begun = || {
            self.file.writable()?;
            let code = RecoveryCode::parse(recovery_code)?;
            let enrolment = Enrolment::new(named, &passphrase, device_secret, cost, horizon)?;
            let root = header.recover_root(&code).ok_or(RecoverError::WrongCode)?;
            let (keys, ledger) = prove(&self.file, &root)?;
            Ok::<_, RecoverError>((root, keys, ledger, enrolment))
        };
        match begun() {
            Ok((root, keys, ledger, enrolment)) => Ok(RecoveryDraft {
                file: self.file,
                root,
                keys,
                ledger,
                enrolment,
            }),
            Err(error) => Err(Refused::new(self, error)),
        }
    }
}

impl RecoveryDraft {
    /// The vault's id.
    #[must_use]
    pub const fn vault_id(&self) -> VaultId {
        self.enrolment.vault
    }

    /// The number of the new device secret.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.enrolment.generation
    }

    /// The number of the device secret that goes once the recovery is finished.
    #[must_use]
    pub const fn old_generation(&self) -> Generation {
        self.file.header.generation
    }

    /// The new device secret, to be stored before the recovery is finished.
    #[must_use]
    pub const fn device_secret(&self) -> &DeviceSecret {
        &self.enrolment.device_secret
    }

    /// What the authenticator scans (`otpauth://totp/…`).
    #[must_use]
    pub fn otpauth_uri(&self) -> SecretText {
        self.enrolment.otpauth_uri()
    }

    /// Compares the file with the newest state that this machine has seen.
    ///
    /// # Errors
    ///
    /// [`UnlockError::Older`] and [`UnlockError::Diverged`], or what reading the file gave.
    pub fn freshness(&self, anchor: Option<Anchor>) -> Result<Freshness, UnlockError> {
        freshness(&self.file, &self.ledger, anchor, false)
    }

    /// Writes the new factors in one transaction: the root key wrapped anew, a new table of codes,
    /// authenticator's seed and recovery code. The old ones are erased from the file. With a code,
    /// the table starts at its step, and the code is spent; without one, at the step of `now`. The
    /// vault is left locked.
    ///
    /// # Errors
    ///
    /// [`RecoverError`], with the draft given back and the file unchanged: it can be tried again.
    pub fn finish(
        mut self,
        code: Option<&Code>,
        now: UnixMillis,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Locked, Enrolled), Box<Refused<Self, RecoverError>>> {
        match self.write(code, now, progress) {
            Ok(enrolled) => Ok((Locked { file: self.file }, enrolled)),
            Err(error) => Err(Refused::new(self, error)),
        }
    }

    /// Gives the recovery up; the vault is as it was.
    #[must_use]
    pub fn abandon(self) -> Locked {
        Locked { file: self.file }
    }

    fn write(
        &mut self,
        code: Option<&Code>,
        now: UnixMillis,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Enrolled, RecoverError> {
        let Self {
            file,
            root,
            keys,
            ledger,
            enrolment,
        } = self;
        let layout = enrolment.layout(code, now)?;
        let device = DeviceKeys::new(
            &enrolment.device_secret,
            enrolment.vault,
            enrolment.generation,
        );
        let (header, recovery_code) =
            enrolment.header(root, keys, &device, layout, progress, |run| run())?;
        let sealed = SealedHeader::new(&header, &device, keys);
        let old: Vec<u64> = ledger
            .rows()
            .filter_map(|row| match row {
                RowKey::Totp(chunk) => Some(chunk),
                _ => None,
            })
            .collect();
        ledger.commit(&mut file.connection, |transaction| {
            let mut changes = Vec::new();
            for chunk in old {
                let gone = transaction
                    .prepare_cached("DELETE FROM totp WHERE chunk = ?1")?
                    .execute([row_number(chunk)])?;
                changed_one(gone, "table of codes")?;
                changes.push((RowKey::Totp(chunk), None));
            }
            changes.extend(enrolment.write_table(transaction, keys, &device, &header, progress)?);
            changes.push(write_header(transaction, &sealed, keys)?);
            Ok(changes)
        })?;
        file.header = header;
        file.sealed = sealed;
        forget_journal(file);
        let anchor = ledger.anchor();
        Ok(Enrolled {
            recovery_code: recovery_code.print(),
            vault_id: enrolment.vault,
            generation: enrolment.generation,
            last_code_day: last_code_day(&file.header.layout),
            anchor,
            reopener: Reopener::new(
                root,
                &enrolment.device_secret,
                (enrolment.vault, enrolment.generation),
                anchor,
            ),
        })
    }
}
