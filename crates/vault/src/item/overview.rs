//! The open part of an item: decrypted at unlock, gone at lock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strongroom_contract::{
    time::UnixMillis,
    vault::{Environment, ItemKind, ItemView, VersionState, VersionView},
};
use strongroom_crypto::SecretBytes;
use zeroize::Zeroize as _;

use super::{ItemName, NewItem};
use crate::ids::ItemId;

/// The content of an overview record: JSON. Times are milliseconds since the Unix epoch.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Overview {
    #[serde(with = "name")]
    pub(crate) name: ItemName,
    pub(crate) kind: ItemKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<Environment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) public_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hosts: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scheme: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) settings: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<String>,
    pub(crate) created: u64,
    pub(crate) modified: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<u64>,
    /// Oldest first; never empty; at most one is current.
    pub(crate) versions: Vec<Version>,
}

/// One version of the secret, which is the record of that number.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) version: u32,
    pub(crate) state: VersionState,
    pub(crate) created: u64,
}

impl Overview {
    pub(crate) fn new(item: &NewItem, now: UnixMillis) -> Self {
        Self {
            name: item.name.clone(),
            kind: item.kind,
            provider: item.provider.clone(),
            environment: item.environment,
            public_id: item.public_id.clone(),
            base_url: item.base_url.clone(),
            hosts: item.hosts.clone(),
            scheme: item.scheme.clone(),
            settings: item.settings.clone(),
            tags: item.tags.clone(),
            notes: item.notes.clone(),
            created: now.0,
            modified: now.0,
            expires: item.expires.map(|time| time.0),
            versions: vec![Version {
                version: 1,
                state: VersionState::Current,
                created: now.0,
            }],
        }
    }

    /// The content of the record.
    pub(crate) fn to_bytes(&self) -> SecretBytes {
        // Room for all but the longest, so that growing seldom leaves a copy behind.
        let mut json = Vec::with_capacity(4_096);
        #[expect(
            clippy::expect_used,
            reason = "only a map without text keys or a full disk fails"
        )]
        serde_json::to_writer(&mut json, self).expect("every field has a JSON form");
        SecretBytes::new(json)
    }

    pub(crate) fn from_bytes(content: &[u8]) -> Option<Self> {
        serde_json::from_slice(content).ok()
    }

    /// Sets the state of one version. One that becomes current takes over from the one that was.
    pub(crate) fn set_state(&mut self, version: u32, state: VersionState) {
        for known in &mut self.versions {
            if known.version == version {
                known.state = state;
            } else if state == VersionState::Current && known.state == VersionState::Current {
                known.state = VersionState::Retiring;
            }
        }
    }

    pub(crate) fn has_version(&self, version: u32) -> bool {
        self.versions.iter().any(|known| known.version == version)
    }

    /// The number that the next version gets.
    pub(crate) fn next_version(&self) -> u32 {
        self.versions
            .last()
            .map_or(1, |last| last.version.saturating_add(1))
    }
}

impl Drop for Overview {
    fn drop(&mut self) {
        for text in [
            &mut self.provider,
            &mut self.public_id,
            &mut self.base_url,
            &mut self.scheme,
            &mut self.notes,
        ] {
            text.zeroize();
        }
        for value in self.settings.values_mut() {
            value.zeroize();
        }
        self.hosts.zeroize();
        self.tags.zeroize();
    }
}

mod name {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::ItemName;

    pub(super) fn serialize<S: Serializer>(name: &ItemName, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(name.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ItemName, D::Error> {
        let name = zeroize::Zeroizing::new(String::deserialize(from)?);
        ItemName::parse(&name).map_err(D::Error::custom)
    }
}

/// An item of an unlocked vault, without its secret.
pub struct Item {
    pub(crate) id: ItemId,
    /// Counts the writes of the overview.
    pub(crate) revision: u32,
    pub(crate) overview: Overview,
}

impl Item {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> ItemId {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.overview.name.as_str()
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> ItemKind {
        self.overview.kind
    }

    /// The provider's name.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.overview.provider.as_deref()
    }

    /// The public id.
    #[must_use]
    pub fn public_id(&self) -> Option<&str> {
        self.overview.public_id.as_deref()
    }

    /// The scheme that requests are signed with.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        self.overview.scheme.as_deref()
    }

    /// What the scheme is told beside the secret, by name.
    #[must_use]
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.overview.settings
    }

    /// The hosts that the secret may be sent to.
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.overview.hosts
    }

    /// Text for people.
    #[must_use]
    pub fn notes(&self) -> Option<&str> {
        self.overview.notes.as_deref()
    }

    /// The version in use; `None` while all are staged, retiring or revoked.
    #[must_use]
    pub fn current_version(&self) -> Option<u32> {
        let mut versions = self.overview.versions.iter();
        versions
            .find(|known| known.state == VersionState::Current)
            .map(|known| known.version)
    }

    /// Everything of it that may be shown.
    #[must_use]
    pub fn view(&self) -> ItemView {
        let overview = &self.overview;
        ItemView {
            id: self.id.to_string(),
            name: self.name().to_owned(),
            kind: overview.kind,
            provider: overview.provider.clone(),
            environment: overview.environment,
            public_id: overview.public_id.clone(),
            base_url: overview.base_url.clone(),
            hosts: overview.hosts.clone(),
            scheme: overview.scheme.clone(),
            settings: overview.settings.clone(),
            tags: overview.tags.clone(),
            created: UnixMillis(overview.created),
            modified: UnixMillis(overview.modified),
            expires: overview.expires.map(UnixMillis),
            versions: overview.versions.iter().rev().map(Version::view).collect(),
        }
    }

    /// An overview's field by its name in a reference; `None` if it is a secret one or unknown.
    pub(crate) fn public_field(&self, field: &str) -> Option<Option<&str>> {
        Some(match field {
            "id" => self.public_id(),
            "name" => Some(self.name()),
            "provider" => self.provider(),
            "base_url" => self.overview.base_url.as_deref(),
            "scheme" => self.scheme(),
            "notes" => self.notes(),
            _ => return None,
        })
    }
}

impl Version {
    fn view(&self) -> VersionView {
        VersionView {
            version: self.version,
            state: self.state,
            created: UnixMillis(self.created),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{PUBLIC_FIELDS, SecretFields};

    #[test]
    fn every_public_field_can_be_read_and_no_other() {
        let item = Item {
            id: ItemId::random(),
            revision: 1,
            overview: Overview::new(
                &NewItem::new(
                    ItemName::parse("a name").unwrap(),
                    ItemKind::Note,
                    SecretFields::default(),
                ),
                UnixMillis(1),
            ),
        };
        assert!(
            PUBLIC_FIELDS
                .iter()
                .all(|name| item.public_field(name).is_some())
        );
        assert_eq!(item.public_field("secret"), None);
        assert_eq!(item.public_field("name"), Some(Some("a name")));
    }
}
