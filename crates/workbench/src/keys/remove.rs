//! Removing an item and every version of its secret.

use strongroom_contract::{agent::KeyName, error::Failure, vault::ItemView};

use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// Removes the item of a name or id, for good; answers with what it was.
pub(crate) fn remove(
    session: &Session,
    KeyName { name }: &KeyName,
    work: &Work,
) -> Result<ItemView, Failure> {
    work.check()?;
    let removed = session.with_open(|open| open.vault.remove(name).map_err(shown))?;
    let activity = session.activity();
    activity.record(
        Act::Removed,
        clock::now(),
        Some(&removed.name),
        &work.client,
    );
    Ok(removed)
}
