//! What the server keeps in SQLite: clients, keys, management keys, resources, answers to
//! idempotent requests, refused requests, and the index of the audit log.
//!
//! One thread owns the database; everything here is async and shows no type of it, so that it can
//! lie elsewhere one day. Nothing of this is asked while a request is decided: keys are held in
//! memory ([`crate::keys`]), and what follows a decision is written behind it, except for what a
//! `POST` creates.

mod clients;
mod database;
mod index;
mod issued;
mod limits;
mod members;
mod refusals;
mod resources;
mod schema;
mod settings;
mod sweep;

use std::path::Path;

pub(crate) use clients::{PersonalKeys, StoredClient};
pub(crate) use database::{StoreError, Undone};
pub(crate) use index::{Block, Facet, Run, Source};
pub(crate) use issued::{KeyChange, StoredKey};
pub(crate) use members::Member;
pub(crate) use refusals::StoredRefusal;
pub(crate) use resources::{Created, Recorded};
pub(crate) use sweep::{Filed, Sweep};

use crate::error::StartError;

/// The store. Dropping it ends its thread, after what was asked of it is done.
pub(crate) struct Store {
    database: database::Database,
}

impl Store {
    /// Opens the database, making it if need be.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        Ok(Self {
            database: database::Database::open(path)?,
        })
    }
}
