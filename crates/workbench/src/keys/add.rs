//! Adding an API key, or a certificate.

use strongroom_contract::{
    error::{ErrorCode, Failure},
    vault::{ItemView, NewKey},
};
use strongroom_sender::HostRules;
use strongroom_signing::presets::Preset;
use strongroom_vault::{Item, NewItem};

use super::settings;
use crate::{
    activity::Act,
    certificates,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// Adds an item. What its preset, or its provider's, knows fills in what was not given: the scheme with its
/// settings, and for a named environment the base URL and the hosts.
pub(crate) fn add(session: &Session, mut key: NewKey, work: &Work) -> Result<ItemView, Failure> {
    complete(&mut key)?;
    settings::check(key.scheme.as_deref(), &key.settings)?;
    HostRules::parse(&key.hosts)?;
    let expires = certificates::check(&mut key)?;
    let mut item = NewItem::try_from(key).map_err(shown)?;
    item.expires = expires;
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

fn complete(key: &mut NewKey) -> Result<(), Failure> {
    let preset = match &key.preset {
        Some(id) => Some(Preset::find(id).ok_or_else(|| unknown(id))?),
        None => key.provider.as_deref().and_then(Preset::find),
    };
    let Some(preset) = preset else {
        return Ok(());
    };
    if key.provider.is_none() && !preset.environments.is_empty() {
        key.provider = Some(preset.id.clone());
    }
    let scheme = preset.scheme.id();
    if key.scheme.get_or_insert_with(|| scheme.to_owned()) == scheme {
        for (name, value) in &preset.settings {
            let given = key.settings.entry(name.clone());
            given.or_insert_with(|| value.clone());
        }
    }
    let Some(place) = key
        .environment
        .and_then(|environment| preset.place(environment))
    else {
        return Ok(());
    };
    if key.base_url.is_none() {
        key.base_url = Some(place.base_url.clone());
    }
    if key.hosts.is_empty() {
        key.hosts.clone_from(&place.hosts);
    }
    Ok(())
}

fn unknown(preset: &str) -> Failure {
    let ids: Vec<&str> = Preset::all()
        .iter()
        .map(|preset| preset.id.as_str())
        .collect();
    Failure::new(
        ErrorCode::Usage,
        format!(
            "there is no preset {preset:?}; the presets are {}",
            ids.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
            settings: BTreeMap::new(),
            preset: None,
            tags: Vec::new(),
            secret: Revealed::new("s".into()),
            certificate: None,
        };
        complete(&mut key).unwrap();
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
    fn a_presets_settings_hold_for_its_own_scheme_and_where_none_were_given() {
        let with = |scheme: Option<&str>, region: Option<&str>| {
            let mut key = completed("somebody", None, &[]);
            key.preset = Some("aws".into());
            key.scheme = scheme.map(str::to_owned);
            let region = region.map(|region| ("region".to_owned(), region.to_owned()));
            key.settings = region.into_iter().collect();
            complete(&mut key).unwrap();
            (key.scheme.unwrap_or_default(), key.settings)
        };
        let (scheme, settings) = with(None, Some("eu-west-1"));
        assert_eq!(scheme, "sigv4");
        assert_eq!(settings["region"], "eu-west-1");
        assert_eq!(settings["service"], "execute-api");
        assert!(with(Some("bearer"), None).1.is_empty());

        let mut key = completed("somebody", None, &[]);
        key.preset = Some("nobodys".into());
        let refused = complete(&mut key).err().unwrap();
        assert!(refused.message.contains("hello-clever"), "{refused}");
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
