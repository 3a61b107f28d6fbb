//! Which source addresses may use a key: IPv4 and IPv6 networks.
//!
//! An empty list allows any source. Addresses of IPv4 that are written or arrive in IPv6's
//! `::ffff:a.b.c.d` form count as what they are, IPv4.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The most networks that one list may have, as they are typed.
pub const MAX_NETWORKS: usize = 1_000;

/// Networks, without overlap, in order: IPv4 before IPv6.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allowlist {
    v4: Vec<Ipv4Net>,
    v6: Vec<Ipv6Net>,
}

impl Allowlist {
    /// Reads networks (`203.0.113.0/24`, `2001:db8::/32`) and addresses, merges those that overlap
    /// or adjoin, and puts them in order. Bits behind the prefix length are an error, since one of
    /// the two is then not what was meant.
    ///
    /// # Errors
    ///
    /// [`AllowlistError`] names the first entry that cannot be read, and why.
    pub fn parse<T: AsRef<str>>(entries: &[T]) -> Result<Self, AllowlistError> {
        if entries.len() > MAX_NETWORKS {
            return Err(AllowlistError::TooMany(entries.len()));
        }
        let networks = entries.iter().map(|entry| parse_network(entry.as_ref()));
        networks.collect()
    }

    /// Whether any source is allowed.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether `source` is in one of the networks, or any source is allowed.
    #[must_use]
    pub fn allows(&self, source: IpAddr) -> bool {
        self.is_any() || self.contains(source)
    }

    /// Whether `address` is in one of the networks. An empty list contains nothing.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.holding(address).is_some()
    }

    /// The network that `address` is in.
    #[must_use]
    pub fn holding(&self, address: IpAddr) -> Option<IpNet> {
        // The last network that begins at or before the address is the only one that can hold it:
        // they don't overlap.
        match normalise(address) {
            IpAddr::V4(address) => {
                let behind = self.v4.partition_point(|it| it.network() <= address);
                let last = behind.checked_sub(1).and_then(|at| self.v4.get(at))?;
                last.contains(&address).then_some(IpNet::V4(*last))
            }
            IpAddr::V6(address) => {
                let behind = self.v6.partition_point(|it| it.network() <= address);
                let last = behind.checked_sub(1).and_then(|at| self.v6.get(at))?;
                last.contains(&address).then_some(IpNet::V6(*last))
            }
        }
    }

    /// The entries that are not kept as they were typed, each with the network that now stands for
    /// it. What can't be read, or is in none of the networks, is left out.
    pub fn merged<'t, T: AsRef<str>>(
        &self,
        typed: &'t [T],
    ) -> impl Iterator<Item = (&'t str, IpNet)> {
        typed.iter().filter_map(|entry| {
            let network = parse_network(entry.as_ref()).ok()?;
            let holding = self.holding(network.addr())?;
            (holding != network).then_some((entry.as_ref(), holding))
        })
    }

    /// The networks, as they are shown and stored.
    pub fn networks(&self) -> impl Iterator<Item = IpNet> {
        let v4 = self.v4.iter().copied().map(IpNet::V4);
        v4.chain(self.v6.iter().copied().map(IpNet::V6))
    }

    /// The networks as text: what [`Allowlist::parse`] reads back.
    #[must_use]
    pub fn to_strings(&self) -> Vec<String> {
        self.networks().map(|network| network.to_string()).collect()
    }
}

impl FromIterator<IpNet> for Allowlist {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(network) => v4.push(network),
                IpNet::V6(network) => v6.push(network),
            }
        }
        let (mut v4, mut v6) = (Ipv4Net::aggregate(&v4), Ipv6Net::aggregate(&v6));
        v4.sort_unstable();
        v6.sort_unstable();
        Self { v4, v6 }
    }
}

impl fmt::Display for Allowlist {
    /// The networks with commas, or `any source`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return f.write_str("any source");
        }
        for (index, network) in self.networks().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{network}")?;
        }
        Ok(())
    }
}

/// The address as it counts: IPv4 in IPv6's mapped form becomes IPv4.
#[must_use]
pub fn normalise(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn parse_network(entry: &str) -> Result<IpNet, AllowlistError> {
    let text = entry.trim();
    if text.is_empty() {
        return Err(AllowlistError::Empty);
    }
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address
        .parse()
        .map_err(|_| AllowlistError::NotAnAddress(entry.to_owned()))?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => bits,
        Some(prefix) => parse_prefix(prefix)
            .filter(|prefix| *prefix <= bits)
            .ok_or_else(|| AllowlistError::Prefix {
                entry: entry.to_owned(),
                bits,
            })?,
    };
    let network = unmap(address, prefix, entry)?;
    if network.network() == network.addr() {
        Ok(network)
    } else {
        Err(AllowlistError::HostBits {
            entry: entry.to_owned(),
            network: network.trunc(),
            address: IpNet::from(network.addr()),
        })
    }
}

/// Digits alone: no sign, and no leading zero that someone could read as octal.
fn parse_prefix(text: &str) -> Option<u8> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && digits).then(|| text.parse().ok()).flatten()
}

/// A mapped network of IPv4 (`::ffff:192.0.2.0/120`) as one of IPv4.
fn unmap(address: IpAddr, prefix: u8, entry: &str) -> Result<IpNet, AllowlistError> {
    let unreadable = |_| AllowlistError::NotAnAddress(entry.to_owned());
    match (normalise(address), address) {
        (canonical @ IpAddr::V4(_), IpAddr::V6(_)) => {
            let mapped = prefix
                .checked_sub(96)
                .ok_or_else(|| AllowlistError::MappedPrefix(entry.to_owned()))?;
            IpNet::new(canonical, mapped).map_err(unreadable)
        }
        (canonical, _) => {
            let network = IpNet::new(canonical, prefix).map_err(unreadable)?;
            // A wide network of IPv6 never means IPv4: the mapped block is not matched as IPv6.
            let mapped = IpNet::new(IpAddr::V6(Ipv6Addr::from(0xffff_u128 << 32)), 96);
            match mapped {
                Ok(block) if network.contains(&block) && prefix > 0 => {
                    Err(AllowlistError::MappedPrefix(entry.to_owned()))
                }
                _ => Ok(network),
            }
        }
    }
}

/// An allowlist cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowlistError {
    /// An entry without text.
    #[error("an entry of the allowlist is empty; write a network such as 203.0.113.0/24")]
    Empty,
    /// Not an address.
    #[error(
        "{0:?} is not an IP address or network; write one such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32"
    )]
    NotAnAddress(String),
    /// A prefix length that the address cannot have.
    #[error("{entry:?} has a prefix length that is not a number from 0 to {bits}")]
    Prefix {
        /// The entry as it was typed.
        entry: String,
        /// The most that the address can have.
        bits: u8,
    },
    /// An address with a prefix length that does not end where the address does.
    #[error(
        "{entry:?} has address bits behind its prefix length; write {network} for the network, or {address} for the one address"
    )]
    HostBits {
        /// The entry as it was typed.
        entry: String,
        /// The network that it lies in.
        network: IpNet,
        /// The address alone.
        address: IpNet,
    },
    /// A network that holds all of IPv4's mapped addresses and more.
    #[error(
        "{0:?} is wider than the block ::ffff:0:0/96 that stands for IPv4; write 0.0.0.0/0 for all of IPv4 and ::/0 for all of IPv6"
    )]
    MappedPrefix(String),
    /// More networks than a list may have.
    #[error("{0} entries are more than the {MAX_NETWORKS} that an allowlist may have")]
    TooMany(usize),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(entries: &[&str]) -> Allowlist {
        Allowlist::parse(entries).unwrap()
    }

    fn allows(entries: &[&str], source: &str) -> bool {
        list(entries).allows(source.parse().unwrap())
    }

    #[test]
    fn an_empty_list_allows_any_source_and_contains_none() {
        assert!(allows(&[], "203.0.113.7"));
        assert!(!list(&[]).contains("203.0.113.7".parse().unwrap()));
    }

    #[test]
    fn networks_and_addresses_are_matched() {
        let entries = ["203.0.113.0/24", "192.0.2.7", "2001:db8::/32"];
        for inside in [
            "203.0.113.0",
            "203.0.113.255",
            "192.0.2.7",
            "2001:db8::1",
            "::ffff:203.0.113.9",
        ] {
            assert!(allows(&entries, inside), "{inside}");
        }
        for outside in [
            "203.0.114.0",
            "192.0.2.8",
            "2001:db9::1",
            "::203.0.113.9",
            "::ffff:192.0.2.8",
        ] {
            assert!(!allows(&entries, outside), "{outside}");
        }
    }

    #[test]
    fn mapped_networks_are_ipv4() {
        assert_eq!(
            list(&["::ffff:192.0.2.0/120"]).to_strings(),
            ["192.0.2.0/24"]
        );
        assert_eq!(list(&["::ffff:192.0.2.7"]).to_strings(), ["192.0.2.7/32"]);
    }

    #[test]
    fn overlaps_are_merged_and_put_in_order() {
        let merged = list(&[
            "2001:db8::/32",
            "10.1.0.0/16",
            "10.0.0.0/8",
            "10.0.0.0/9",
            "192.0.2.0/25",
            "192.0.2.128/25",
        ]);
        assert_eq!(
            merged.to_strings(),
            ["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"]
        );
        assert_eq!(list(&["::/0"]).to_strings(), ["::/0"]);
    }

    #[test]
    fn what_was_merged_is_told() {
        let typed = [
            "10.0.0.0/9",
            "10.128.0.0/9",
            "10.1.0.0/16",
            "::1",
            "192.0.2.7",
            "no",
        ];
        let kept = list(&typed[..5]);
        let merged: Vec<_> = kept
            .merged(&typed)
            .map(|(it, by)| format!("{it} {by}"))
            .collect();
        assert_eq!(
            merged,
            [
                "10.0.0.0/9 10.0.0.0/8",
                "10.128.0.0/9 10.0.0.0/8",
                "10.1.0.0/16 10.0.0.0/8"
            ]
        );
    }

    #[test]
    fn every_family_is_a_list_of_its_own() {
        assert!(!allows(&["0.0.0.0/0"], "2001:db8::1"));
        assert!(!allows(&["::/0"], "192.0.2.1"));
    }

    #[test]
    fn errors_name_the_entry_and_what_to_write() {
        for (entry, expected) in [
            ("", "is empty"),
            ("localhost", "not an IP address"),
            ("203.0.113", "not an IP address"),
            ("203.0.113.007", "not an IP address"),
            ("203.0.113.0/33", "from 0 to 32"),
            ("2001:db8::/129", "from 0 to 128"),
            ("203.0.113.0/+8", "from 0 to 32"),
            ("203.0.113.0/024", "from 0 to 32"),
            (
                "203.0.113.7/24",
                "203.0.113.0/24 for the network, or 203.0.113.7/32",
            ),
            ("::ffff:0:0/90", "0.0.0.0/0"),
            ("::/1", "0.0.0.0/0"),
        ] {
            let error = Allowlist::parse(&[entry]).unwrap_err().to_string();
            assert!(error.contains(expected), "{entry}: {error}");
        }
        let many = vec!["192.0.2.1"; MAX_NETWORKS + 1];
        assert_eq!(Allowlist::parse(&many), Err(AllowlistError::TooMany(1_001)));
    }

    /// Networks within a small space, so that they overlap and sources hit them.
    fn networks() -> impl Strategy<Value = Vec<IpNet>> {
        let v4 = (any::<u8>(), 24..=32u8).prop_map(|(host, prefix)| {
            IpNet::new(IpAddr::from([192, 0, 2, host]), prefix)
                .unwrap()
                .trunc()
        });
        let v6 = (any::<u8>(), 120..=128u8).prop_map(|(host, prefix)| {
            let address = Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(host));
            IpNet::new(address.into(), prefix).unwrap().trunc()
        });
        prop::collection::vec(prop_oneof![v4, v6], 1..12)
    }

    proptest! {
        #[test]
        fn it_allows_what_any_single_network_holds(networks in networks(), host in any::<u8>(), family in 0..3u8) {
            let text: Vec<_> = networks.iter().map(ToString::to_string).collect();
            let list = Allowlist::parse(&text).unwrap();
            let source: IpAddr = match family {
                0 => IpAddr::from([192, 0, 2, host]),
                1 => Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(host)).into(),
                _ => std::net::Ipv4Addr::new(192, 0, 2, host).to_ipv6_mapped().into(),
            };
            let naive = networks.iter().any(|network| network.contains(&normalise(source)));
            prop_assert_eq!(list.allows(source), naive);
            prop_assert_eq!(Allowlist::parse(&list.to_strings()), Ok(list));
        }

        #[test]
        fn hostile_entries_never_panic(entry in "[0-9a-f:./ %]{0,40}") {
            let _ = Allowlist::parse(&[entry]);
        }
    }
}
