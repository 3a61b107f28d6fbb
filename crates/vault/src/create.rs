//! Creating a vault: the file appears whole, under its name, or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, Transaction, params};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{Key, SecretText, password::StretchError, totp::Code};

use crate::{
    cost::{CostError, KdfCost},
    device::{DeviceKeys, DeviceSecret},
    enrolment::{CodeMismatch, Enrolled, Enrolment, PassphraseError, last_code_day},
    file::{self, Lock, LockError, StorageError, place, schema},
    header::{FORMAT, Header, SealedHeader},
    ids::{Generation, VaultId},
    keys::{Keys, RootKey},
    manifest::{Anchor, Change, Leaf, Ledger, RowKey},
    progress::Progress,
    reopen::Reopener,
    totp_table::Horizon,
};

/// The epoch of a vault's first root key.
pub(crate) const FIRST_EPOCH: u32 = 1;

/// A vault that is about to be created: its factors are chosen, its authenticator is being set up.
pub struct Draft(Enrolment);

/// The vault could not be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// The typed code is not the one that the authenticator shows now.
    #[error("the code is not one that the new authenticator entry shows now")]
    CodeMismatch,
    /// There is a file of that name.
    #[error("{0} exists already; a vault never takes the place of another file")]
    Exists(PathBuf),
    /// Another process is working on that name.
    #[error("another process is using this vault{}", holder(*.pid))]
    InUse {
        /// Its process id, where it is known.
        pid: Option<u32>,
    },
    /// Argon2id could not run.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// The file could not be written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

pub(crate) fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

impl From<CodeMismatch> for CreateError {
    fn from(_: CodeMismatch) -> Self {
        Self::CodeMismatch
    }
}

impl From<StretchError> for CreateError {
    fn from(error: StretchError) -> Self {
        Self::Cost(error.into())
    }
}

impl Draft {
    /// Chooses the factors of a new vault: its id, the authenticator's seed and the target are drawn
    /// here. The passphrase is normalised and kept until the draft is dropped.
    ///
    /// # Errors
    ///
    /// [`PassphraseError`] if no vault can have this passphrase.
    pub fn new(
        passphrase: SecretText,
        device_secret: DeviceSecret,
        cost: KdfCost,
        horizon: Horizon,
    ) -> Result<Self, PassphraseError> {
        let named = (VaultId::random(), Generation::FIRST);
        Enrolment::new(named, &passphrase, device_secret, cost, horizon).map(Self)
    }

    /// The id that the vault will have.
    #[must_use]
    pub const fn vault_id(&self) -> VaultId {
        self.0.vault
    }

    /// The number of the device secret: the first.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.0.generation
    }

    /// The device secret, to be stored before the vault is created.
    #[must_use]
    pub const fn device_secret(&self) -> &DeviceSecret {
        &self.0.device_secret
    }

    /// What the authenticator scans (`otpauth://totp/…`).
    #[must_use]
    pub fn otpauth_uri(&self) -> SecretText {
        self.0.otpauth_uri()
    }

    /// Creates the vault at `path`, locked. With a code, the table of codes starts at its step, and
    /// the code is spent; without one, it starts at the step of `now`. Runs Argon2id once, and makes
    /// a code for every half minute of the horizon.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; then there is no vault at `path`, and the draft can be tried again.
    pub fn create(
        &self,
        path: &Path,
        code: Option<&Code>,
        now: UnixMillis,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Enrolled, CreateError> {
        let root = RootKey(Key::random());
        self.create_around(&root, path, code, now, progress, |run| run())
    }

    /// The same around a given root key. `kek` is handed the run of Argon2id.
    pub(crate) fn create_around(
        &self,
        root: &RootKey,
        path: &Path,
        code: Option<&Code>,
        now: UnixMillis,
        progress: &mut dyn FnMut(Progress),
        kek: impl FnOnce(&dyn Fn() -> Result<Key, StretchError>) -> Result<Key, StretchError>,
    ) -> Result<Enrolled, CreateError> {
        let Self(enrolment) = self;
        let layout = enrolment.layout(code, now)?;
        let site = Site::claim(path)?;
        let keys = Keys::derive(root, enrolment.vault, FIRST_EPOCH);
        let device = DeviceKeys::new(
            &enrolment.device_secret,
            enrolment.vault,
            enrolment.generation,
        );
        let (header, recovery_code) =
            enrolment.header(root, &keys, &device, layout, progress, kek)?;
        let anchor = site.build(&header, &device, &keys, |transaction| {
            enrolment.write_table(transaction, &keys, &device, &header, progress)
        })?;
        Ok(Enrolled {
            recovery_code: recovery_code.print(),
            vault_id: enrolment.vault,
            generation: enrolment.generation,
            last_code_day: last_code_day(&header.layout),
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

/// A place where a vault may appear: its name is free, and ours.
pub(crate) struct Site {
    path: PathBuf,
    draft: PathBuf,
    _lock: Lock,
}

impl Site {
    pub(crate) fn claim(path: &Path) -> Result<Self, CreateError> {
        let path = in_real_folder(path).map_err(StorageError::from)?;
        if fs::symlink_metadata(&path).is_ok() {
            return Err(CreateError::Exists(path));
        }
        let lock = Lock::take(&path).map_err(|error| match error {
            LockError::Held { pid } => CreateError::InUse { pid },
            LockError::Io(error) => CreateError::Storage(error.into()),
        })?;
        let draft = place::with_suffix(&path, ".new");
        // What a creation that was killed has left; the lock says that nobody is at it.
        place::discard(&draft).map_err(StorageError::from)?;
        Ok(Self {
            path,
            draft,
            _lock: lock,
        })
    }

    /// Writes the file and gives it its name.
    pub(crate) fn build(
        &self,
        header: &Header,
        device: &DeviceKeys,
        keys: &Keys,
        table: impl FnOnce(&Transaction<'_>) -> Result<Vec<Change>, StorageError>,
    ) -> Result<Anchor, CreateError> {
        let sealed = SealedHeader::new(header, device, keys);
        let written = self.write(&sealed, header.layout.horizon, keys, table);
        let installed = written
            .map_err(CreateError::from)
            .and_then(|anchor| match place::install(&self.draft, &self.path) {
                Ok(()) => Ok(anchor),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    Err(CreateError::Exists(self.path.clone()))
                }
                Err(error) => Err(StorageError::from(error).into()),
            });
        if installed.is_err()
            && let Err(error) = place::discard(&self.draft)
        {
            tracing::warn!(%error, "an unfinished vault could not be removed");
        }
        installed
    }

    fn write(
        &self,
        sealed: &SealedHeader,
        horizon: Horizon,
        keys: &Keys,
        table: impl FnOnce(&Transaction<'_>) -> Result<Vec<Change>, StorageError>,
    ) -> Result<Anchor, StorageError> {
        place::options().create_new(true).open(&self.draft)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.draft, flags)?;
        file::configure(&connection)?;
        connection.pragma_update(None, "page_size", horizon.page_bytes())?;
        connection.pragma_update(None, "journal_mode", "MEMORY")?;
        connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", FORMAT)?;
        schema::create(&connection)?;
        let mut ledger = Ledger::empty(keys);
        ledger.commit(&mut connection, |transaction| {
            transaction.execute(
                "INSERT INTO header (id, body, device_mac, root_mac, sha256) \
                 VALUES (1, ?1, ?2, ?3, ?4)",
                params![
                    sealed.body,
                    sealed.device_mac,
                    sealed.root_mac,
                    sealed.checksum()
                ],
            )?;
            let mut changes = table(transaction)?;
            changes.push(header_change(sealed, keys));
            Ok(changes)
        })?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.close().map_err(|(_, error)| error)?;
        Ok(ledger.anchor())
    }
}

/// The header's leaf.
pub(crate) fn header_change(sealed: &SealedHeader, keys: &Keys) -> Change {
    let leaf = Leaf::header(&keys.manifest, &sealed.root_mac);
    (RowKey::Header, Some(leaf))
}

/// The path with its folder's links resolved, so that one vault has one lock.
fn in_real_folder(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("the path does not name a file"))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Ok(fs::canonicalize(folder)?.join(name))
}
