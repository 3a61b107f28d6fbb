//! Access tokens: what the platform gives for a secret, for an hour.
//!
//! A token says which of a key's secrets it was obtained with, so that it ends with that secret. It may
//! be narrowed to some of the key's scopes (RFC 6749, section 3.3), and revoked before its time
//! (RFC 7009).

use std::time::Duration;

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{SecretText, random};
use strongroom_signing::jwt::{self, Claims, JwtError};

use crate::{
    credential::{AppId, SecretId},
    platform::Platform,
    scopes::Scopes,
};

/// How long a token is valid.
pub const LIFETIME: Duration = Duration::from_secs(3_600);
/// `iss` of every token.
const ISSUER: &str = "strongroom";

/// Makes a token for a key that was accepted with `secret`, narrowed to `scopes` if there are any.
#[must_use]
pub fn issue(
    app_id: AppId,
    secret: SecretId,
    scopes: Option<Scopes>,
    now: UnixMillis,
    platform: &Platform,
) -> SecretText {
    let random = u128::from_le_bytes(random::bytes());
    let claims = Claims {
        iss: ISSUER.to_owned(),
        sub: app_id.to_string(),
        iat: now.secs(),
        exp: now.after(LIFETIME).secs(),
        jti: format!("{secret}.{random:032x}"),
        scope: scopes.map(Scopes::to_parameter),
    };
    jwt::sign(&claims, &platform.token_key).token
}

/// What a genuine token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// The header that it stood in.
    pub(crate) header: &'static str,
    /// The secret that it was obtained with.
    pub(crate) secret: SecretId,
    /// From when on it is no longer valid, in seconds.
    pub(crate) expires: u64,
    /// Its own id.
    pub(crate) id: TokenId,
    /// What it was narrowed to; all that its key may do if absent.
    pub(crate) scopes: Option<Scopes>,
}

/// The id of a token: 16 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenId(pub [u8; 16]);

/// A token that was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedToken {
    /// Which.
    pub id: TokenId,
    /// When it would have ended by itself, in seconds: from then on it need not be remembered.
    pub expires: u64,
}

/// A key's tokens that were revoked before their time. Their number is bounded by the key's limit, since
/// each was asked for and revoked within an hour.
#[derive(Debug, Clone, Default)]
pub struct RevokedTokens(Box<[RevokedToken]>);

impl RevokedTokens {
    /// Adds one, and forgets those that have ended by themselves.
    pub fn add(&mut self, revoked: RevokedToken, now: UnixMillis) {
        let kept = self
            .0
            .iter()
            .filter(|it| now.secs() < it.expires && it.id != revoked.id);
        let mut kept: Vec<_> = kept.copied().chain([revoked]).collect();
        kept.sort_unstable_by_key(|it| it.id);
        self.0 = kept.into_boxed_slice();
    }

    /// Whether this one was revoked.
    #[must_use]
    pub fn contains(&self, id: TokenId) -> bool {
        self.0.binary_search_by_key(&id, |it| it.id).is_ok()
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RevokedToken> {
        self.0.iter().copied()
    }
}

impl FromIterator<RevokedToken> for RevokedTokens {
    fn from_iter<I: IntoIterator<Item = RevokedToken>>(revoked: I) -> Self {
        let mut revoked: Vec<_> = revoked.into_iter().collect();
        revoked.sort_unstable_by_key(|it| it.id);
        Self(revoked.into_boxed_slice())
    }
}

/// Whose a token is that someone asks to revoke, and what to remember of it; `None` if it is none that
/// this platform issued.
#[must_use]
pub fn to_revoke(token: &str, platform: &Platform) -> Option<(AppId, RevokedToken)> {
    let (app_id, token) = read("", token, platform).ok()?;
    let Token { id, expires, .. } = token;
    Some((app_id, RevokedToken { id, expires }))
}

/// Reads a token that this platform issued, and which key it is of. Its time is not checked.
pub(crate) fn read(
    header: &'static str,
    token: &str,
    platform: &Platform,
) -> Result<(AppId, Token), JwtError> {
    let claims = jwt::verify(token, &platform.token_key)?;
    let ids = claims.jti.split_once('.').and_then(|(secret, id)| {
        let id = u128::from_str_radix(id, 16).ok()?;
        Some((secret.parse().ok()?, TokenId(id.to_be_bytes())))
    });
    let app_id = AppId::parse(claims.sub.as_bytes());
    let scopes = claims.scope.map(|scope| {
        let scopes: Vec<_> = scope.split_ascii_whitespace().collect();
        Scopes::parse(&scopes)
    });
    match (app_id, ids, scopes.transpose()) {
        (Ok(app_id), Some((secret, id)), Ok(scopes)) if claims.iss == ISSUER => Ok((
            app_id,
            Token {
                header,
                secret: SecretId(secret),
                expires: claims.exp,
                id,
                scopes,
            },
        )),
        _ => Err(JwtError::Claims),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revoked(id: u8, expires: u64) -> RevokedToken {
        let id = TokenId([id; 16]);
        RevokedToken { id, expires }
    }

    #[test]
    fn revoked_tokens_are_remembered_until_they_would_have_ended() {
        let mut tokens = RevokedTokens::default();
        let now = UnixMillis::from_secs(100);
        for id in [3, 1, 2, 1] {
            tokens.add(revoked(id, 100 + u64::from(id)), now);
        }
        assert_eq!(tokens.0.len(), 3);
        let has = |tokens: &RevokedTokens, id| tokens.contains(TokenId([id; 16]));
        assert!((1..=3).all(|id| has(&tokens, id)) && !has(&tokens, 4));
        tokens.add(revoked(4, 200), UnixMillis::from_secs(102));
        assert_eq!(
            [1, 2, 3, 4].map(|id| has(&tokens, id)),
            [false, false, true, true]
        );
        let stored: RevokedTokens = [revoked(9, 1), revoked(8, 1)].into_iter().collect();
        assert!(has(&stored, 8) && has(&stored, 9));
    }
}
