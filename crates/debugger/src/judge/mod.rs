//! Which rule refuses a request: by the platform's own record of the key, or by a key that is at hand.

mod held;
mod platform;
mod verified;

use strongroom_contract::{
    explain::{Explanation, Rule},
    time::UnixMillis,
};
use strongroom_crypto::SecretBytes;

pub(crate) use self::verified::{Question, Times};
pub use self::{
    held::HeldKey,
    platform::{PlatformFacts, Slot},
};
use crate::exhibit::View;

/// What is known of keys.
#[derive(Clone, Copy)]
pub enum Knowledge<'a> {
    /// Keys at hand: of a vault, or typed for this alone. What a platform keeps of them is not known.
    Held {
        /// The key that the request should be made with; not known if absent.
        key: Option<&'a HeldKey>,
        /// Other keys, which could have been used by mistake.
        others: &'a [HeldKey],
    },
    /// The platform that issued the key.
    Platform(PlatformFacts<'a>),
}

/// A secret, and whose it is.
pub(crate) struct NamedSecret {
    pub(crate) name: String,
    pub(crate) bytes: SecretBytes,
}

/// The secrets that a request could have been signed with.
#[derive(Default)]
pub(crate) struct Secrets {
    /// Those of the key that it names.
    pub(crate) own: Vec<NamedSecret>,
    /// Those of others.
    pub(crate) others: Vec<NamedSecret>,
}

impl Knowledge<'_> {
    /// Runs the rules.
    pub(crate) fn judge(&self, view: &View<'_>, now: UnixMillis) -> Explanation {
        match self {
            Self::Held { key, others } => held::judge(view, *key, others, now),
            Self::Platform(facts) => platform::judge(view, facts, now),
        }
    }

    /// The secrets that a request of the key `id` could have been made with.
    pub(crate) fn secrets(&self, id: Option<&str>) -> Secrets {
        match self {
            Self::Held { key, others } => held::secrets(*key, others, id),
            Self::Platform(facts) => platform::secrets(facts, id),
        }
    }

    /// The ids that are known, each with its key's name, the likeliest first.
    pub(crate) fn ids(&self) -> Vec<(String, String)> {
        match self {
            Self::Held { key, others } => {
                let all = key.iter().copied().chain(*others);
                all.filter_map(|key| Some((key.id.clone()?, key.name.clone())))
                    .collect()
            }
            Self::Platform(facts) => platform::ids(facts),
        }
    }

    /// The name of the key whose secret `presented` is, if it is not the one of `id`.
    pub(crate) fn owner(&self, presented: &[u8], id: Option<&str>) -> Option<String> {
        match self {
            Self::Held { .. } => {
                let others = self.secrets(id).others.into_iter();
                others
                    .filter(|other| other.bytes.expose_secret() == presented)
                    .map(|other| other.name)
                    .next()
            }
            Self::Platform(facts) => platform::owner(facts, presented, id),
        }
    }
}

/// How far a request gets: the place of the rule that refuses it.
pub(crate) fn reach(explanation: &Explanation) -> usize {
    explanation.rule.map_or(Rule::PIPELINE.len(), |rule| {
        Rule::PIPELINE
            .iter()
            .position(|each| *each == rule)
            .unwrap_or_default()
    })
}
