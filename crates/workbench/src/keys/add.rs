//! Adding an API key, or a certificate.

use strongroom_contract::{
    error::{ErrorCode, Failure},
    time::UnixMillis,
    vault::{ItemView, NewKey},
};
use strongroom_crypto::SecretText;
use strongroom_sender::{HostRules, Identity, roots_from_pem};
use strongroom_signing::{Scheme, presets::Preset};
use strongroom_vault::{Item, NewItem};

use crate::{
    activity::Act,
    os::clock,
    problem::shown,
    session::{Session, Work},
};

/// Adds an item. What its provider's preset knows fills in what was not given: the scheme, and for a
/// named environment the base URL and the hosts.
pub(crate) fn add(session: &Session, mut key: NewKey, work: &Work) -> Result<ItemView, Failure> {
    complete(&mut key);
    check(key.scheme.as_deref(), &key.hosts)?;
    let expires = check_certificate(&key)?;
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

/// Refuses a certificate that can't be used, with its private key or to be trusted alone; until when it is
/// valid, if it has one.
fn check_certificate(key: &NewKey) -> Result<Option<UnixMillis>, Failure> {
    let Some(certificate) = &key.certificate else {
        return Ok(None);
    };
    let secret = SecretText::new(key.secret.expose_secret().to_owned());
    if secret.is_empty() {
        roots_from_pem(certificate)?;
        return Ok(None);
    }
    let hosts = HostRules::parse(&key.hosts)?;
    let identity = Identity::from_pem(certificate, &secret, hosts)?;
    Ok(Some(identity.not_after()))
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
            certificate: None,
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
