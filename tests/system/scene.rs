//! What most scenarios start from: an open vault and a running platform in one home.

use std::{env, time::Duration};

use serde_json::Value;
use strongroom_contract::explain::Rule;
use strongroom_testkit::{Home, Platform, Vault};

/// How often a counted scenario runs what `make test` runs once.
pub(crate) fn soak() -> u32 {
    let factor = env::var("STRONGROOM_SOAK").map(|factor| factor.parse());
    match factor {
        Ok(factor) => factor.expect("STRONGROOM_SOAK is a number"),
        Err(_) => 1,
    }
}

/// A running platform, to ask things of from a home.
pub(crate) struct Scene<'home> {
    pub(crate) home: &'home Home,
    pub(crate) vault: Vault<'home>,
    pub(crate) platform: Platform,
}

impl<'home> Scene<'home> {
    /// An open vault and a platform with a virtual clock.
    pub(crate) fn open(home: &'home Home) -> Self {
        let vault = Vault::create(home);
        let _ = vault.unlock(&["--allow-read"]).exited(0);
        Self {
            home,
            vault,
            platform: Platform::start(home, &["--virtual-clock"]),
        }
    }

    /// Issues a key into the vault; its public id.
    pub(crate) fn issue(&self, name: &str, arguments: &[&str]) -> String {
        let created = self.platform.issue(self.home, name, arguments);
        created["app_id"].as_str().unwrap().to_owned()
    }

    /// Sends a request to a path of the platform, signed with a key of the vault; the exchange.
    pub(crate) fn send(&self, method: &str, path: &str, key: &str, arguments: &[&str]) -> Value {
        let url = self.platform.url(path);
        let mut command = vec!["send", "--json", method, &url, "--key", key];
        command.extend(arguments);
        self.home.run(&command).document()
    }

    /// Sends `GET ping` and expects this status; the exchange.
    pub(crate) fn ping(&self, key: &str, status: u16) -> Value {
        let exchange = self.send("GET", "/api/v1/ping", key, &[]);
        assert_eq!(exchange["status"], status, "{exchange}");
        exchange
    }

    /// Runs a `platform` command that has to succeed; its document.
    pub(crate) fn manage(&self, arguments: &[&str]) -> Value {
        let mut command = vec!["platform"];
        command.extend(arguments);
        command.push("--json");
        self.home.run(&command).document()
    }

    /// Advances the platform's clock.
    pub(crate) fn pass(&self, time: Duration) {
        let _ = self.manage(&["clock", "advance", &format!("{}s", time.as_secs())]);
    }

    /// Asks why `exchange` was refused, and expects `rule` with all that a person needs to go on.
    pub(crate) fn expect_refusal(&self, exchange: &Value, rule: Rule) -> Value {
        let id = exchange["request_id"].as_str().expect("a request id");
        let explanation = self.home.run(&["explain", "--json", id]).document();
        assert_eq!(explanation["request_id"], id);
        assert_eq!(explanation["decision"], "refused", "{explanation}");
        assert_eq!(explanation["rule"], rule.id(), "{explanation}");
        for sentence in ["cause", "fix"] {
            assert!(!text(&explanation[sentence]).is_empty(), "{explanation}");
        }
        let checks = explanation["checks"].as_array().unwrap();
        let order: Vec<&str> = checks.iter().map(|check| text(&check["rule"])).collect();
        assert_eq!(order, Rule::PIPELINE.map(Rule::id), "every rule, in order");
        for (check, known) in checks.iter().zip(Rule::PIPELINE) {
            match known.cmp(&rule) {
                std::cmp::Ordering::Less => assert_ne!(check["outcome"], "failed", "{check}"),
                std::cmp::Ordering::Equal => {
                    assert_eq!(check["outcome"], "failed", "{check}");
                    for part in ["observed", "expected", "fix"] {
                        assert!(!text(&check[part]).is_empty(), "{check}");
                    }
                }
                std::cmp::Ordering::Greater => assert_ne!(check["outcome"], "passed", "{check}"),
            }
        }
        explanation
    }
}

/// The text of a JSON value; empty if it is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The value of a header of an exchange's answer.
pub(crate) fn header<'exchange>(exchange: &'exchange Value, name: &str) -> Option<&'exchange str> {
    let headers = exchange["headers"].as_array()?;
    let found = headers
        .iter()
        .find(|pair| text(&pair[0]).eq_ignore_ascii_case(name))?;
    found[1].as_str()
}
