//! The hosts that a secret may be sent to.

use std::{fmt, str::FromStr};

use strongroom_contract::error::{ErrorCode, Failure};
use url::Host;

use crate::target::{Target, host_and_port};

/// One allowed host: `host` for any port, or `host:port`. Names compare without case, final dot and
/// in their IDNA form; addresses by value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    host: Host,
    port: Option<u16>,
}

impl FromStr for HostRule {
    type Err = HostRuleError;

    fn from_str(text: &str) -> Result<Self, HostRuleError> {
        if text.contains('@') {
            return Err(HostRuleError::Credentials);
        }
        let wrong = || HostRuleError::NotAHost(text.to_owned());
        // `%` would be decoded by the host parser, and nobody reading the rule would do that.
        if text.contains(['/', '\\', '?', '#', '*', '%']) {
            return Err(wrong());
        }
        if let Ok(address) = text.parse() {
            return Ok(Self {
                host: Host::Ipv6(address),
                port: None,
            });
        }
        if text.ends_with(':') {
            return Err(wrong());
        }
        let (host, port) = host_and_port(text).ok_or_else(wrong)?;
        Ok(Self { host, port })
    }
}

impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => self.host.fmt(f),
        }
    }
}

/// Every host that a secret may be sent to. Without a rule it may be sent nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostRules(Vec<HostRule>);

impl HostRules {
    /// Reads rules as they are kept with an item.
    ///
    /// # Errors
    ///
    /// [`HostRuleError`] for the first that is not a host.
    pub fn parse<T: AsRef<str>>(rules: &[T]) -> Result<Self, HostRuleError> {
        rules
            .iter()
            .map(|rule| rule.as_ref().parse())
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a request to `target` may carry the secret.
    #[must_use]
    pub fn allow(&self, target: &Target) -> bool {
        self.allow_place(target.host(), target.port())
    }

    /// Whether a request that says `Host: authority` may carry the secret. One server can serve
    /// several hosts, so that header decides where the secret ends up as much as the target does.
    /// Without a port it means the one that is connected to.
    pub(crate) fn allow_authority(&self, authority: &str, connected: u16) -> bool {
        host_and_port(authority)
            .is_some_and(|(host, port)| self.allow_place(&host, port.unwrap_or(connected)))
    }

    fn allow_place(&self, host: &Host, port: u16) -> bool {
        self.0
            .iter()
            .any(|rule| rule.host == *host && rule.port.is_none_or(|allowed| allowed == port))
    }

    /// The rules, ready to be shown.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl FromIterator<HostRule> for HostRules {
    fn from_iter<I: IntoIterator<Item = HostRule>>(rules: I) -> Self {
        Self(rules.into_iter().collect())
    }
}

/// A rule that is not a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostRuleError {
    /// It is not `HOST`, `HOST:PORT` or `[IPv6]:PORT`.
    #[error("{0:?} is not a host: expected HOST, HOST:PORT or [IPv6]:PORT")]
    NotAHost(String),
    /// It holds a user or a password.
    #[error("the host holds a user name or a password before the @")]
    Credentials,
}

impl From<HostRuleError> for Failure {
    fn from(error: HostRuleError) -> Self {
        Self::new(ErrorCode::Usage, error.to_string())
            .hint("give a host without scheme and path, such as api.example.com or localhost:8443")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rules: &[&str], url: &str) -> bool {
        HostRules::parse(rules)
            .unwrap()
            .allow(&Target::parse(url).unwrap())
    }

    #[test]
    fn a_secret_goes_to_its_own_hosts_alone() {
        let rules = [
            "api.example.com",
            "localhost:8443",
            "[::1]:9000",
            "::2",
            "127.0.0.1",
            "Bücher.example.",
        ];
        for url in [
            "https://api.example.com/",
            "https://API.Example.Com.:8443/x",
            "https://localhost:8443/",
            "https://[::1]:9000/",
            "https://[0:0:0::1]:9000/",
            "https://[::2]/",
            "https://127.0.0.1:1/",
            "https://xn--bcher-kva.example/",
            "https://BÜCHER.example/",
        ] {
            assert!(allows(&rules, url), "{url}");
        }
        for url in [
            "https://example.com/",
            "https://evil-api.example.com/",
            "https://api.example.com.evil.org/",
            "https://sub.api.example.com/",
            "https://localhost/",
            "https://localhost:8444/",
            "https://[::1]/",
            "https://127.0.0.2/",
            "https://evil.org/?api.example.com",
        ] {
            assert!(!allows(&rules, url), "{url}");
        }
        assert!(allows(&["h:443"], "https://h/"), "the port that is meant");
        assert!(!allows(&["h:443"], "http://h/"));
        assert!(!allows(&[], "https://localhost/"), "no rule, no host");
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        for text in [
            "",
            ".",
            "https://h",
            "h/path",
            "*.example.com",
            "h:0",
            "h:x",
            "h:",
            "h:1:2",
            "a b",
            "%68ost",
            "[::1",
            "h#",
        ] {
            let wrong = HostRuleError::NotAHost(text.to_owned());
            assert_eq!(text.parse::<HostRule>(), Err(wrong), "{text:?}");
        }
        let error = "me:secret@h".parse::<HostRule>().unwrap_err();
        assert_eq!(error, HostRuleError::Credentials);
        assert!(!Failure::from(error).message.contains("secret"));
    }

    #[test]
    fn a_rule_prints_as_it_reads() {
        for text in ["api.example.com", "localhost:8443", "[::1]:9000", "[::2]"] {
            let rule: HostRule = text.parse().unwrap();
            assert_eq!(rule.to_string(), text);
        }
    }
}
