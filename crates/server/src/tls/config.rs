//! rustls, told everything: provider, versions, protocol.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    version::{TLS12, TLS13},
};
use strongroom_contract::time::UnixMillis;

use super::Authority;
use crate::error::StartError;

/// TLS 1.2 and 1.3, ALPN `http/1.1`, a fresh certificate of the authority, tickets for resumption.
pub(crate) fn server_config(
    authority: &Authority,
    now: UnixMillis,
) -> Result<Arc<ServerConfig>, StartError> {
    let tls_error = |error: rustls::Error| StartError::Tls(error.to_string());
    let leaf = authority.leaf(now)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(tls_error)?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.certificate], leaf.key.into())
        .map_err(tls_error)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(tls_error)?;
    Ok(Arc::new(config))
}
