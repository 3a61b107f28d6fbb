//! Every item, without its secret.

use strongroom_contract::{error::Failure, vault::ItemList};
use strongroom_vault::Item;

use crate::session::Session;

/// The items, by name.
pub(crate) fn list(session: &Session) -> Result<ItemList, Failure> {
    session.with_open(|open| {
        Ok(ItemList {
            items: open.vault.items().map(Item::view).collect(),
        })
    })
}
