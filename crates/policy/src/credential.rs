//! The form of the platform's credentials: app-ids, secret-keys and management keys.
//!
//! ```text
//! sr_app_test_ | 22 random characters (131 bits) | 6 check characters     an app-id
//! sr_sk_test_  | 32 random characters (190 bits) | 6 check characters     a secret-key
//! sr_mk_test_  | 32 random characters (190 bits) | 6 check characters     a management key
//! ```
//!
//! `live` stands in place of `test` for real money. Characters are `0-9A-Za-z`; the check characters
//! are the CRC-32 of everything before them, in base 62. So a scanner of leaked secrets recognises
//! one, and a typo is told from an unknown credential without a look-up.

mod format;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{
    Key, SecretBytes, SecretText,
    aead::{Cipher, OpenError},
    framing::Frame,
    mac::{HmacSha256, SecretTag},
    random,
};

pub use format::{Environment, Kind, Malformed, Problem};

/// The public id of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId([u8; AppId::LEN]);

impl AppId {
    /// Length of its text in bytes.
    pub const LEN: usize = Kind::AppId.len();

    /// A fresh id.
    #[must_use]
    pub fn generate(environment: Environment) -> Self {
        let mut id = [0; Self::LEN];
        id.copy_from_slice(format::generate(Kind::AppId, environment).as_bytes());
        Self(id)
    }

    /// Reads an id as it stands in a header.
    ///
    /// # Errors
    ///
    /// [`Malformed`] says whether it is something else or has a typo.
    pub fn parse(text: &[u8]) -> Result<Self, Malformed> {
        format::check(Kind::AppId, text)?;
        let mut id = [0; Self::LEN];
        id.copy_from_slice(text);
        Ok(Self(id))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII passes the check.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Which environment it belongs to.
    #[must_use]
    pub fn environment(&self) -> Environment {
        Environment::of(Kind::AppId, &self.0).unwrap_or(Environment::Test)
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AppId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text.as_bytes())
    }
}

impl Serialize for AppId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AppId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// The secret of a key: shown once when it is made, and kept as a [`StoredTag`].
pub struct SecretKey(SecretText);

impl SecretKey {
    /// A fresh secret.
    #[must_use]
    pub fn generate(environment: Environment) -> Self {
        Self(SecretText::new(format::generate(
            Kind::SecretKey,
            environment,
        )))
    }

    /// Reads a secret that was issued before.
    ///
    /// # Errors
    ///
    /// As [`SecretKey::check`].
    pub fn parse(text: SecretText) -> Result<Self, Malformed> {
        Self::check(text.expose_secret().as_bytes())?;
        Ok(Self(text))
    }

    /// Whether `text` has the form of a secret-key.
    ///
    /// # Errors
    ///
    /// [`Malformed`] says whether it is something else or has a typo; it holds no part of the text.
    pub fn check(text: &[u8]) -> Result<(), Malformed> {
        format::check(Kind::SecretKey, text)
    }

    /// Which environment a secret's text names, if it has the prefix of one.
    #[must_use]
    pub fn environment_of(text: &[u8]) -> Option<Environment> {
        Environment::of(Kind::SecretKey, text)
    }

    /// The secret's text.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

/// A credential for `/manage`. Kept as a [`StoredTag`], as a key's secret is.
pub struct ManagementKey(SecretText);

impl ManagementKey {
    /// A fresh management key.
    #[must_use]
    pub fn generate(environment: Environment) -> Self {
        Self(SecretText::new(format::generate(
            Kind::ManagementKey,
            environment,
        )))
    }

    /// Whether `text` has the form of a management key.
    ///
    /// # Errors
    ///
    /// [`Malformed`] says whether it is something else or has a typo; it holds no part of the text.
    pub fn check(text: &[u8]) -> Result<(), Malformed> {
        format::check(Kind::ManagementKey, text)
    }

    /// The key's text.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The platform's pepper, expanded: what stored tags are made under.
///
/// `tag = HMAC-SHA256(pepper, secret)`. The secrets have 190 random bits, so a slow hash would add
/// nothing but load.
pub struct Pepper(HmacSha256);

impl Pepper {
    /// Prepares the pepper.
    #[must_use]
    pub fn new(pepper: &Key) -> Self {
        Self(HmacSha256::from(pepper))
    }

    /// The tag of a presented secret, to be compared with a stored one.
    #[must_use]
    pub fn tag(&self, secret: &[u8]) -> SecretTag {
        self.0.tag(&[secret])
    }

    /// The tag of a new secret, to be stored.
    #[must_use]
    pub fn stored_tag(&self, secret: &str) -> StoredTag {
        StoredTag(self.tag(secret.as_bytes()).into_public())
    }
}

/// The stored form of a secret: its tag under the pepper. Worth nothing without the pepper and the
/// secret, yet never shown.
#[derive(Clone, Copy)]
pub struct StoredTag([u8; StoredTag::LEN]);

impl StoredTag {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// A tag as it was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The tag's bytes, to be stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Whether `presented` is this tag, in constant time.
    #[must_use]
    pub fn matches(&self, presented: &SecretTag) -> bool {
        presented.matches(&self.0)
    }
}

/// Seals the secrets of keys that may sign, since a verifier of a MAC needs the secret itself.
///
/// `sealed = AES-256-GCM(store key, aad = frame("strongroom platform secret v1", app-id, secret id))`
pub struct SecretSealer(Cipher);

impl SecretSealer {
    /// Prepares the store key.
    #[must_use]
    pub fn new(store_key: &Key) -> Self {
        Self(Cipher::new(store_key))
    }

    /// Seals a key's secret to its place.
    #[must_use]
    pub fn seal(&self, app_id: AppId, id: SecretId, secret: &SecretKey) -> Vec<u8> {
        let text = secret.expose_secret().as_bytes();
        self.0.seal(Self::aad(app_id, id).as_bytes(), text)
    }

    /// Opens what [`SecretSealer::seal`] made for the same place.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the bytes were changed or belong elsewhere.
    pub fn open(
        &self,
        app_id: AppId,
        id: SecretId,
        sealed: &[u8],
    ) -> Result<SecretBytes, OpenError> {
        self.0.open(Self::aad(app_id, id).as_bytes(), sealed)
    }

    fn aad(app_id: AppId, id: SecretId) -> Frame {
        Frame::of("strongroom platform secret v1")
            .bytes(app_id.as_str().as_bytes())
            .number(id.0.into())
    }
}

/// Numbers the secrets of one key, from 1 on; never used again after a secret is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretId(pub u32);

impl SecretId {
    /// The number of a secret that nobody has: it stands where a key has none.
    pub(crate) const NOBODY: Self = Self(0);
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One secret of a key, as the platform keeps it.
#[derive(Clone)]
pub struct Secret {
    /// Its number within the key.
    pub id: SecretId,
    /// Its tag under the pepper.
    pub tag: StoredTag,
    /// The secret itself, sealed ([`SecretSealer`]): only of keys that may sign.
    pub sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created: UnixMillis,
    /// From when on it no longer counts; never if absent.
    pub retire_at: Option<UnixMillis>,
}

impl Secret {
    /// A secret that nobody has and that never counted: what is presented to a key without a secret is
    /// compared with it, so that this takes the same work as any other.
    pub(crate) fn of_nobody() -> Self {
        Self {
            id: SecretId::NOBODY,
            tag: StoredTag::from_bytes(random::bytes()),
            sealed: None,
            created: UnixMillis(0),
            retire_at: Some(UnixMillis(0)),
        }
    }

    /// Whether it still counts.
    #[must_use]
    pub fn is_live(&self, now: UnixMillis) -> bool {
        self.retire_at.is_none_or(|retire_at| now < retire_at)
    }

    /// Lets it count until `at`, if it does not end before.
    pub(crate) fn retire_from(&mut self, at: UnixMillis) {
        self.retire_at = Some(self.retire_at.map_or(at, |earlier| earlier.min(at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_in_its_own_place_alone() {
        let sealer = SecretSealer::new(&Key::random());
        let (id, other) = (
            AppId::generate(Environment::Test),
            AppId::generate(Environment::Test),
        );
        let secret = SecretKey::generate(Environment::Test);
        let sealed = sealer.seal(id, SecretId(1), &secret);
        let opened = sealer.open(id, SecretId(1), &sealed).unwrap();
        assert_eq!(opened.expose_secret(), secret.expose_secret().as_bytes());
        assert!(sealer.open(id, SecretId(2), &sealed).is_err());
        assert!(sealer.open(other, SecretId(1), &sealed).is_err());
    }

    #[test]
    fn a_tag_matches_its_own_secret_and_pepper_alone() {
        let pepper = Pepper::new(&Key::random());
        let secret = SecretKey::generate(Environment::Live);
        let stored = pepper.stored_tag(secret.expose_secret());
        let stored = StoredTag::from_bytes(*stored.as_bytes());
        let presented = secret.expose_secret().as_bytes();
        assert!(stored.matches(&pepper.tag(presented)));
        assert!(!stored.matches(&pepper.tag(&presented[1..])));
        assert!(!stored.matches(&Pepper::new(&Key::random()).tag(presented)));
    }

    #[test]
    fn ids_survive_text_and_json() {
        for environment in [Environment::Test, Environment::Live] {
            let id = AppId::generate(environment);
            assert_eq!(id.environment(), environment);
            assert_eq!(id.to_string().parse(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<AppId>(&json).unwrap(), id);
        }
        assert!(serde_json::from_str::<AppId>("\"sr_app_test_short\"").is_err());
    }
}
