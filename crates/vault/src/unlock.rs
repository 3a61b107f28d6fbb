//! Unlocking: passphrase, code and device secret to the root key; burn; then open.

use rusqlite::{OptionalExtension as _, Transaction, params};
use strongroom_contract::{
    time::{Span, UnixMillis},
    vault::Freshness,
};
use strongroom_crypto::{
    SecretText,
    password::{self, StretchError},
    totp::{Code, Step},
};

use crate::{
    cost::CostError,
    create::header_change,
    damage::Damage,
    device::{DeviceKeys, DeviceSecret},
    enrolment::{CodeSource, around, last_code_day},
    file::{File, StorageError, changed_one, truncate_journal},
    header::{Header, SealedHeader},
    keys::{Keys, RootKey},
    locked::{Locked, Refused},
    manifest::{Anchor, AnchorMismatch, Change, Leaf, Ledger, RowKey},
    progress::{DERIVING, Progress},
    totp_table::Target,
    unlocked::{Items, Unlocked},
};

/// One try to unlock a vault.
pub struct Attempt<'a> {
    /// The passphrase; it is wiped as soon as it is used.
    pub passphrase: SecretText,
    /// The code that the authenticator shows.
    pub code: Code,
    /// The device secret of this vault.
    pub device_secret: &'a DeviceSecret,
    /// The present time.
    pub now: UnixMillis,
    /// Replaces `now` for the choice of the code's step.
    pub at: Option<UnixMillis>,
    /// The newest state that this machine has seen; `None` if it has seen none.
    pub anchor: Option<Anchor>,
    /// Whether a copy is accepted that is older than the anchor, or went another way.
    pub accept_older: bool,
}

/// Whether the code that opened the vault is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Burn {
    /// It is: the file no longer holds what it takes.
    Done,
    /// It is not: the file could not be written, so the vault is open for reading, and whoever sees
    /// the code can use it again on this copy.
    NotWritten(StorageError),
    /// No code was used.
    NoCode,
}

/// The vault stays locked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// Which of the two cannot be known.
    #[error("the passphrase or the code is wrong{}", wait(*.next_code_in))]
    WrongFactors {
        /// Seconds until the next code that can work, if the present one was used before.
        next_code_in: Option<u64>,
    },
    /// The device secret belongs to another vault, or to this one before it was recovered.
    #[error("the device secret is not this vault's")]
    WrongDeviceSecret,
    /// No code works any more.
    #[error("the vault's codes have run out: the last one was for {last_code_day}")]
    HorizonLapsed {
        /// The last day (`YYYY-MM-DD`, UTC).
        last_code_day: String,
    },
    /// The file is behind the anchor.
    #[error(
        "this is an older copy of the vault: it is at change {file}, and this machine has seen change {seen}"
    )]
    Older {
        /// The file's counter.
        file: u64,
        /// The anchor's.
        seen: u64,
    },
    /// The file does not have the anchor among its states.
    #[error(
        "this copy of the vault has diverged: it went another way than the one that this machine has seen last"
    )]
    Diverged,
    /// Argon2id could not run.
    #[error(transparent)]
    Cost(CostError),
    /// Bytes of the file are damaged.
    #[error(transparent)]
    Damaged(Damage),
    /// The file could not be read.
    #[error(transparent)]
    Storage(StorageError),
}

fn wait(next_code_in: Option<u64>) -> String {
    next_code_in
        .map(|seconds| {
            let wait = Span(std::time::Duration::from_secs(seconds));
            format!("; a code works once, and the next one comes in {wait}")
        })
        .unwrap_or_default()
}

impl From<StorageError> for UnlockError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Damaged(damage) => Self::Damaged(damage),
            other => Self::Storage(other),
        }
    }
}

impl From<Damage> for UnlockError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<StretchError> for UnlockError {
    fn from(error: StretchError) -> Self {
        Self::Cost(error.into())
    }
}

/// What an unlocked vault has beside its file.
pub(crate) struct Opened {
    pub(crate) keys: Keys,
    pub(crate) ledger: Ledger,
    pub(crate) items: Items,
    /// For checking the table of codes; absent if the root key came without factors.
    pub(crate) device: Option<DeviceKeys>,
    pub(crate) burn: Burn,
    pub(crate) freshness: Freshness,
}

impl Locked {
    /// Opens the vault. Tries the code for the current step, the one before and the one after; each
    /// costs one run of Argon2id. The code is used up before any record is opened.
    ///
    /// # Errors
    ///
    /// [`UnlockError`], with the vault given back. Unless it is damage found among the records, the
    /// code is not used up.
    pub fn unlock(
        mut self,
        attempt: Attempt<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Unlocked, Box<Refused<Self, UnlockError>>> {
        match unlock(&mut self.file, attempt, progress) {
            Ok(opened) => Ok(Unlocked::new(self.file, opened)),
            Err(error) => Err(Refused::new(self, error)),
        }
    }
}

fn unlock(
    file: &mut File,
    attempt: Attempt<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Opened, UnlockError> {
    let header = &file.header;
    let device = DeviceKeys::new(attempt.device_secret, header.vault, header.generation);
    if !file.sealed.fits_device(&device) {
        return Err(UnlockError::WrongDeviceSecret);
    }
    let time = attempt.at.unwrap_or(attempt.now);
    let candidates = candidates(header, time)?;
    let Attempt {
        passphrase,
        code,
        anchor,
        accept_older,
        ..
    } = attempt;
    let found = find_root(file, &device, &passphrase, &code, &candidates, progress)?;
    drop((passphrase, code));
    let (step, root, target) = found.ok_or_else(|| wrong_factors(&file.header, time))?;
    let (keys, mut ledger) = prove(file, &root)?;
    drop(root);
    let freshness = freshness(file, &ledger, anchor, accept_older)?;
    let burn = match burn(file, &keys, &device, &mut ledger, step) {
        Ok(()) => Burn::Done,
        Err(error) if error.leaves_readable() => {
            file.read_only = Some(error.clone());
            Burn::NotWritten(error)
        }
        Err(error) => return Err(error.into()),
    };
    let items = Items::load(&file.connection, &keys)?;
    if burn == Burn::Done
        && let Err(error) = extend(file, &keys, &device, &mut ledger, &target, progress)
    {
        if !error.leaves_readable() {
            return Err(error.into());
        }
        tracing::warn!(%error, "the table of codes could not be extended");
    }
    Ok(Opened {
        keys,
        ledger,
        items,
        device: Some(device),
        burn,
        freshness,
    })
}

/// The steps that the code may belong to.
fn candidates(header: &Header, time: UnixMillis) -> Result<Vec<Step>, UnlockError> {
    let layout = &header.layout;
    let current = Step::at(time.secs());
    let live: Vec<Step> = around(current)
        .filter(|step| (layout.first..layout.end).contains(step))
        .collect();
    if !live.is_empty() {
        return Ok(live);
    }
    if current >= layout.end || layout.first >= layout.end {
        return Err(UnlockError::HorizonLapsed {
            last_code_day: last_code_day(layout),
        });
    }
    Err(wrong_factors(header, time))
}

/// One and the same answer to a wrong passphrase and a wrong code.
fn wrong_factors(header: &Header, time: UnixMillis) -> UnlockError {
    let first = header.layout.first;
    let burnt = Step::at(time.secs()) < first;
    UnlockError::WrongFactors {
        next_code_in: burnt.then(|| first.begins().saturating_sub(time.secs())),
    }
}

fn find_root(
    file: &File,
    device: &DeviceKeys,
    passphrase: &SecretText,
    code: &Code,
    candidates: &[Step],
    progress: &mut dyn FnMut(Progress),
) -> Result<Option<(Step, RootKey, Target)>, UnlockError> {
    let header = &file.header;
    // No vault was ever given a passphrase with an unassigned character.
    let Ok(passphrase) = password::normalize(passphrase) else {
        return Ok(None);
    };
    let total = candidates.len() as u64;
    for (done, &step) in (0..).zip(candidates) {
        progress(Progress {
            stage: DERIVING,
            done,
            total,
        });
        let chunk = header.layout.chunk_of(step);
        let sealed = read_chunk(&file.connection, chunk)?;
        let offset = header.table().offset(&device.table, &sealed, step)?;
        let target = Target::reached_by(code, offset);
        let kek = header.kdf.kek(&passphrase, &target, device, header.vault)?;
        if let Some(root) = header.open_root(&kek) {
            progress(Progress {
                stage: DERIVING,
                done: total,
                total,
            });
            return Ok(Some((step, root, target)));
        }
    }
    Ok(None)
}

fn read_chunk(connection: &rusqlite::Connection, chunk: u64) -> Result<Vec<u8>, StorageError> {
    let sealed = connection
        .prepare_cached("SELECT sealed FROM totp WHERE chunk = ?1")?
        .query_row([row_number(chunk)], |row| row.get(0))
        .optional()?;
    sealed.ok_or_else(|| {
        Damage::new(format!("table of codes, chunk {chunk}"), "it is missing").into()
    })
}

pub(crate) fn row_number(chunk: u64) -> i64 {
    i64::try_from(chunk).unwrap_or(i64::MAX)
}

/// Proves that the header and every row belong to the root key, and to the newest state.
pub(crate) fn prove(file: &File, root: &RootKey) -> Result<(Keys, Ledger), StorageError> {
    let keys = Keys::derive(root, file.header.vault, file.header.epoch);
    if !file.sealed.fits_root(&keys) {
        return Err(Damage::new("header", "it was not written with the vault's root key").into());
    }
    let ledger = Ledger::load(&file.connection, &keys, &file.sealed.root_mac)?;
    Ok((keys, ledger))
}

/// Compares the file with the newest state that this machine has seen.
pub(crate) fn freshness(
    file: &File,
    ledger: &Ledger,
    anchor: Option<Anchor>,
    accept_older: bool,
) -> Result<Freshness, UnlockError> {
    let Some(anchor) = anchor else {
        return Ok(Freshness::Unproven);
    };
    match ledger.compare_anchor(&file.connection, anchor)? {
        Ok(()) => Ok(Freshness::Proven),
        Err(_) if accept_older => Ok(Freshness::AcceptedOlder),
        Err(AnchorMismatch::Older { file, seen }) => Err(UnlockError::Older { file, seen }),
        Err(AnchorMismatch::Diverged) => Err(UnlockError::Diverged),
    }
}

/// Erases every offset up to `step`, so that the code works once.
fn burn(
    file: &mut File,
    keys: &Keys,
    device: &DeviceKeys,
    ledger: &mut Ledger,
    step: Step,
) -> Result<(), StorageError> {
    file.writable()?;
    let before = file.header.layout.chunks();
    let header = Header {
        layout: file.header.layout.burnt(step),
        ..file.header.clone()
    };
    let after = header.layout.chunks();
    let sealed = SealedHeader::new(&header, device, keys);
    ledger.commit(&mut file.connection, |transaction| {
        let mut changes = vec![write_header(transaction, &sealed, keys)?];
        for chunk in before.start..after.start {
            let gone = transaction
                .prepare_cached("DELETE FROM totp WHERE chunk = ?1")?
                .execute([row_number(chunk)])?;
            changed_one(gone, "table of codes")?;
            changes.push((RowKey::Totp(chunk), None));
        }
        if !after.is_empty() {
            let chunk = after.start;
            let burnt =
                header
                    .table()
                    .burn(&device.table, &read_chunk(transaction, chunk)?, chunk)?;
            let changed = transaction
                .prepare_cached("UPDATE totp SET sealed = ?2 WHERE chunk = ?1")?
                .execute(params![row_number(chunk), burnt])?;
            changed_one(changed, "table of codes")?;
            let leaf = Leaf::totp(&keys.manifest, chunk, &burnt);
            changes.push((RowKey::Totp(chunk), Some(leaf)));
        }
        Ok(changes)
    })?;
    file.header = header;
    file.sealed = sealed;
    forget_journal(file);
    Ok(())
}

/// Extends the table when less than half of the horizon is left.
fn extend(
    file: &mut File,
    keys: &Keys,
    device: &DeviceKeys,
    ledger: &mut Ledger,
    target: &Target,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), StorageError> {
    let Some(layout) = file.header.layout.extended() else {
        return Ok(());
    };
    let new = file.header.layout.chunks().end..layout.chunks().end;
    let (seed, _) = file.header.open_enrolment(keys)?;
    let header = Header {
        layout,
        ..file.header.clone()
    };
    let sealed = SealedHeader::new(&header, device, keys);
    let codes = CodeSource {
        context: header.table(),
        table: &device.table,
        seed: &seed,
        target,
    };
    ledger.commit(&mut file.connection, |transaction| {
        let mut changes = codes.write(transaction, keys, new, progress)?;
        changes.push(write_header(transaction, &sealed, keys)?);
        Ok(changes)
    })?;
    file.header = header;
    file.sealed = sealed;
    Ok(())
}

/// Puts a new header in the place of the present one.
pub(crate) fn write_header(
    transaction: &Transaction<'_>,
    sealed: &SealedHeader,
    keys: &Keys,
) -> Result<Change, StorageError> {
    let changed = transaction
        .prepare_cached(
            "UPDATE header SET body = ?1, device_mac = ?2, root_mac = ?3, sha256 = ?4 WHERE id = 1",
        )?
        .execute(params![
            sealed.body,
            sealed.device_mac,
            sealed.root_mac,
            sealed.checksum()
        ])?;
    changed_one(changed, "header")?;
    Ok(header_change(sealed, keys))
}

/// Empties the journal after a change whose before must be found nowhere. The change itself is done:
/// where this fails, the next such change, or closing the file, does it.
pub(crate) fn forget_journal(file: &File) {
    if let Err(error) = truncate_journal(&file.connection) {
        tracing::warn!(%error, "what was erased is still in the write-ahead log");
    }
}
