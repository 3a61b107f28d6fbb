//! A key as the platform keeps it, and whether it can be used now.

use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use strongroom_contract::{manage::KeyState, time::UnixMillis};
use strongroom_crypto::{random, signature::PublicKey};

use crate::{
    allowlist::Allowlist,
    credential::{AppId, Secret, SecretId},
    delay::Delay,
    limiter::Limit,
    public_key::RegisteredKey,
    scopes::Scopes,
    token::RevokedTokens,
};

/// A key: what `decide` knows about who is calling.
#[derive(Clone)]
pub struct KeyRecord {
    /// Its public id.
    pub app_id: AppId,
    /// The client that it belongs to.
    pub client: ClientId,
    /// Its name, for people.
    pub name: String,
    /// What its owner noted about it; may be empty.
    pub note: String,
    /// When it was made.
    pub created: UnixMillis,
    /// From when on it can be used; always if absent.
    pub not_before: Option<UnixMillis>,
    /// From when on it no longer can; never if absent.
    pub expires: Option<UnixMillis>,
    /// When it was revoked.
    pub revoked: Option<UnixMillis>,
    /// Its secrets.
    pub secrets: Secrets,
    /// Accepted requests in every rolling minute.
    pub limit: Limit,
    /// Accepted requests in a day (UTC); as many as the limit allows if absent.
    pub daily_quota: Option<NonZeroU32>,
    /// How long a request over its limits may wait for a slot; refused at once if absent.
    pub delay: Option<Delay>,
    /// Where it may be used from; anywhere if empty.
    pub allow: Allowlist,
    /// What it may do.
    pub scopes: Scopes,
    /// Whether it may sign requests with its secret, which then is kept sealed too.
    pub may_sign: bool,
    /// Its access tokens that were revoked before their time.
    pub revoked_tokens: RevokedTokens,
}

impl KeyRecord {
    /// Whether it can be used now. Revoked is for good, whatever the clock says.
    #[must_use]
    pub fn state(&self, now: UnixMillis) -> KeyState {
        if self.revoked.is_some() {
            KeyState::Revoked
        } else if self.expires.is_some_and(|expires| expires <= now) {
            KeyState::Expired
        } else if self.not_before.is_some_and(|not_before| now < not_before) {
            KeyState::NotYet
        } else if self.secrets.live(now).count() > 1 {
            KeyState::Rotating
        } else {
            KeyState::Active
        }
    }
}

/// The secrets of a key: one, or two while it rotates. Beside them, or in their place, stands the public
/// key that is registered with it, numbered with them.
#[derive(Clone)]
pub struct Secrets {
    newest: Secret,
    older: Option<Secret>,
    registered: Option<Box<RegisteredKey>>,
}

impl Secrets {
    /// The secrets of a new key.
    #[must_use]
    pub fn first(secret: Secret) -> Self {
        Self {
            newest: secret,
            older: None,
            registered: None,
        }
    }

    /// Of a key that has no secret, and a public key alone.
    #[must_use]
    pub fn none_but(registered: RegisteredKey) -> Self {
        Self {
            newest: Secret::of_nobody(),
            older: None,
            registered: Some(Box::new(registered)),
        }
    }

    /// The same with a public key.
    pub(crate) fn with(self, registered: RegisteredKey) -> Self {
        Self {
            registered: Some(Box::new(registered)),
            ..self
        }
    }

    /// As they were kept: the newest and, if there is one, the older one behind it, with a public key or
    /// without; or a public key alone. `None` if there is neither.
    #[must_use]
    pub fn kept(mut newest_first: Vec<Secret>, registered: Option<RegisteredKey>) -> Option<Self> {
        let Some(oldest) = newest_first.pop() else {
            return registered.map(Self::none_but);
        };
        let mut secrets = match registered {
            Some(registered) => Self::first(oldest).with(registered),
            None => Self::first(oldest),
        };
        if let Some(newest) = newest_first.pop() {
            secrets.add(newest, UnixMillis(0)).ok()?;
        }
        Some(secrets)
    }

    /// Registers a public key, in place of the one that there may be.
    pub fn register(&mut self, key: PublicKey, now: UnixMillis) {
        self.registered = Some(Box::new(RegisteredKey {
            id: self.next_id(),
            key,
            created: now,
            ended: None,
        }));
    }

    /// Ends the public key.
    ///
    /// # Errors
    ///
    /// [`UnregisterError`] if there is none, or no secret is live beside it; nothing was changed.
    pub fn unregister(&mut self, now: UnixMillis) -> Result<(), UnregisterError> {
        let has_secret = self.live(now).next().is_some();
        let registered = self.registered.as_mut().filter(|it| it.is_live(now));
        let registered = registered.ok_or(UnregisterError::None)?;
        if !has_secret {
            return Err(UnregisterError::Last);
        }
        registered.ended = Some(now);
        Ok(())
    }

    /// The public key that signatures are verified with now.
    #[must_use]
    pub fn public_key(&self, now: UnixMillis) -> Option<&RegisteredKey> {
        self.registered()
            .filter(|registered| registered.is_live(now))
    }

    /// The public key that is kept, ended or not.
    #[must_use]
    pub fn registered(&self) -> Option<&RegisteredKey> {
        self.registered.as_deref()
    }

    /// Whether the secret or public key of this number counts now.
    #[must_use]
    pub fn counts(&self, id: SecretId, now: UnixMillis) -> bool {
        self.live(now).any(|secret| secret.id == id)
            || self
                .public_key(now)
                .is_some_and(|registered| registered.id == id)
    }

    /// Whether the secret or public key of this number is kept, live or not.
    #[must_use]
    pub fn has(&self, id: SecretId) -> bool {
        self.iter().any(|secret| secret.id == id)
            || self
                .registered()
                .is_some_and(|registered| registered.id == id)
    }

    /// Whether there is a secret at all, live or not.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.iter().next().is_some()
    }

    /// Adds a secret; the one that is live goes on beside it.
    ///
    /// # Errors
    ///
    /// [`TooManySecrets`] if two are live already: retire one first.
    pub fn add(&mut self, secret: Secret, now: UnixMillis) -> Result<(), TooManySecrets> {
        let older = match &self.older {
            Some(older) if older.is_live(now) => {
                if self.newest.is_live(now) {
                    return Err(TooManySecrets);
                }
                older.clone()
            }
            _ => self.newest.clone(),
        };
        self.older = Some(older);
        self.newest = secret;
        Ok(())
    }

    /// Retires a secret from `at` on; `None` if there is no secret of this id.
    pub fn retire(&mut self, id: SecretId, at: UnixMillis) -> Option<()> {
        let secret = std::iter::once(&mut self.newest)
            .chain(&mut self.older)
            .find(|secret| secret.id == id)?;
        secret.retire_from(at);
        Some(())
    }

    /// Adds a secret that takes over: the one that was the newest goes on beside it for `overlap`.
    ///
    /// # Errors
    ///
    /// [`TooManySecrets`] as for [`Secrets::add`]; nothing was changed.
    pub fn rotate(
        &mut self,
        secret: Secret,
        overlap: Duration,
        now: UnixMillis,
    ) -> Result<(), TooManySecrets> {
        self.add(secret, now)?;
        if let Some(older) = &mut self.older {
            older.retire_from(now.after(overlap));
        }
        Ok(())
    }

    /// Ends one of two live secrets. If that is the newest, a rotation is taken back: the older one
    /// goes on without an end.
    ///
    /// # Errors
    ///
    /// [`EndError`]; nothing was changed.
    pub fn end(&mut self, id: SecretId, now: UnixMillis) -> Result<(), EndError> {
        if self.iter().all(|secret| secret.id != id) {
            return Err(EndError::Unknown(id));
        }
        if self.live(now).all(|secret| secret.id != id) {
            return Err(EndError::Ended(id));
        }
        if self.live(now).count() < 2 {
            return Err(EndError::Last(id));
        }
        if self.newest.id == id {
            self.newest.retire_from(now);
            if let Some(older) = &mut self.older {
                older.retire_at = None;
            }
        } else if let Some(older) = &mut self.older {
            older.retire_from(now);
        }
        Ok(())
    }

    /// The number of the next secret or public key: none is used twice.
    #[must_use]
    pub fn next_id(&self) -> SecretId {
        let registered = self.registered().map(|registered| registered.id);
        let last = registered
            .max(Some(self.newest.id))
            .unwrap_or(self.newest.id);
        SecretId(last.0.saturating_add(1))
    }

    /// The newest and the one before it, if that is kept; retired or not.
    #[must_use]
    pub fn slots(&self) -> (&Secret, Option<&Secret>) {
        (&self.newest, self.older.as_ref())
    }

    /// The ones that count now, the newest first.
    pub fn live(&self, now: UnixMillis) -> impl Iterator<Item = &Secret> + Clone {
        self.iter().filter(move |secret| secret.is_live(now))
    }

    /// All that are kept, the newest first, retired or not: at most two.
    pub fn iter(&self) -> impl Iterator<Item = &Secret> + Clone {
        let kept = std::iter::once(&self.newest).chain(&self.older);
        kept.filter(|secret| secret.id != SecretId::NOBODY)
    }
}

/// A key has two live secrets already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key has two live secrets already; retire one of them first")]
pub struct TooManySecrets;

/// A secret of a key can't be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndError {
    /// The key has no secret of this number.
    #[error("the key has no secret {0}")]
    Unknown(SecretId),
    /// It no longer counts.
    #[error("secret {0} has ended already")]
    Ended(SecretId),
    /// No other secret is live.
    #[error("secret {0} is the key's only live one; rotate the key first, or revoke it")]
    Last(SecretId),
}

/// A public key can't be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnregisterError {
    /// There is none.
    #[error("the key has no public key")]
    None,
    /// The key has nothing else.
    #[error("the key has no secret, so its public key can only be replaced; or revoke the key")]
    Last,
}

/// The opaque id of a client: 16 random bytes, printed as hex. It stands in the audit log for good,
/// so it says nothing about who the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub [u8; ClientId::LEN]);

impl ClientId {
    /// Length in bytes.
    pub const LEN: usize = 16;

    /// A fresh id.
    #[must_use]
    pub fn generate() -> Self {
        Self(random::bytes())
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for ClientId {
    type Err = NotAClientId;

    fn from_str(text: &str) -> Result<Self, NotAClientId> {
        if text.len() != 2 * Self::LEN || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAClientId);
        }
        u128::from_str_radix(text, 16)
            .map(|number| Self(number.to_be_bytes()))
            .map_err(|_| NotAClientId)
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// A text is not the id of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client's id has 32 hex digits")]
pub struct NotAClientId;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::StoredTag;

    fn secret(id: u32) -> Secret {
        Secret {
            id: SecretId(id),
            tag: StoredTag::from_bytes([0; 32]),
            sealed: None,
            created: UnixMillis(0),
            retire_at: None,
        }
    }

    fn ids(secrets: &Secrets, now: u64) -> Vec<u32> {
        secrets.live(UnixMillis(now)).map(|it| it.id.0).collect()
    }

    #[test]
    fn at_most_two_secrets_are_live() {
        let mut secrets = Secrets::first(secret(1));
        secrets.add(secret(2), UnixMillis(10)).unwrap();
        assert_eq!(secrets.add(secret(3), UnixMillis(10)), Err(TooManySecrets));
        assert_eq!(ids(&secrets, 10), [2, 1]);
        secrets.retire(SecretId(1), UnixMillis(20)).unwrap();
        assert_eq!(ids(&secrets, 19), [2, 1]);
        assert_eq!(ids(&secrets, 20), [2]);
        secrets.add(secret(3), UnixMillis(20)).unwrap();
        assert_eq!(ids(&secrets, 20), [3, 2]);
        assert_eq!(secrets.retire(SecretId(1), UnixMillis(20)), None);
    }

    #[test]
    fn a_rotation_leaves_the_older_secret_its_overlap_and_no_more() {
        let mut secrets = Secrets::first(secret(1));
        let overlap = Duration::from_millis(50);
        let next = secrets.next_id();
        secrets
            .rotate(secret(next.0), overlap, UnixMillis(10))
            .unwrap();
        assert_eq!(ids(&secrets, 59), [2, 1]);
        assert_eq!(ids(&secrets, 60), [2]);
        let refused = secrets.rotate(secret(3), overlap, UnixMillis(59));
        assert_eq!(refused, Err(TooManySecrets));
        assert_eq!(ids(&secrets, 59), [2, 1]);
        secrets
            .rotate(secret(3), Duration::ZERO, UnixMillis(60))
            .unwrap();
        assert_eq!(ids(&secrets, 60), [3]);
    }

    #[test]
    fn a_secret_is_ended_only_while_another_one_is_live() {
        let overlap = Duration::from_millis(50);
        let mut secrets = Secrets::first(secret(1));
        let id = SecretId;
        assert_eq!(
            secrets.end(id(1), UnixMillis(0)),
            Err(EndError::Last(id(1)))
        );
        secrets.rotate(secret(2), overlap, UnixMillis(0)).unwrap();
        assert_eq!(
            secrets.end(id(7), UnixMillis(0)),
            Err(EndError::Unknown(id(7)))
        );
        secrets.end(id(1), UnixMillis(5)).unwrap();
        assert_eq!(ids(&secrets, 5), [2]);
        assert_eq!(
            secrets.end(id(1), UnixMillis(5)),
            Err(EndError::Ended(id(1)))
        );
        assert_eq!(
            secrets.end(id(2), UnixMillis(5)),
            Err(EndError::Last(id(2)))
        );
    }

    #[test]
    fn a_rotation_that_is_taken_back_leaves_the_older_secret_without_an_end() {
        let mut secrets = Secrets::first(secret(1));
        let overlap = Duration::from_millis(50);
        secrets.rotate(secret(2), overlap, UnixMillis(0)).unwrap();
        secrets.end(SecretId(2), UnixMillis(5)).unwrap();
        assert_eq!(ids(&secrets, 5_000), [1]);
        // Its number is not used again.
        assert_eq!(secrets.next_id(), SecretId(3));
        secrets
            .rotate(secret(3), overlap, UnixMillis(5_000))
            .unwrap();
        assert_eq!(ids(&secrets, 5_000), [3, 1]);
        assert_eq!(ids(&secrets, 5_050), [3]);
    }

    #[test]
    fn when_the_newest_is_retired_the_older_one_stays() {
        let mut secrets = Secrets::first(secret(1));
        secrets.add(secret(2), UnixMillis(0)).unwrap();
        secrets.retire(SecretId(2), UnixMillis(5)).unwrap();
        secrets.add(secret(3), UnixMillis(5)).unwrap();
        assert_eq!(ids(&secrets, 5), [3, 1]);
    }

    #[test]
    fn retiring_later_does_not_bring_a_secret_back() {
        let mut secrets = Secrets::first(secret(1));
        secrets.retire(SecretId(1), UnixMillis(5)).unwrap();
        secrets.retire(SecretId(1), UnixMillis(50)).unwrap();
        assert_eq!(ids(&secrets, 5), [0u32; 0]);
    }

    #[test]
    fn a_public_key_is_numbered_with_the_secrets_and_stands_alone_or_beside_them() {
        let public = PublicKey::ed25519(&[7; 32]).unwrap();
        let mut secrets = Secrets::first(secret(1));
        secrets.register(public.clone(), UnixMillis(5));
        assert_eq!(secrets.public_key(UnixMillis(5)).unwrap().id, SecretId(2));
        assert_eq!(secrets.next_id(), SecretId(3));
        assert!(secrets.counts(SecretId(1), UnixMillis(5)));
        assert!(secrets.counts(SecretId(2), UnixMillis(5)));
        secrets.unregister(UnixMillis(9)).unwrap();
        assert!(!secrets.counts(SecretId(2), UnixMillis(9)));
        assert_eq!(
            secrets.unregister(UnixMillis(9)),
            Err(UnregisterError::None)
        );
        assert_eq!(secrets.next_id(), SecretId(3), "no number is used again");

        let alone = RegisteredKey {
            id: SecretId(1),
            key: public.clone(),
            created: UnixMillis(0),
            ended: None,
        };
        let mut alone = Secrets::none_but(alone);
        assert!(!alone.has_secret());
        assert_eq!(ids(&alone, 0), [0u32; 0]);
        assert_eq!(alone.unregister(UnixMillis(1)), Err(UnregisterError::Last));
        alone.register(public, UnixMillis(1));
        assert!(!alone.counts(SecretId(1), UnixMillis(1)));
        assert!(alone.counts(SecretId(2), UnixMillis(1)));
    }

    #[test]
    fn client_ids_read_back() {
        let id = ClientId::generate();
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "",
            "00",
            "+0000000000000000000000000000000",
            "zz000000000000000000000000000000",
        ] {
            assert_eq!(wrong.parse::<ClientId>(), Err(NotAClientId), "{wrong}");
        }
    }
}
