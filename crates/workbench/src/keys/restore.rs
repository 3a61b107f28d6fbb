//! Undoing a removal.

use strongroom_contract::{agent::KeyName, error::Failure, vault::ItemView};

use crate::{
    activity::Act,
    os::clock,
    session::{Session, Work},
};

/// Puts the item of a name or id back, if it is still waiting to be removed.
pub(crate) fn restore(
    session: &Session,
    KeyName { name }: &KeyName,
    work: &Work,
) -> Result<ItemView, Failure> {
    work.check()?;
    let restored = session.put_back(name)?;
    let activity = session.activity();
    activity.record(
        Act::Restored,
        clock::now(),
        Some(&restored.name),
        &work.client,
    );
    session.changed();
    Ok(restored)
}
