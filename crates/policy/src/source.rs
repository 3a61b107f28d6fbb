//! Rule `source`: the request comes from an address that the key may be used from.
//!
//! What counts is the socket's peer. What proxies say about whom they speak for (RFC 7239) counts only
//! where the peer is a proxy that was configured, and then from its end, as far as those are such
//! proxies too: what stands before them anybody could have written. For the same reason one header
//! is believed and no other: a proxy that writes one of them may pass on the other as it came.
//!
//! Two lists have to let a source through: the key's, and the one for all keys.

use std::{fmt, net::IpAddr, str::FromStr};

use strongroom_contract::explain::Remedy;
use strongroom_signing::Field;

use crate::{
    allowlist::{Allowlist, normalise},
    key::KeyRecord,
    trace::{Finding, Passed},
};

/// The header in which proxies say whom they speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses with commas between them, the nearest last.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    const ALL: [Self; 2] = [Self::XForwardedFor, Self::Forwarded];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

impl fmt::Display for ForwardedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ForwardedHeader {
    type Err = UnknownForwardedHeader;

    fn from_str(text: &str) -> Result<Self, UnknownForwardedHeader> {
        let mut known = Self::ALL.into_iter();
        known
            .find(|header| header.as_str().eq_ignore_ascii_case(text))
            .ok_or(UnknownForwardedHeader)
    }
}

/// No header in which proxies say whom they speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("proxies are read from x-forwarded-for or forwarded")]
pub struct UnknownForwardedHeader;

/// The proxies that are believed; none by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proxies {
    networks: Allowlist,
    header: ForwardedHeader,
}

impl Proxies {
    /// Believes no proxy.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Believes what the proxies in these networks write into `header`; none if the list is empty.
    #[must_use]
    pub fn within(networks: Allowlist, header: ForwardedHeader) -> Self {
        Self { networks, header }
    }

    /// Whether `address` is one of theirs.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.networks.contains(address)
    }

    /// The address that a request comes from.
    #[must_use]
    pub fn source(&self, peer: IpAddr, headers: &[Field<'_>]) -> IpAddr {
        let mut source = normalise(peer);
        if !self.contains(source) {
            return source;
        }
        let name = self.header.as_str();
        let lines = headers
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name));
        for hop in lines.rev().flat_map(|line| Elements {
            rest: Some(line.value),
        }) {
            let hop = match self.header {
                ForwardedHeader::XForwardedFor => parse_hop(hop),
                ForwardedHeader::Forwarded => forwarded_for(hop),
            };
            // What can't be read ends the chain: the proxy that wrote it is the last one known.
            let Some(hop) = hop else { break };
            source = hop;
            if !self.contains(source) {
                break;
            }
        }
        source
    }
}

/// The elements of a list from its end, commas in quotes not counted. It is read from the end, so that
/// nothing further left, which anybody can write, changes how the last element is read.
struct Elements<'v> {
    rest: Option<&'v [u8]>,
}

impl<'v> Iterator for Elements<'v> {
    type Item = &'v [u8];

    fn next(&mut self) -> Option<&'v [u8]> {
        let rest = self.rest?;
        let mut quoted = false;
        for (at, byte) in rest.iter().enumerate().rev() {
            let before = rest.get(..at).unwrap_or_default();
            match byte {
                b'"' => {
                    let slashes = before.iter().rev().take_while(|byte| **byte == b'\\');
                    quoted ^= slashes.count() % 2 == 0;
                }
                b',' if !quoted => {
                    self.rest = Some(before);
                    return rest.get(at + 1..);
                }
                _ => {}
            }
        }
        self.rest = None;
        Some(rest)
    }
}

/// The address in `for` of an element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let mut pairs = element.split(|byte| *byte == b';');
    let value = pairs.find_map(|pair| {
        let pair = pair.trim_ascii();
        let (name, value) = pair.split_at_checked(4)?;
        name.eq_ignore_ascii_case(b"for=").then_some(value)
    })?;
    // An address with a colon has to be quoted; the characters that a quoted one has need no escape.
    let unquoted = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""));
    parse_hop(unquoted.unwrap_or(value))
}

/// An address, with or without port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?.trim();
    let address = hop.parse::<IpAddr>().ok();
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|it| it.ip());
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.or_else(with_port).or_else(bracketed).map(normalise)
}

/// Checks a source against the key's list, and against the one for all keys.
pub(crate) fn check(
    source: IpAddr,
    key: &KeyRecord,
    common: Option<&Allowlist>,
) -> Result<(), Finding> {
    if !key.allow.allows(source) {
        return Err(Finding::new(
            format!("{source} is not on the allowlist of key {}.", key.app_id),
            source.to_string(),
            format!("a source in {}", shown(&key.allow)),
            format!("Add {source} to the key's allowlist, or send from an address that is on it."),
        )
        .remedy(Remedy::AllowSource {
            app_id: key.app_id.to_string(),
            address: source.to_string(),
        }));
    }
    match common.filter(|common| !common.allows(source)) {
        None => Ok(()),
        Some(common) => Err(Finding::new(
            format!("{source} is not on the allowlist for all keys."),
            format!("{source}, which the key's own list lets through"),
            format!("a source in {}", shown(common)),
            format!(
                "Add {source} to the list for all keys: strongroom platform allow-all set {} {source}",
                common.to_strings().join(" ")
            ),
        )),
    }
}

pub(crate) fn passed(source: IpAddr, key: &KeyRecord, common: Option<&Allowlist>) -> Passed {
    let expected = match common.filter(|common| !common.is_any()) {
        None => shown(&key.allow),
        Some(common) => format!("{}; for all keys {}", shown(&key.allow), shown(common)),
    };
    Passed::new(source.to_string(), expected)
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
        source_by(ForwardedHeader::XForwardedFor, proxies, peer, forwarded)
    }

    fn source_by(
        header: ForwardedHeader,
        proxies: &[&str],
        peer: &str,
        forwarded: &[&str],
    ) -> String {
        let proxies = Proxies::within(Allowlist::parse(proxies).unwrap(), header);
        let other = match header {
            ForwardedHeader::XForwardedFor => "Forwarded",
            ForwardedHeader::Forwarded => "X-Forwarded-For",
        };
        let mut headers = vec![Field::new(other, b"for=10.9.9.9")];
        let lines = forwarded.iter();
        headers.extend(lines.map(|value| Field::new(header.as_str(), value.as_bytes())));
        headers.push(Field::new(other, b"10.9.9.9"));
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

    #[test]
    fn forwarded_is_read_from_its_end_whatever_stands_before() {
        let by = |lines: &[&str]| {
            source_by(
                ForwardedHeader::Forwarded,
                &["192.0.2.0/24"],
                "192.0.2.1",
                lines,
            )
        };
        for (line, read) in [
            ("for=203.0.113.7", "203.0.113.7"),
            (
                "For=\"[2001:db8::17]:4711\";proto=https;by=192.0.2.1",
                "2001:db8::17",
            ),
            ("proto=http ; for=203.0.113.7", "203.0.113.7"),
            (
                "for=10.0.0.1, for=203.0.113.7, for=192.0.2.2",
                "203.0.113.7",
            ),
            ("for=10.0.0.1, for=unknown", "192.0.2.1"),
            ("for=10.0.0.1, for=_hidden", "192.0.2.1"),
            ("for=10.0.0.1, proto=https", "192.0.2.1"),
            // What a client writes in front swallows nothing that a proxy appends.
            ("for=\"10.0.0.1, for=203.0.113.7", "203.0.113.7"),
            ("for=\"10.0.0.1\\\", for=\"203.0.113.7\"", "203.0.113.7"),
            ("for=10.0.0.1;x=\"a, for=203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(by(&[line]), read, "{line}");
        }
        assert_eq!(
            by(&["for=10.0.0.1", "for=203.0.113.7", "for=192.0.2.9"]),
            "203.0.113.7"
        );
    }

    #[test]
    fn a_comma_in_quotes_is_no_end_of_an_element() {
        let value: &[u8] = br#"for=1;x="a,b", for=2"#;
        let elements: Vec<_> = Elements { rest: Some(value) }.collect();
        assert_eq!(elements, [&b" for=2"[..], br#"for=1;x="a,b""#]);
    }
}
