//! Secrets on their way between two processes of the same user.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A secret in a frame of the agent's socket, or in the one answer that shows a new credential.
///
/// It is the only secret type that serializes, so that a search for its name finds every place
/// where a secret crosses a border. Wiped on drop; no `Debug`, `Display` or `Clone`.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Revealed(#[cfg_attr(feature = "schema", schemars(with = "String"))] Zeroizing<String>);

impl Revealed {
    /// Takes ownership of `text`; the same allocation is wiped on drop.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. What it is copied into must be wiped as well.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }

    /// The text, without copying; the caller answers for wiping it.
    #[must_use]
    pub fn into_exposed(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}
