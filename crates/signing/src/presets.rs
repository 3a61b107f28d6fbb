//! What is known about providers, as data: which schemes they take and where they live.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Deserializer, de};
use strongroom_contract::vault::Environment;

use crate::scheme::Scheme;

/// What is known about one provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The id that items name, such as `hello-clever`.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The scheme that an item gets unless told otherwise.
    #[serde(deserialize_with = "scheme")]
    pub scheme: Scheme,
    /// What the scheme is told unless told otherwise.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Where the provider lives; empty for a preset that is a scheme and no provider.
    #[serde(default)]
    pub environments: Vec<Place>,
}

/// One of a provider's environments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which.
    pub environment: Environment,
    /// Where requests go: an origin, without a path.
    pub base_url: String,
    /// The hosts that a secret may be sent to.
    pub hosts: Vec<String>,
}

impl Preset {
    /// Every preset.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &PRESETS
    }

    /// The preset called `id`.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::all().iter().find(|preset| preset.id == id)
    }

    /// Where the provider's `environment` lives.
    #[must_use]
    pub fn place(&self, environment: Environment) -> Option<&Place> {
        self.environments
            .iter()
            .find(|place| place.environment == environment)
    }
}

const FILES: [&str; 11] = [
    include_str!("../presets/hello-clever.toml"),
    include_str!("../presets/stripe.toml"),
    include_str!("../presets/stripe-webhook.toml"),
    include_str!("../presets/api-key.toml"),
    include_str!("../presets/basic.toml"),
    include_str!("../presets/bearer.toml"),
    include_str!("../presets/oauth2.toml"),
    include_str!("../presets/aws.toml"),
    include_str!("../presets/rfc9421.toml"),
    include_str!("../presets/standard-webhooks.toml"),
    include_str!("../presets/hmac-template.toml"),
];

#[expect(
    clippy::expect_used,
    reason = "the files are part of the program, and a test reads them"
)]
static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|file| toml::from_str(file).expect("a preset of ours is well-formed"))
        .collect()
});

fn scheme<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scheme, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(de::Error::custom)
}
