//! Changing what is known of a key beside its secret.

use std::collections::BTreeMap;

use strongroom_contract::{
    agent::KeyEditArgs,
    error::{ErrorCode, Failure},
    vault::{EditKey, ItemView},
};
use strongroom_sender::HostRules;
use strongroom_vault::{Changes, Item, ItemName};

use super::settings;
use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// Replaces everything that a person may change; what an [`EditKey`] does not name stays, but for settings
/// that another scheme does not know.
pub(crate) fn edit(session: &Session, args: KeyEditArgs, work: &Work) -> Result<ItemView, Failure> {
    let KeyEditArgs {
        name: selector,
        mut key,
    } = args;
    HostRules::parse(&key.hosts)?;
    work.check()?;
    let now = clock::now();
    let edited = session.with_open(|open| {
        let item = open.vault.find(&selector).map_err(shown)?;
        let scheme = key.scheme.as_deref();
        let told = key.settings.take();
        let told = told.unwrap_or_else(|| settings::kept(item.settings(), scheme));
        settings::check(scheme, &told)?;
        let edited = open.vault.update(&selector, changes(key, told)?, now);
        edited.map(Item::view).map_err(shown)
    })?;
    let activity = session.activity();
    activity.record(Act::Edited, now, Some(&edited.name), &work.client);
    session.changed();
    Ok(edited)
}

fn changes(key: EditKey, told: BTreeMap<String, String>) -> Result<Changes, Failure> {
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
        settings: Some(told),
        tags: Some(key.tags),
        ..Changes::default()
    })
}
