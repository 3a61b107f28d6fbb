//! Whether a key of a name could be added now.

use strongroom_contract::{
    agent::{KeyName, Nothing},
    error::Failure,
};

use crate::{problem::shown, session::Session};

/// Answers before anything depends on it: the vault is open and writable, the name is free.
pub(crate) fn check(session: &Session, KeyName { name }: &KeyName) -> Result<Nothing, Failure> {
    session.with_open(|open| open.vault.check_add(name).map_err(shown))?;
    Ok(Nothing {})
}
