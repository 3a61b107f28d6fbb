//! The tables of format 1. Their text is compared at every open, word for word.

use rusqlite::Connection;

use super::StorageError;
use crate::damage::Damage;

/// `SRMV`, in SQLite's header, by which `file` and others know the file.
pub(crate) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"SRMV");

/// Each table with the statement that makes it, by name. `docs/FORMAT.md` explains the columns.
pub(crate) const TABLES: [(&str, &str); 5] = [
    (
        "header",
        "CREATE TABLE header (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL, \
         device_mac BLOB NOT NULL, root_mac BLOB NOT NULL, sha256 BLOB NOT NULL) STRICT",
    ),
    (
        "history",
        "CREATE TABLE history (slot INTEGER PRIMARY KEY, counter INTEGER NOT NULL, \
         tree BLOB NOT NULL, predecessor BLOB NOT NULL, head BLOB NOT NULL) STRICT",
    ),
    (
        "overview",
        "CREATE TABLE overview (id BLOB NOT NULL PRIMARY KEY, version INTEGER NOT NULL, \
         epoch INTEGER NOT NULL, wrap BLOB NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID",
    ),
    (
        "secret",
        "CREATE TABLE secret (id BLOB NOT NULL, version INTEGER NOT NULL, epoch INTEGER NOT NULL, \
         wrap BLOB NOT NULL, body BLOB NOT NULL, PRIMARY KEY (id, version)) STRICT, WITHOUT ROWID",
    ),
    (
        "totp",
        "CREATE TABLE totp (chunk INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
    ),
];

/// Makes the tables of an empty file.
pub(crate) fn create(connection: &Connection) -> Result<(), StorageError> {
    for (_, statement) in TABLES {
        connection.execute_batch(statement)?;
    }
    Ok(())
}

/// Refuses a file that has other tables, or anything beside tables.
pub(crate) fn compare(connection: &Connection) -> Result<(), StorageError> {
    let mut statement =
        connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut expected = TABLES.iter();
    loop {
        let differs = match (rows.next()?, expected.next()) {
            (None, None) => return Ok(()),
            (Some(row), Some((name, sql))) => {
                let found: [Option<String>; 4] =
                    [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
                found
                    != [Some("table"), Some(name), Some(name), Some(sql)]
                        .map(|text| text.map(str::to_owned))
            }
            _ => true,
        };
        if differs {
            return Err(Damage::new("schema", "the tables are not those of this format").into());
        }
    }
}
