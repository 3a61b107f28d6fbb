//! Damage: bytes of the file are not what the vault wrote.

use strongroom_contract::vault::Finding;

/// Something in the file is not what the vault wrote there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the vault is damaged ({place}): {problem}")]
pub struct Damage {
    /// Where: `header`, `schema`, `overview 3f2a…`, `manifest`.
    pub place: String,
    /// What is wrong there, in one sentence.
    pub problem: String,
}

impl Damage {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

impl From<Damage> for Finding {
    fn from(damage: Damage) -> Self {
        Self {
            place: damage.place,
            problem: damage.problem,
        }
    }
}
