//! Adding an API key.

use strongroom_contract::{
    error::{ErrorCode, Failure},
    vault::{ItemView, NewKey},
};
use strongroom_sender::HostRules;
use strongroom_signing::{Scheme, presets::Preset};
use strongroom_vault::{Item, NewItem};

use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// Adds a key. What its provider's preset knows fills in what was not given: the scheme, and for a
/// named environment the base URL and the hosts.
pub(crate) fn add(session: &Session, mut key: NewKey, work: &Work) -> Result<ItemView, Failure> {
    complete(&mut key);
    check(key.scheme.as_deref(), &key.hosts)?;
    let item = NewItem::try_from(key).map_err(shown)?;
    work.check()?;
    let now = clock::now();
    let added =
        session.with_open(|open| open.vault.add(&item, now).map(Item::view).map_err(shown))?;
    session
        .activity()
        .record(Act::Added, now, Some(&added.name), &work.client);
    session.changed();
    Ok(added)
}

/// Refuses a scheme that we don't know and hosts that are none.
pub(super) fn check(scheme: Option<&str>, hosts: &[String]) -> Result<(), Failure> {
    if let Some(scheme) = scheme {
        scheme
            .parse::<Scheme>()
            .map_err(|error| Failure::new(ErrorCode::Usage, error.to_string()))?;
    }
    HostRules::parse(hosts)?;
    Ok(())
}

fn complete(key: &mut NewKey) {
    let Some(preset) = key.provider.as_deref().and_then(Preset::find) else {
        return;
    };
    if key.scheme.is_none() {
        key.scheme = Some(preset.scheme.id().to_owned());
    }
    let Some(place) = key
        .environment
        .and_then(|environment| preset.place(environment))
    else {
        return;
    };
    if key.base_url.is_none() {
        key.base_url = Some(place.base_url.clone());
    }
    if key.hosts.is_empty() {
        key.hosts.clone_from(&place.hosts);
    }
}

#[cfg(test)]
mod tests {
    use strongroom_contract::{secret::Revealed, vault::Environment};

    use super::*;

    fn completed(provider: &str, environment: Option<Environment>, hosts: &[&str]) -> NewKey {
        let mut key = NewKey {
            name: "k".into(),
            provider: Some(provider.into()),
            environment,
            public_id: None,
            base_url: None,
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            scheme: None,
            tags: Vec::new(),
            secret: Revealed::new("s".into()),
        };
        complete(&mut key);
        key
    }

    #[test]
    fn a_preset_fills_in_what_was_not_given() {
        let key = completed("hello-clever", Some(Environment::Sandbox), &[]);
        assert_eq!(key.scheme.as_deref(), Some("header-pair"));
        assert_eq!(key.hosts, ["api.cleverhub.co"]);
        assert_eq!(key.base_url.as_deref(), Some("https://api.cleverhub.co"));
    }

    #[test]
    fn a_preset_changes_nothing_that_was_given_and_guesses_no_environment() {
        let key = completed(
            "hello-clever",
            Some(Environment::Production),
            &["localhost"],
        );
        assert_eq!(key.hosts, ["localhost"]);
        let key = completed("hello-clever", None, &[]);
        assert!(key.hosts.is_empty());
        let key = completed("somebody", Some(Environment::Sandbox), &[]);
        assert!(key.scheme.is_none());
    }
}
