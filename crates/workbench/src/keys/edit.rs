//! Changing what is known of a key beside its secret.

use strongroom_contract::{
    agent::KeyEditArgs,
    error::{ErrorCode, Failure},
    vault::{EditKey, ItemView},
};
use strongroom_vault::{Changes, Item, ItemName};

use super::add;
use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// Replaces everything that a person may change; what an [`EditKey`] does not name stays.
pub(crate) fn edit(session: &Session, args: KeyEditArgs, work: &Work) -> Result<ItemView, Failure> {
    let KeyEditArgs {
        name: selector,
        key,
    } = args;
    add::check(key.scheme.as_deref(), &key.hosts)?;
    let changes = changes(key)?;
    work.check()?;
    let now = clock::now();
    let edited = session.with_open(|open| {
        let edited = open.vault.update(&selector, changes, now);
        edited.map(Item::view).map_err(shown)
    })?;
    let activity = session.activity();
    activity.record(Act::Edited, now, Some(&edited.name), &work.client);
    session.changed();
    Ok(edited)
}

fn changes(key: EditKey) -> Result<Changes, Failure> {
    let name = ItemName::parse(&key.name)
        .map_err(|error| Failure::new(ErrorCode::Usage, error.to_string()))?;
    Ok(Changes {
        name: Some(name),
        provider: Some(key.provider),
        environment: Some(key.environment),
        public_id: Some(key.public_id),
        base_url: Some(key.base_url),
        hosts: Some(key.hosts),
        scheme: Some(key.scheme),
        tags: Some(key.tags),
        ..Changes::default()
    })
}
