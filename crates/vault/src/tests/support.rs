//! Vaults for tests: in memory where the system has a place for that, since every test syncs.

use std::path::{Path, PathBuf};

use strongroom_contract::{
    time::UnixMillis,
    vault::{ItemKind, ItemView},
};
use strongroom_crypto::{
    Key, SecretText,
    totp::{Code, Seed, Step},
};
use tempfile::TempDir;

use crate::{
    Attempt, DeviceSecret, Draft, Enrolled, ItemName, KdfCost, Locked, NewItem, SecretFields,
    UnlockError, Unlocked, by_root_key, totp_table::Horizon,
};

/// Sunday, 1 November 2026, at noon.
pub(super) const NOON: UnixMillis = UnixMillis(1_793_534_400_000);
pub(super) const PASSPHRASE: &str = "correct horse battery staple";

pub(super) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

pub(super) fn text(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

/// The time `steps` after noon.
pub(super) fn later(steps: u64) -> UnixMillis {
    UnixMillis(NOON.0 + steps * 30_000)
}

pub(super) fn new_item(name: &str, secret: &str) -> NewItem {
    NewItem {
        public_id: Some(format!("id of {name}")),
        hosts: vec!["localhost".to_owned()],
        ..NewItem::new(
            ItemName::parse(name).unwrap(),
            ItemKind::ApiKey,
            SecretFields::secret(text(secret)),
        )
    }
}

/// A record layer of its own: no factors, a horizon of an hour.
pub(super) struct Records {
    pub(super) folder: TempDir,
    pub(super) path: PathBuf,
    root: Key,
    device: [u8; 32],
}

impl Records {
    pub(super) fn new() -> Self {
        let folder = folder();
        let path = folder.path().join("vault.strongroom");
        let (root, device) = (Key::random(), DeviceSecret::random());
        let bytes = *device.expose_secret();
        by_root_key::create(&path, &root, device, 120, NOON).unwrap();
        Self {
            folder,
            path,
            root,
            device: bytes,
        }
    }

    pub(super) fn open(&self) -> Unlocked {
        self.try_open(&self.path)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn try_open(&self, path: &Path) -> Result<Unlocked, String> {
        let locked = Locked::open(path).map_err(|error| error.to_string())?;
        let device = DeviceSecret::from_slice(&self.device);
        by_root_key::unlock(locked, &self.root, device.as_ref(), None)
            .map_err(|refused| refused.error.to_string())
    }

    /// The root key in hex, for a child process of the test.
    pub(super) fn root_hex(&self) -> String {
        hex::encode(self.root.expose_secret())
    }
}

/// A vault with all its factors, and an authenticator that has scanned its code.
pub(super) struct Person {
    pub(super) folder: TempDir,
    pub(super) path: PathBuf,
    pub(super) device: DeviceSecret,
    pub(super) authenticator: Seed,
    pub(super) enrolled: Enrolled,
}

pub(super) fn cheap() -> KdfCost {
    KdfCost::memory_mib(64).unwrap()
}

/// The seed that an authenticator scans.
pub(super) fn scan(uri: &SecretText) -> Seed {
    let (_, rest) = uri.expose_secret().split_once("secret=").unwrap();
    let digits = rest.split('&').next().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = digits
        .chars()
        .map(|digit| format!("{:05b}", alphabet.find(digit).unwrap()))
        .collect();
    let bytes: Vec<u8> = (0..bits.len() / 8)
        .map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap())
        .collect();
    Seed::from_slice(&bytes).unwrap()
}

impl Person {
    /// Creates a vault at noon without a code, so that the current step is not spent.
    pub(super) fn new() -> Self {
        let folder = folder();
        let path = folder.path().join("vault.strongroom");
        Self::at(folder, path)
    }

    pub(super) fn at(folder: TempDir, path: PathBuf) -> Self {
        let device = DeviceSecret::random();
        let copy = DeviceSecret::from_slice(device.expose_secret()).unwrap();
        let horizon = Horizon::of_steps(120);
        let draft = Draft::new(text(PASSPHRASE), copy, cheap(), horizon).unwrap();
        let authenticator = scan(&draft.otpauth_uri());
        let enrolled = draft.create(&path, None, NOON, &mut |_| {}).unwrap();
        Self {
            folder,
            path,
            device,
            authenticator,
            enrolled,
        }
    }

    pub(super) fn code(&self, time: UnixMillis) -> Code {
        self.authenticator.codes().at(Step::at(time.secs()))
    }

    pub(super) fn attempt(&self, code_of: UnixMillis, now: UnixMillis) -> Attempt<'_> {
        Attempt {
            passphrase: text(PASSPHRASE),
            code: self.code(code_of),
            device_secret: &self.device,
            now,
            at: None,
            anchor: None,
            accept_older: false,
        }
    }

    pub(super) fn try_attempt(&self, attempt: Attempt<'_>) -> Result<Unlocked, UnlockError> {
        Locked::open(&self.path)
            .unwrap()
            .unlock(attempt, &mut |_| {})
            .map_err(|refused| refused.error)
    }

    /// Unlocks with the code of this time.
    pub(super) fn unlock(&self, now: UnixMillis) -> Result<Unlocked, UnlockError> {
        self.try_attempt(self.attempt(now, now))
    }
}

/// Everything that the vault answers: every item with every version of its secret; a secret that is
/// refused as damaged is `None`.
pub(super) fn contents(vault: &Unlocked) -> Vec<(ItemView, Vec<Option<String>>)> {
    vault
        .items()
        .map(|item| {
            let view = item.view();
            let secrets = view
                .versions
                .iter()
                .map(|version| {
                    vault
                        .secret(&view.id, "secret", Some(version.version))
                        .ok()
                        .map(|secret| secret.expose_secret().to_owned())
                })
                .collect();
            (view, secrets)
        })
        .collect()
}

/// Every row of every table, read past the vault.
pub(super) fn rows(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    crate::file::schema::TABLES
        .iter()
        .flat_map(|(table, _)| {
            let mut statement = connection
                .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
                .unwrap();
            let columns = statement.column_count();
            let rows: Vec<String> = statement
                .query_map([], |row| {
                    (0..columns)
                        .map(|at| row.get_ref(at).map(|value| format!("{value:?}")))
                        .collect::<Result<Vec<_>, _>>()
                        .map(|values| format!("{table} {values:?}"))
                })
                .unwrap()
                .map(Result::unwrap)
                .collect();
            rows
        })
        .collect()
}

/// Whether bytes are found in any file of the folder: the vault, its journal, what else is there.
pub(super) fn found_in_folder(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}
