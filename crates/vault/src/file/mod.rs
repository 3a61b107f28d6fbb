//! The file: SQLite with the settings of the format, one owner at a time.

mod error;
mod lock;
mod open;
pub(crate) mod place;
pub(crate) mod schema;

pub use error::StorageError;
pub(crate) use error::changed_one;
pub(crate) use lock::{Lock, LockError};
pub(crate) use open::{File, configure, read_header, truncate_journal};
