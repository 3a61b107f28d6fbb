//! Opening the file: for writing where that is possible, else read-only.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{Lock, LockError, StorageError, place, schema};
use crate::{
    damage::Damage,
    header::{Header, SealedHeader},
    locked::{Journal, OpenError},
    migrations,
};

/// How often a checkpoint is tried. A failed one leaves burnt offsets in the journal.
const CHECKPOINT_TRIES: u32 = 3;
/// How long somebody who reads the file past our lock is waited for.
const PATIENCE: Duration = Duration::from_millis(250);
/// The most that SQLite keeps of the file in memory, in KiB.
const CACHE_KIB: i32 = 32 * 1_024;

/// An open vault file, its header read and undamaged.
pub(crate) struct File {
    // Closed before the lock goes: fields drop in this order.
    pub(crate) connection: Connection,
    pub(crate) sealed: SealedHeader,
    pub(crate) header: Header,
    pub(crate) path: PathBuf,
    /// Why the file can't be written; `None` while it can.
    pub(crate) read_only: Option<StorageError>,
    _lock: Option<Lock>,
}

impl File {
    pub(crate) fn open(path: &Path, journal: Journal) -> Result<Self, OpenError> {
        let not_found = || OpenError::NotFound(path.to_owned());
        let path = &fs::canonicalize(path).map_err(|_| not_found())?;
        if !fs::metadata(path).map_err(|_| not_found())?.is_file() {
            return Err(OpenError::NotAVault(path.clone()));
        }
        let (lock, why) = match Lock::take(path) {
            Ok(lock) => (Some(lock), None),
            Err(LockError::Held { pid }) => return Err(OpenError::InUse { pid }),
            Err(LockError::Io(error)) => match Lock::take_existing(path) {
                Ok(lock) => (lock, Some(StorageError::from(error))),
                Err(_) => return Err(OpenError::InUse { pid: None }),
            },
        };
        let writable = match why {
            Some(why) => Err(why),
            None => open_writable(path, journal),
        };
        let (connection, read_only) = match writable {
            Ok(connection) => (connection, None),
            Err(why) if why.leaves_readable() => (open_immutable(path)?, Some(why)),
            Err(error) => return Err(not_ours(error, path)),
        };
        migrations::migrate(&connection, path)?;
        check_structure(&connection)?;
        let (sealed, header) = read_header(&connection)?;
        Ok(Self {
            connection,
            sealed,
            header,
            path: path.clone(),
            read_only,
            _lock: lock,
        })
    }

    /// Whether writing is possible.
    pub(crate) fn writable(&self) -> Result<(), StorageError> {
        self.read_only.clone().map_or(Ok(()), Err)
    }
}

/// SQLite says the same of a file that never was a database as of one whose first bytes are damaged.
fn not_ours(error: StorageError, path: &Path) -> OpenError {
    match error {
        StorageError::Damaged(damage) if damage.problem.contains("not a database") => {
            OpenError::NotAVault(path.to_owned())
        }
        StorageError::Busy => OpenError::InUse { pid: None },
        other => other.into(),
    }
}

fn open_writable(path: &Path, journal: Journal) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    // Where it can't be opened for writing, SQLite opens it for reading and says nothing.
    if connection.is_readonly("main")? {
        return Err(StorageError::ReadOnly);
    }
    // Before the journal's mode, which a file that is no vault would have written into it.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application == schema::APPLICATION_ID {
        set_journal(&connection, journal)?;
    }
    Ok(connection)
}

fn set_journal(connection: &Connection, journal: Journal) -> Result<(), StorageError> {
    let wanted = match journal {
        Journal::Wal => "wal",
        Journal::Rollback => "delete",
    };
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", wanted, |row| row.get(0))?;
    if mode == wanted {
        return Ok(());
    }
    Err(StorageError::Io(format!(
        "the journal stays in mode {mode}, where {wanted} was asked for"
    )))
}

/// On a disk that can't be written SQLite needs to be told that nobody else writes either.
fn open_immutable(path: &Path) -> Result<Connection, OpenError> {
    let unfinished = ["-wal", "-journal"]
        .iter()
        .any(|suffix| fs::metadata(place::with_suffix(path, suffix)).is_ok_and(|m| m.len() > 0));
    if unfinished {
        return Err(OpenError::UnfinishedChanges(path.to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let opened = Connection::open_with_flags(immutable_uri(path), flags)
        .map_err(StorageError::from)
        .and_then(|connection| configure(&connection).map(|()| connection));
    opened.map_err(|error| not_ours(error, path))
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(byte.into());
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push_str("?immutable=1");
    uri
}

/// The settings that every connection has.
pub(crate) fn configure(connection: &Connection) -> Result<(), StorageError> {
    connection.busy_timeout(PATIENCE)?;
    // Before the first access (the next settings read the schema): then no other process may come
    // in, and the WAL's index needs no shared memory.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    // The file is read three times on the way to an unlocked vault, and from the disk but once.
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(())
}

/// Writes the WAL into the file and empties it, so that what was overwritten is gone from both.
pub(crate) fn truncate_journal(connection: &Connection) -> Result<(), StorageError> {
    let mut last = Ok(());
    for _ in 0..CHECKPOINT_TRIES {
        last = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })
            .map_err(StorageError::from)
            .and_then(|(busy, frames)| {
                // -1 without a WAL, 0 once it is empty.
                if busy == 0 && frames <= 0 {
                    return Ok(());
                }
                Err(StorageError::Io(
                    "the write-ahead log could not be emptied".to_owned(),
                ))
            });
        if last.is_ok() {
            break;
        }
    }
    last
}

/// The structure, before anything is read from it or written through it.
fn check_structure(connection: &Connection) -> Result<(), StorageError> {
    schema::compare(connection)?;
    let answer: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if answer == "ok" {
        return Ok(());
    }
    Err(Damage::new("structure", answer).into())
}

pub(crate) fn read_header(connection: &Connection) -> Result<(SealedHeader, Header), StorageError> {
    let missing = || Damage::new("header", "it is missing");
    let mut statement =
        connection.prepare("SELECT body, device_mac, root_mac, sha256 FROM header")?;
    let mut rows = statement.query([])?;
    let row = rows.next()?.ok_or_else(missing)?;
    let body: Vec<u8> = row.get(0)?;
    let sealed = SealedHeader {
        body,
        device_mac: row.get(1)?,
        root_mac: row.get(2)?,
    };
    let checksum: [u8; 32] = row.get(3)?;
    if checksum != sealed.checksum() {
        return Err(Damage::new("header", "its checksum does not fit").into());
    }
    let header = Header::parse(&sealed.body)?;
    Ok((sealed, header))
}
