//! What clients create and see. Each kind of resource reads its fields out of JSON and says, field
//! by field, what is wrong with them (as the real platform documents them).

mod fields;
mod payin;
mod payout;

use serde_json::Value;
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::random;

use crate::face::FieldErrors;

/// A kind of resource that clients create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Money that comes in.
    Payin,
    /// Money that goes out.
    Payout,
}

impl Kind {
    /// Its name in the store.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Payin => "payin",
            Self::Payout => "payout",
        }
    }

    /// Makes one out of a request's body.
    ///
    /// # Errors
    ///
    /// Every field that is missing or wrong, with what would be right.
    pub(crate) fn create(
        self,
        body: &Value,
        uuid: &str,
        now: UnixMillis,
    ) -> Result<Value, FieldErrors> {
        match self {
            Self::Payin => payin::create(body, uuid, now),
            Self::Payout => payout::create(body, uuid),
        }
    }
}

/// A fresh id: eight capital letters, as the real platform's are.
pub(crate) fn fresh_uuid() -> String {
    let letter = |_| char::from(b'A' + u8::try_from(random::below(26)).unwrap_or(0));
    (0..8).map(letter).collect()
}
