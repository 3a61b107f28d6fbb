//! Rule `source`: the request comes from an address that the key may be used from.
//!
//! What counts is the socket's peer. `X-Forwarded-For` counts only where the peer is a proxy that
//! was configured, and then from its end, as far as those are such proxies too: what stands before
//! them anybody could have written.

use std::net::IpAddr;

use strongroom_contract::explain::Remedy;
use strongroom_signing::Field;

use crate::{
    allowlist::{Allowlist, normalise},
    key::KeyRecord,
    trace::{Finding, Passed},
};

/// The proxies whose `X-Forwarded-For` is believed; none by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proxies(Allowlist);

impl Proxies {
    /// Believes no proxy.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Believes the proxies in these networks; none if the list is empty.
    #[must_use]
    pub fn within(networks: Allowlist) -> Self {
        Self(networks)
    }

    /// The address that a request comes from.
    #[must_use]
    pub fn source(&self, peer: IpAddr, headers: &[Field<'_>]) -> IpAddr {
        let mut source = normalise(peer);
        if !self.0.contains(source) {
            return source;
        }
        let lines = headers
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case("x-forwarded-for"));
        for hop in lines
            .rev()
            .flat_map(|line| line.value.rsplit(|byte| *byte == b','))
        {
            // What can't be read ends the chain: the proxy that wrote it is the last one known.
            let Some(hop) = parse_hop(hop) else { break };
            source = hop;
            if !self.0.contains(source) {
                break;
            }
        }
        source
    }
}

/// An address, with or without port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?.trim();
    let address = hop.parse::<IpAddr>().ok();
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|it| it.ip());
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.or_else(with_port).or_else(bracketed).map(normalise)
}

pub(crate) fn check(source: IpAddr, key: &KeyRecord) -> Result<(), Finding> {
    if key.allow.allows(source) {
        return Ok(());
    }
    Err(Finding::new(
        format!("{source} is not on the allowlist of key {}.", key.app_id),
        source.to_string(),
        format!("a source in {}", shown(&key.allow)),
        format!("Add {source} to the key's allowlist, or send from an address that is on it."),
    )
    .remedy(Remedy::AllowSource {
        app_id: key.app_id.to_string(),
        address: source.to_string(),
    }))
}

pub(crate) fn passed(source: IpAddr, key: &KeyRecord) -> Passed {
    Passed::new(source.to_string(), shown(&key.allow))
}

/// A list that may be long, shortened for people.
fn shown(list: &Allowlist) -> String {
    const SHOWN: usize = 20;
    let networks = list.to_strings();
    match networks.get(..SHOWN) {
        Some(first) if networks.len() > SHOWN => {
            format!("{} and {} more", first.join(", "), networks.len() - SHOWN)
        }
        _ => list.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(proxies: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies::within(Allowlist::parse(proxies).unwrap());
        let headers: Vec<_> = forwarded
            .iter()
            .map(|value| Field::new("X-Forwarded-For", value.as_bytes()))
            .collect();
        proxies.source(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn forwarded_headers_count_only_from_configured_proxies() {
        assert_eq!(source(&[], "192.0.2.1", &["203.0.113.7"]), "192.0.2.1");
        assert_eq!(
            source(&["192.0.2.9"], "192.0.2.1", &["203.0.113.7"]),
            "192.0.2.1"
        );
        assert_eq!(
            source(&["192.0.2.1"], "192.0.2.1", &["203.0.113.7"]),
            "203.0.113.7"
        );
        assert_eq!(
            source(&["192.0.2.1"], "::ffff:192.0.2.1", &["203.0.113.7"]),
            "203.0.113.7"
        );
    }

    #[test]
    fn what_stands_before_the_last_foreign_hop_is_not_believed() {
        let proxies = ["192.0.2.0/24"];
        let forged = ["10.0.0.1, 203.0.113.7, 192.0.2.2"];
        assert_eq!(source(&proxies, "192.0.2.1", &forged), "203.0.113.7");
        let lines = ["10.0.0.1", "203.0.113.7", "192.0.2.2"];
        assert_eq!(source(&proxies, "192.0.2.1", &lines), "203.0.113.7");
        assert_eq!(
            source(&proxies, "192.0.2.1", &["10.0.0.1, unknown"]),
            "192.0.2.1"
        );
        assert_eq!(source(&proxies, "192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn hops_are_read_with_and_without_port() {
        let proxies = ["192.0.2.1"];
        for (hop, read) in [
            ("203.0.113.7:443", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            (" ::ffff:203.0.113.7 ", "203.0.113.7"),
        ] {
            assert_eq!(source(&proxies, "192.0.2.1", &[hop]), read, "{hop}");
        }
    }
}
