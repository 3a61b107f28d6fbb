//! TLS 1.2 and 1.3 with a certificate from a local authority that is good for loopback alone.

mod authority;
mod config;

pub(crate) use authority::Authority;
pub(crate) use config::server_config;
