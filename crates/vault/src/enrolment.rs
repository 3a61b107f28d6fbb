//! What creating and recovering share: new factors around a root key.

use std::{num::NonZero, ops::Range, thread};

use rusqlite::{Connection, params};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{
    Key, SecretText,
    aead::Cipher,
    password::{self, StretchError, UnassignedCharacter},
    random,
    totp::{Code, Seed, Step},
};

use crate::{
    cost::KdfCost,
    device::{DeviceKeys, DeviceSecret},
    file::StorageError,
    header::{Header, RecoverySlot, WRAPPED_LEN},
    ids::{Generation, VaultId},
    keys::{Kdf, Keys, RootKey},
    manifest::{Anchor, Change, Leaf, RowKey},
    progress::{DERIVING, Progress, TABLE},
    recovery_code::RecoveryCode,
    reopen::Reopener,
    totp_table::{Context, Horizon, Layout, Target},
};

/// Chunks that one thread makes before they are written.
const BATCH: usize = 16;
/// More threads than this do not make the table sooner.
const MOST_THREADS: usize = 8;

/// New factors, not yet bound to a file.
pub(crate) struct Enrolment {
    pub(crate) vault: VaultId,
    pub(crate) generation: Generation,
    pub(crate) device_secret: DeviceSecret,
    passphrase: SecretText,
    cost: KdfCost,
    horizon: Horizon,
    seed: Seed,
    target: Target,
}

/// What a finished enrolment has to show, once.
pub struct Enrolled {
    /// Opens the vault without the other factors; printed and kept like cash.
    pub recovery_code: SecretText,
    /// The vault's id.
    pub vault_id: VaultId,
    /// The number of the device secret that the vault opens with now.
    pub generation: Generation,
    /// The last day on which a code works (`YYYY-MM-DD`, UTC).
    pub last_code_day: String,
    /// The vault's state, to be kept beside the device secret.
    pub anchor: Anchor,
    /// Opens the vault that was written, without another code.
    pub reopener: Reopener,
}

/// A passphrase that no vault can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing.
    #[error("the passphrase is empty")]
    Empty,
    /// A character whose normal form could change.
    #[error(transparent)]
    Unassigned(#[from] UnassignedCharacter),
}

/// The typed code is not one of the new authenticator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodeMismatch;

impl Enrolment {
    pub(crate) fn new(
        (vault, generation): (VaultId, Generation),
        passphrase: &SecretText,
        device_secret: DeviceSecret,
        cost: KdfCost,
        horizon: Horizon,
    ) -> Result<Self, PassphraseError> {
        if passphrase.is_empty() {
            return Err(PassphraseError::Empty);
        }
        Ok(Self {
            vault,
            generation,
            device_secret,
            passphrase: password::normalize(passphrase)?,
            cost,
            horizon,
            seed: Seed::random(),
            target: Target::random(),
        })
    }

    /// What the authenticator scans. The account is the vault's first eight digits, and from the
    /// second enrolment on its number, so that an old entry is told from the new one.
    pub(crate) fn otpauth_uri(&self) -> SecretText {
        let id = self.vault.to_string();
        let account = match self.generation {
            Generation::FIRST => format!("vault {}", &id[..8]),
            later => format!("vault {} ({later})", &id[..8]),
        };
        #[expect(
            clippy::expect_used,
            reason = "the label is made here, without a colon"
        )]
        self.seed
            .otpauth_uri("Strongroom", &account)
            .expect("a label without a colon")
    }

    /// The table's bounds: from the typed code's step on, which is spent; without a code from the
    /// present step on.
    pub(crate) fn layout(
        &self,
        code: Option<&Code>,
        now: UnixMillis,
    ) -> Result<Layout, CodeMismatch> {
        let current = Step::at(now.secs());
        let Some(code) = code else {
            return Ok(Layout::new(current, current, self.horizon));
        };
        let codes = self.seed.codes();
        around(current)
            .find(|step| codes.at(*step).expose_secret() == code.expose_secret())
            .map(|step| Layout::new(step, step, self.horizon).burnt(step))
            .ok_or(CodeMismatch)
    }

    /// A header for the root key with these factors and a new recovery code. `kek` is handed the run
    /// of Argon2id.
    pub(crate) fn header(
        &self,
        root: &RootKey,
        keys: &Keys,
        device: &DeviceKeys,
        layout: Layout,
        progress: &mut dyn FnMut(Progress),
        kek: impl FnOnce(&dyn Fn() -> Result<Key, StretchError>) -> Result<Key, StretchError>,
    ) -> Result<(Header, RecoveryCode), StretchError> {
        let mut header = Header {
            vault: self.vault,
            generation: self.generation,
            epoch: keys.epoch,
            kdf: Kdf {
                cost: self.cost,
                salt: random::bytes(),
            },
            root: [0; WRAPPED_LEN],
            layout,
            enrolment: [0; _],
            recovery: RecoverySlot {
                id: random::bytes(),
                root: [0; WRAPPED_LEN],
            },
        };
        let mut deriving = |done| {
            progress(Progress {
                stage: DERIVING,
                done,
                total: 1,
            });
        };
        deriving(0);
        let kek = kek(&|| {
            let kdf = &header.kdf;
            kdf.kek(&self.passphrase, &self.target, device, self.vault)
        })?;
        deriving(1);
        header.seal_root(&kek, root);
        header.seal_enrolment(keys, &self.seed, &self.target);
        let code = RecoveryCode::random();
        header.seal_recovery(&code, root);
        Ok((header, code))
    }

    /// Writes the whole table of codes.
    pub(crate) fn write_table(
        &self,
        connection: &Connection,
        keys: &Keys,
        device: &DeviceKeys,
        header: &Header,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Change>, StorageError> {
        let codes = CodeSource {
            context: header.table(),
            table: &device.table,
            seed: &self.seed,
            target: &self.target,
        };
        codes.write(connection, keys, header.layout.chunks(), progress)
    }
}

/// Steps in the order in which a code is tried: the current one, the one before, the one after.
pub(crate) fn around(current: Step) -> impl Iterator<Item = Step> {
    let Step(step) = current;
    [Some(step), step.checked_sub(1), step.checked_add(1)]
        .into_iter()
        .flatten()
        .map(Step)
}

/// What chunks are made of.
pub(crate) struct CodeSource<'a> {
    pub(crate) context: Context,
    pub(crate) table: &'a Cipher,
    pub(crate) seed: &'a Seed,
    pub(crate) target: &'a Target,
}

impl CodeSource<'_> {
    /// Makes chunks on every core and writes them; answers with their leaves.
    pub(crate) fn write(
        &self,
        connection: &Connection,
        keys: &Keys,
        chunks: Range<u64>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Change>, StorageError> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let batch = BATCH * threads.min(MOST_THREADS);
        let total = chunks.end.saturating_sub(chunks.start);
        let mut changes = Vec::new();
        let mut insert =
            connection.prepare_cached("INSERT INTO totp (chunk, sealed) VALUES (?1, ?2)")?;
        for begin in chunks.clone().step_by(batch) {
            progress(Progress {
                stage: TABLE,
                done: begin - chunks.start,
                total,
            });
            let numbers: Vec<u64> = (begin..chunks.end.min(begin + batch as u64)).collect();
            for (chunk, sealed) in self.make(&numbers) {
                insert.execute(params![i64::try_from(chunk).unwrap_or(i64::MAX), sealed])?;
                let leaf = Leaf::totp(&keys.manifest, chunk, &sealed);
                changes.push((RowKey::Totp(chunk), Some(leaf)));
            }
        }
        progress(Progress {
            stage: TABLE,
            done: total,
            total,
        });
        Ok(changes)
    }

    fn make(&self, numbers: &[u64]) -> Vec<(u64, Vec<u8>)> {
        let make = |chunk: u64| {
            let sealed = self.context.make(self.table, self.seed, self.target, chunk);
            (chunk, sealed)
        };
        let parts = numbers.chunks(BATCH);
        thread::scope(|scope| {
            let workers: Vec<_> = parts
                .map(|part| scope.spawn(move || part.iter().copied().map(make).collect()))
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| -> Vec<_> {
                    worker
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        })
    }
}

/// The day on which a table's last code works (`YYYY-MM-DD`, UTC).
pub(crate) fn last_code_day(layout: &Layout) -> String {
    let last = Step(layout.end.0.saturating_sub(1));
    let mut time = UnixMillis::from_secs(last.begins()).to_string();
    time.truncate(time.find('T').unwrap_or(time.len()));
    time
}
