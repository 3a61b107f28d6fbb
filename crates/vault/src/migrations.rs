//! From every format that ever was to the one that is written now.
//!
//! One module per old format, frozen: it imports nothing that can change, and a file of that format
//! is test data for ever. There is one format so far, so a file of another one is refused.

use std::path::Path;

use rusqlite::Connection;

use crate::{
    file::{StorageError, schema},
    header::FORMAT,
    locked::OpenError,
};

/// Makes sure that the file is a vault of the present format.
pub(crate) fn migrate(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let number = |pragma| -> Result<i32, StorageError> {
        Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
    };
    if number("application_id")? != schema::APPLICATION_ID {
        return Err(OpenError::NotAVault(path.to_owned()));
    }
    let found = number("user_version")?;
    match u32::try_from(found) {
        Ok(FORMAT) => Ok(()),
        _ => Err(OpenError::UnknownFormat { found }),
    }
}
