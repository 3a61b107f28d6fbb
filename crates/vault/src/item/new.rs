//! What a caller gives for a new item, or to change one.

use std::collections::BTreeMap;

use strongroom_contract::{
    time::UnixMillis,
    vault::{Environment, ItemKind, NewKey},
};
use strongroom_crypto::SecretText;

use super::{ItemName, NameError, SecretFields, overview::Overview};

/// A new item.
pub struct NewItem {
    /// Its name.
    pub name: ItemName,
    /// Its kind.
    pub kind: ItemKind,
    /// The provider's name, such as `hello-clever`.
    pub provider: Option<String>,
    /// The provider's environment.
    pub environment: Option<Environment>,
    /// The public id, such as an app-id.
    pub public_id: Option<String>,
    /// Where requests go.
    pub base_url: Option<String>,
    /// The hosts that the secret may be sent to: `host` for any port, or `host:port`.
    pub hosts: Vec<String>,
    /// The scheme that requests are signed with.
    pub scheme: Option<String>,
    /// What the scheme is told beside the secret.
    pub settings: BTreeMap<String, String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Text for people.
    pub notes: Option<String>,
    /// When its secret ends at the provider.
    pub expires: Option<UnixMillis>,
    /// The secret's first version.
    pub secret: SecretFields,
}

impl NewItem {
    /// An item with a name, a kind and a secret, and nothing else yet.
    #[must_use]
    pub fn new(name: ItemName, kind: ItemKind, secret: SecretFields) -> Self {
        Self {
            name,
            kind,
            provider: None,
            environment: None,
            public_id: None,
            base_url: None,
            hosts: Vec::new(),
            scheme: None,
            settings: BTreeMap::new(),
            tags: Vec::new(),
            notes: None,
            expires: None,
            secret,
        }
    }
}

impl TryFrom<NewKey> for NewItem {
    type Error = InvalidItem;

    fn try_from(key: NewKey) -> Result<Self, InvalidItem> {
        let secret =
            Some(SecretText::new(key.secret.into_exposed())).filter(|text| !text.is_empty());
        let (kind, fields) = match (key.certificate, secret) {
            (Some(certificate), private_key) => (
                ItemKind::Certificate,
                SecretFields::certificate(SecretText::new(certificate), private_key),
            ),
            (None, Some(secret)) => (ItemKind::ApiKey, SecretFields::secret(secret)),
            (None, None) => return Err(InvalidItem::NoSecret),
        };
        Ok(Self {
            provider: key.provider,
            environment: key.environment,
            public_id: key.public_id,
            base_url: key.base_url,
            hosts: key.hosts,
            scheme: key.scheme,
            settings: key.settings,
            tags: key.tags,
            ..Self::new(ItemName::parse(&key.name)?, kind, fields)
        })
    }
}

/// What changes in an item's overview; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// A new name.
    pub name: Option<ItemName>,
    /// Another provider, or none.
    pub provider: Option<Option<String>>,
    /// Another environment, or none.
    pub environment: Option<Option<Environment>>,
    /// Another public id, or none.
    pub public_id: Option<Option<String>>,
    /// Another base URL, or none.
    pub base_url: Option<Option<String>>,
    /// Other hosts that the secret may be sent to.
    pub hosts: Option<Vec<String>>,
    /// Another scheme, or none.
    pub scheme: Option<Option<String>>,
    /// What the scheme is told beside the secret from now on.
    pub settings: Option<BTreeMap<String, String>>,
    /// Other tags.
    pub tags: Option<Vec<String>>,
    /// Other notes, or none.
    pub notes: Option<Option<String>>,
    /// Another end, or none.
    pub expires: Option<Option<UnixMillis>>,
}

impl Changes {
    pub(crate) fn apply(self, overview: &mut Overview) -> Result<(), InvalidItem> {
        if let Some(hosts) = &self.hosts {
            check_hosts(hosts)?;
        }
        fn set<T>(place: &mut T, change: Option<T>) {
            if let Some(value) = change {
                *place = value;
            }
        }
        set(&mut overview.name, self.name);
        set(&mut overview.provider, self.provider);
        set(&mut overview.environment, self.environment);
        set(&mut overview.public_id, self.public_id);
        set(&mut overview.base_url, self.base_url);
        set(&mut overview.hosts, self.hosts);
        set(&mut overview.scheme, self.scheme);
        set(&mut overview.settings, self.settings);
        set(&mut overview.tags, self.tags);
        set(&mut overview.notes, self.notes);
        set(
            &mut overview.expires,
            self.expires.map(|end| end.map(|time| time.0)),
        );
        Ok(())
    }
}

/// Refuses what could not mean a host, so that an allowed host is never one by accident.
pub(crate) fn check_hosts(hosts: &[String]) -> Result<(), InvalidItem> {
    for host in hosts {
        let foreign = |c: char| c.is_whitespace() || c.is_control() || "/?#@*,\\".contains(c);
        if host.is_empty() || host.contains(foreign) {
            return Err(InvalidItem::Host(HostError(host.clone())));
        }
    }
    Ok(())
}

/// What is given for a host is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no host: expected HOST for any port, or HOST:PORT, without scheme and path")]
pub struct HostError(pub String);

/// The item can't be stored as it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidItem {
    /// Its name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// One of its hosts.
    #[error(transparent)]
    Host(#[from] HostError),
    /// There is nothing to keep secret.
    #[error("the secret is empty")]
    NoSecret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_host_is_refused() {
        let check = |host: &str| check_hosts(&[host.to_owned()]);
        for host in [
            "localhost",
            "api.example.com:8443",
            "[::1]",
            "[::1]:443",
            "127.0.0.1",
        ] {
            assert_eq!(check(host), Ok(()), "{host}");
        }
        for wrong in [
            "",
            "https://a.example",
            "a.example/path",
            "a b",
            "*.example.com",
            "u@h",
        ] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }
}
