//! The schemes for signing, as they are offered to choose from. No vault is needed.

use strongroom_contract::scheme::SchemeList;
use strongroom_signing::Scheme;

/// Every scheme with its settings.
#[must_use]
pub fn schemes() -> SchemeList {
    SchemeList {
        schemes: Scheme::ALL.map(Scheme::view).into(),
    }
}
