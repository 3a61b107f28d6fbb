//! Removing an item and every version of its secret.

use strongroom_contract::{agent::KeyName, error::Failure, vault::ItemView};

use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Caller, Session, Work},
};

/// Removes the item of a name or id; answers with what it was. For good at once, unless the window
/// asks: a person can undo it for a moment.
pub(crate) fn remove(
    session: &Session,
    KeyName { name }: &KeyName,
    work: &Work,
) -> Result<ItemView, Failure> {
    work.check()?;
    let removed = match work.caller {
        Caller::Window => session.remove_soon(name),
        Caller::Program => session.with_open(|open| open.vault.remove(name).map_err(shown)),
    }?;
    let activity = session.activity();
    activity.record(
        Act::Removed,
        clock::now(),
        Some(&removed.name),
        &work.client,
    );
    session.changed();
    Ok(removed)
}
