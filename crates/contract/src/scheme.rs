//! The schemes for signing, as they are offered to choose from.

use serde::{Deserialize, Serialize};

/// What `scheme list` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemeList {
    /// Every scheme.
    pub schemes: Vec<SchemeView>,
}

/// How a credential goes into a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SchemeView {
    /// Its id, as items and commands name it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether its secret is a private key in PEM.
    pub needs_private_key: bool,
    /// What it can be told beside the credential.
    pub settings: Vec<SettingView>,
}

/// One setting that a scheme knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SettingView {
    /// Its name.
    pub name: String,
    /// What it says, in a few words; what holds without it stands in parentheses.
    pub about: String,
    /// A value that it could have.
    pub example: String,
    /// Whether nothing works without it.
    pub required: bool,
}
