//! One item, without its secret.

use strongroom_contract::{agent::KeyName, error::Failure, vault::ItemView};
use strongroom_vault::Item;

use crate::{problem::shown, session::Session};

/// The item of a name or id.
pub(crate) fn show(session: &Session, KeyName { name }: &KeyName) -> Result<ItemView, Failure> {
    session.with_open(|open| open.vault.find(name).map(Item::view).map_err(shown))
}
