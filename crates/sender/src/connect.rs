//! From a host to a TCP connection.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::{Duration, Instant},
};

use tokio::net::TcpStream;
use url::Host;

use crate::{
    error::{Attempt, SendError},
    options::Options,
    target::{Target, is_localhost},
};

/// Where a connection goes: to the target itself, or to the proxy in front of it.
pub(crate) struct Hop<'a> {
    host: &'a Host,
    port: u16,
    /// As errors name it.
    place: String,
}

impl<'a> Hop<'a> {
    pub(crate) fn towards(target: &'a Target, options: &'a Options) -> Self {
        match options.proxy_to(target) {
            Some(proxy) => Self {
                host: proxy.host(),
                port: proxy.port(),
                place: format!("the proxy {}", proxy.place()),
            },
            None => Self {
                host: target.host(),
                port: target.port(),
                place: target.place(),
            },
        }
    }
}

/// A connection and its two ends.
pub(crate) struct Connected {
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) local: SocketAddr,
}

/// Where the host may be reached, in the order to try. `localhost` is never looked up
/// (RFC 6761, section 6.3): no resolver can send its requests elsewhere.
pub(crate) async fn addresses(hop: &Hop<'_>) -> Result<Vec<SocketAddr>, SendError> {
    let at = |address: IpAddr| SocketAddr::new(address, hop.port);
    match hop.host {
        Host::Ipv4(address) => Ok(vec![at((*address).into())]),
        Host::Ipv6(address) => Ok(vec![at((*address).into())]),
        Host::Domain(name) if is_localhost(name) => Ok(vec![
            at(Ipv4Addr::LOCALHOST.into()),
            at(Ipv6Addr::LOCALHOST.into()),
        ]),
        Host::Domain(name) => {
            let not_found = |reason: String| SendError::Lookup {
                host: name.clone(),
                reason,
            };
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), hop.port))
                .await
                .map_err(|error| not_found(resolver_text(&error)))?
                .collect();
            if found.is_empty() {
                return Err(not_found("it has no address".to_owned()));
            }
            Ok(found)
        }
    }
}

/// Connects to the first address that accepts. Each but the last gets its share of the time that
/// remains, so that one that swallows packets does not hide the others.
pub(crate) async fn first_that_accepts(
    hop: &Hop<'_>,
    addresses: &[SocketAddr],
    remaining: Duration,
) -> Result<Connected, SendError> {
    let began = Instant::now();
    let mut tried = Vec::new();
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = match u32::try_from(left) {
            Ok(left) if left > 1 => remaining.saturating_sub(began.elapsed()) / left,
            _ => Duration::MAX,
        };
        let (reason, refused) = match tokio::time::timeout(share, open(*address)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => (
                error.kind().to_string(),
                error.kind() == io::ErrorKind::ConnectionRefused,
            ),
            Err(_) => ("no answer".to_owned(), false),
        };
        tried.push(Attempt {
            address: *address,
            reason,
            refused,
        });
    }
    Err(SendError::Connect {
        host: hop.place.clone(),
        tried,
    })
}

async fn open(address: SocketAddr) -> io::Result<Connected> {
    let stream = TcpStream::connect(address).await?;
    // Head and body are written one after the other: the second must not wait for an ACK.
    stream.set_nodelay(true)?;
    Ok(Connected {
        peer: stream.peer_addr()?,
        local: stream.local_addr()?,
        stream,
    })
}

/// What the resolver said, without the words that say that it is the resolver.
fn resolver_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("failed to lookup address information: ")
        .map_or_else(|| text.clone(), str::to_owned)
}
