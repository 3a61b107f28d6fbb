//! Tokens that were fetched with keys of the open vault. They go when it is locked.

use std::collections::HashMap;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::SecretText;

/// The most tokens that are kept; one more empties the place first.
const MOST: usize = 1_000;

/// Tokens by what they were fetched with.
#[derive(Default)]
pub(crate) struct Tokens(HashMap<[u8; 32], Held>);

struct Held {
    token: SecretText,
    until: UnixMillis,
}

impl Tokens {
    /// A token that is still of use at `now`.
    pub(crate) fn find(&self, key: &[u8; 32], now: UnixMillis) -> Option<SecretText> {
        let held = self.0.get(key).filter(|held| now < held.until)?;
        Some(SecretText::new(held.token.expose_secret().to_owned()))
    }

    /// Keeps a token in the place of the one before it.
    pub(crate) fn hold(&mut self, key: [u8; 32], token: SecretText, until: UnixMillis) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key, Held { token, until });
    }

    /// Drops a token that was refused, so that the next request fetches another one.
    pub(crate) fn forget(&mut self, key: &[u8; 32]) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_until_its_end_or_until_it_is_refused() {
        let mut tokens = Tokens::default();
        let token = || SecretText::new("token".to_owned());
        tokens.hold([1; 32], token(), UnixMillis(10));
        assert!(
            tokens
                .find(&[1; 32], UnixMillis(9))
                .is_some_and(|found| found == token())
        );
        assert!(tokens.find(&[1; 32], UnixMillis(10)).is_none());
        assert!(tokens.find(&[2; 32], UnixMillis(9)).is_none());
        tokens.forget(&[1; 32]);
        assert!(tokens.find(&[1; 32], UnixMillis(9)).is_none());
    }
}
