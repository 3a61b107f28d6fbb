//! A running local platform, as other processes find it.

use serde::{Deserialize, Serialize};

/// The first line of `serve --json`, and `platform.json` in the home of the one who started it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformAddress {
    /// The origin: `https://localhost:8443`, without a path.
    pub url: String,
    /// The path of the CA certificate (PEM) that the server's own is signed by.
    pub ca: String,
    /// The server's process id.
    pub pid: u32,
    /// The state directory, in which the owner's management key lies.
    pub state: String,
    /// Whether its clock can be advanced; whoever signs a request to it then asks it for the time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub virtual_clock: bool,
}
