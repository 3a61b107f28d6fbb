//! The accept loop.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::connection::serve;
use crate::{error::StartError, platform::Platform};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4_096;
/// How long to wait when the process is out of file descriptors.
const BREATHER: Duration = Duration::from_millis(20);

/// Begins to listen.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bind = || -> io::Result<TcpListener> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // So that a server can be started again while old connections are in TIME_WAIT; another
        // listener on the port is an error all the same.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    bind().map_err(|source| {
        if source.kind() == io::ErrorKind::AddrInUse {
            StartError::PortInUse(address)
        } else {
            StartError::Listen { address, source }
        }
    })
}

/// Accepts connections until told to stop, then lets those that are open finish, for as long as the
/// limits say. Dropping the future drops every connection.
pub(crate) async fn accept_connections(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    platform: Arc<Platform>,
    mut stop: watch::Receiver<bool>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = stop.changed() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let peer = peer.ip().to_canonical();
                let Some(place) = platform.admission.admit(peer) else {
                    platform.failures.turned_away(peer);
                    continue;
                };
                let connection = handshake_and_serve(
                    stream,
                    peer,
                    acceptor.clone(),
                    Arc::clone(&platform),
                    stop.clone(),
                );
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                // Descriptors run out, or the peer is gone already: neither ends the server.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(platform.limits.shutdown, finish)
        .await
        .is_err()
    {
        tracing::warn!(
            open = connections.len(),
            "connections were cut off at shutdown"
        );
        connections.shutdown().await;
    }
}

async fn handshake_and_serve(
    stream: TcpStream,
    peer: IpAddr,
    acceptor: TlsAcceptor,
    platform: Arc<Platform>,
    stop: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY is refused");
    }
    let handshake = tokio::time::timeout(platform.limits.handshake, acceptor.accept(stream));
    match handshake.await {
        Ok(Ok(stream)) => serve(stream, peer, &platform, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}
