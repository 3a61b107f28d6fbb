//! Clients of the platform: who keys, limits and personal data belong to.

use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;

/// `GET /manage/v1/clients`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClientList {
    /// The clients, the newest first.
    pub clients: Vec<ClientView>,
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ClientView {
    /// Its id, 32 hex digits.
    pub id: String,
    /// Its name. `unknown` and a day (UTC): what requests of nobody known left on that day.
    pub name: String,
    /// When it was made.
    pub created: UnixMillis,
    /// Whether what is personal was erased.
    pub is_erased: bool,
    /// How many keys it has, ended ones included.
    pub keys: u64,
    /// Accepted requests in every rolling minute over all of its keys, if it has a limit.
    #[serde(default)]
    pub limit_per_minute: Option<u32>,
}

/// The answer to `POST /manage/v1/clients/{id}/erase`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErasedClient {
    /// The client's id.
    pub id: String,
    /// How many keys ended with it.
    pub keys: u64,
}
