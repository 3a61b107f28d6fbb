//! What holds for every request: the platform's keys and the proxies it trusts.

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{Key, framing::Frame, mac::HmacSha256, random, signature::PublicKey};

use crate::{
    allowlist::Allowlist,
    credential::{
        AppId, Environment, Pepper, Secret, SecretId, SecretKey, SecretSealer, StoredTag,
    },
    key::{ClientId, KeyRecord, Secrets},
    limiter::Limit,
    public_key::RegisteredKey,
    scopes::Scopes,
    source::Proxies,
    token::RevokedTokens,
};

/// The platform's keys, as they lie in its state directory: random, and independent of each other.
#[derive(Clone, Copy)]
pub struct PlatformKeys<'a> {
    /// What secrets are stored under ([`Pepper`]).
    pub pepper: &'a Key,
    /// What the secrets of keys that may sign are sealed with ([`SecretSealer`]).
    pub store: &'a Key,
    /// What access tokens are signed with.
    pub token: &'a Key,
}

/// What holds for every request. Made once, when the platform starts.
pub struct Platform {
    pub(crate) pepper: Pepper,
    pub(crate) sealer: SecretSealer,
    pub(crate) token_key: HmacSha256,
    pub(crate) nonce_key: HmacSha256,
    pub(crate) proxies: Proxies,
    /// The record that stands in for one that there is not, so that an unknown id takes the same
    /// work as a wrong secret. Nobody knows its secret.
    pub(crate) stranger: KeyRecord,
}

impl Platform {
    /// Prepares the keys.
    #[must_use]
    pub fn new(keys: PlatformKeys<'_>, proxies: Proxies) -> Self {
        let sealer = SecretSealer::new(keys.store);
        let stranger = stranger(&sealer);
        Self {
            pepper: Pepper::new(keys.pepper),
            sealer,
            token_key: HmacSha256::from(keys.token),
            nonce_key: HmacSha256::from(
                &keys.pepper.derive(&Frame::of("strongroom nonce hash v1")),
            ),
            proxies,
            stranger,
        }
    }

    /// The proxies that are believed.
    #[must_use]
    pub fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// What presented secrets are compared under.
    #[must_use]
    pub fn pepper(&self) -> &Pepper {
        &self.pepper
    }

    /// What secrets of keys that may sign are sealed with.
    #[must_use]
    pub fn sealer(&self) -> &SecretSealer {
        &self.sealer
    }

    /// Makes a new secret, and the record of it: sealed too if the key may sign.
    #[must_use]
    pub fn new_secret(
        &self,
        app_id: AppId,
        id: SecretId,
        may_sign: bool,
        now: UnixMillis,
    ) -> (SecretKey, Secret) {
        let secret = SecretKey::generate(app_id.environment());
        let record = Secret {
            id,
            tag: self.pepper.stored_tag(secret.expose_secret()),
            sealed: may_sign.then(|| self.sealer.seal(app_id, id, &secret)),
            created: now,
            retire_at: None,
        };
        (secret, record)
    }
}

fn stranger(sealer: &SecretSealer) -> KeyRecord {
    let app_id = AppId::generate(Environment::Test);
    let id = SecretId::NOBODY;
    let mut secrets = Secrets::first(Secret {
        id,
        tag: StoredTag::from_bytes(random::bytes()),
        sealed: Some(sealer.seal(app_id, id, &SecretKey::generate(Environment::Test))),
        created: UnixMillis(0),
        retire_at: None,
    });
    // Without one, which takes a machine without randomness, only the time would differ.
    if let Ok(key) = PublicKey::of_nobody() {
        secrets = secrets.with(RegisteredKey {
            id,
            key,
            created: UnixMillis(0),
            ended: None,
        });
    }
    KeyRecord {
        app_id,
        client: ClientId::generate(),
        name: String::new(),
        note: String::new(),
        created: UnixMillis(0),
        not_before: None,
        expires: None,
        revoked: None,
        secrets,
        limit: Limit::DEFAULT,
        daily_quota: None,
        delay: None,
        allow: Allowlist::default(),
        scopes: Scopes::default(),
        may_sign: true,
        revoked_tokens: RevokedTokens::default(),
    }
}
