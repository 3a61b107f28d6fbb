//! Allowlists as they are typed, and changes to one entry of what a key may.

use strongroom_contract::{
    error::{ErrorCode, Failure},
    manage::{KeyView, SetAllowlist, SetScopes},
    window::AllowlistCheck,
};
use strongroom_policy::{
    allowlist::Allowlist,
    source::{ForwardedHeader, Proxies},
};

use crate::manage::Platform;

/// Looks at an allowlist that is being typed: networks and addresses, between commas, spaces or line
/// ends.
#[must_use]
pub fn check_allowlist(text: &str) -> AllowlistCheck {
    let between = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let entries: Vec<&str> = text.split(between).filter(|it| !it.is_empty()).collect();
    match Allowlist::parse(&entries) {
        Ok(list) => AllowlistCheck::Read(list.to_strings()),
        Err(error) => AllowlistCheck::Unreadable(error.to_string()),
    }
}

/// What was typed that is not kept as such, because it lies in another network or adjoins one: each
/// entry, and the network of `kept` that now stands for it.
#[must_use]
pub fn merged_entries(typed: &[String], kept: &[String]) -> Vec<(String, String)> {
    let Ok(kept) = Allowlist::parse(kept) else {
        return Vec::new();
    };
    let merged = kept.merged(typed);
    merged
        .map(|(entry, network)| (entry.to_owned(), network.to_string()))
        .collect()
}

/// The proxies that a platform is told to believe, and in which header.
///
/// # Errors
///
/// [`Usage`](strongroom_contract::error::ErrorCode::Usage) names the network or header that makes no
/// sense.
pub(crate) fn proxies(networks: &[String], header: Option<&str>) -> Result<Proxies, Failure> {
    let usage = |problem: String| Failure::new(ErrorCode::Usage, problem);
    let networks = Allowlist::parse(networks)
        .map_err(|error| usage(format!("a proxy can't be trusted: {error}")))?;
    let header = match header {
        None => ForwardedHeader::default(),
        Some(header) => header
            .parse()
            .map_err(|error| usage(format!("the header {header:?} can't be read: {error}")))?,
    };
    Ok(Proxies::within(networks, header))
}

/// Adds one address to a key's allowlist, whatever is on it by now. A key that any source may use
/// stays so.
///
/// # Errors
///
/// What the platform answers; [`NotFound`](strongroom_contract::error::ErrorCode::NotFound) if there
/// is no such key.
pub async fn allow_source(
    platform: &Platform,
    app_id: &str,
    address: &str,
) -> Result<KeyView, Failure> {
    let key = platform.key(app_id).await?;
    if key.allow.is_empty() {
        return Ok(key);
    }
    let mut allow = key.allow;
    allow.push(address.to_owned());
    platform
        .set_allowlist(app_id, &SetAllowlist { allow })
        .await
}

/// Adds one scope to a key's scopes, whatever they are by now.
///
/// # Errors
///
/// As [`allow_source`].
pub async fn grant_scope(
    platform: &Platform,
    app_id: &str,
    scope: &str,
) -> Result<KeyView, Failure> {
    let mut scopes = platform.key(app_id).await?.scopes;
    if !scopes.iter().any(|held| held == scope) {
        scopes.push(scope.to_owned());
    }
    platform.set_scopes(app_id, &SetScopes { scopes }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_list_is_read_and_shown_as_it_will_be_kept() {
        let read = |text: &str| match check_allowlist(text) {
            AllowlistCheck::Read(networks) => networks.join(" "),
            AllowlistCheck::Unreadable(problem) => panic!("{problem}"),
        };
        assert_eq!(read(""), "");
        assert_eq!(read(" \n"), "");
        assert_eq!(
            read("10.0.0.0/9, 10.128.0.0/9\n::ffff:192.0.2.1"),
            "10.0.0.0/8 192.0.2.1/32"
        );
    }

    #[test]
    fn what_is_not_kept_as_it_was_typed_is_told() {
        let typed = ["10.0.0.0/8", "10.1.0.0/16", "::1"].map(str::to_owned);
        let kept = ["10.0.0.0/8", "::1/128"].map(str::to_owned);
        assert_eq!(
            merged_entries(&typed, &kept),
            [("10.1.0.0/16".to_owned(), "10.0.0.0/8".to_owned())]
        );
    }

    #[test]
    fn proxies_that_make_no_sense_are_refused() {
        let list = ["10.0.0.0/8".to_owned()];
        assert!(proxies(&list, Some("Forwarded")).is_ok());
        assert!(proxies(&list, Some("x-real-ip")).is_err());
        assert!(proxies(&["10.0.0.1/8".to_owned()], None).is_err());
    }

    #[test]
    fn the_first_entry_that_is_wrong_is_named() {
        let AllowlistCheck::Unreadable(problem) = check_allowlist("10.0.0.1, 10.0.0.300") else {
            panic!("it was read");
        };
        assert!(problem.contains("10.0.0.300"), "{problem}");
    }
}
