//! Allowlists as they are typed, and changes to one entry of what a key may.

use strongroom_contract::{
    error::Failure,
    manage::{KeyView, SetAllowlist, SetScopes},
    window::AllowlistCheck,
};
use strongroom_policy::allowlist::Allowlist;

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
    fn the_first_entry_that_is_wrong_is_named() {
        let AllowlistCheck::Unreadable(problem) = check_allowlist("10.0.0.1, 10.0.0.300") else {
            panic!("it was read");
        };
        assert!(problem.contains("10.0.0.300"), "{problem}");
    }
}
