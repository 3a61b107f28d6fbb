//! What a scheme is told beside the credential: a region, a header's name, a provider's own canonical
//! form. None of it is secret.

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use strongroom_crypto::{SecretBytes, SecretText};

use crate::scheme::Scheme;

/// The bytes of a secret are its text's.
pub(crate) const SECRET_ENCODING: &str = "secret_encoding";

/// One setting that a scheme knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it says, in a few words.
    pub about: &'static str,
    /// A value that it could have.
    pub example: &'static str,
    /// Whether nothing works without it.
    pub required: bool,
}

impl Setting {
    pub(crate) const fn optional(
        name: &'static str,
        about: &'static str,
        example: &'static str,
    ) -> Self {
        Self {
            name,
            about,
            example,
            required: false,
        }
    }

    pub(crate) const fn required(
        name: &'static str,
        about: &'static str,
        example: &'static str,
    ) -> Self {
        Self {
            name,
            about,
            example,
            required: true,
        }
    }

    /// The encoding of a shared secret, which several schemes can be told.
    pub(crate) const fn secret_encoding() -> Self {
        Self::optional(
            SECRET_ENCODING,
            "utf8, hex, base64 or base64url (utf8)",
            "base64",
        )
    }
}

/// Settings by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    pub(crate) const NONE: &'static Self = &Self::new();

    /// No settings.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The value of `name`, if it is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// These settings, with those of `other` in the place of the same names.
    #[must_use]
    pub fn overridden_by(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that `scheme` knows every name, and that every value is one.
    ///
    /// # Errors
    ///
    /// [`SettingError`] for the first that is not.
    pub fn check(&self, scheme: Scheme) -> Result<(), SettingError> {
        self.check_names(scheme)?;
        for setting in scheme.settings() {
            if setting.required {
                self.needed(setting.name)?;
            }
        }
        scheme.check_values(self)
    }

    /// The same for settings that are kept for later: one that is required may be given then.
    ///
    /// # Errors
    ///
    /// [`SettingError`] for the first that the scheme does not know or that is none.
    pub fn check_given(&self, scheme: Scheme) -> Result<(), SettingError> {
        self.check_names(scheme)?;
        match scheme.check_values(self) {
            Err(SettingError::Missing { .. }) => Ok(()),
            checked => checked,
        }
    }

    fn check_names(&self, scheme: Scheme) -> Result<(), SettingError> {
        let known = scheme.settings();
        for name in self.0.keys() {
            if !known.iter().any(|setting| setting.name == name) {
                return Err(SettingError::Unknown {
                    name: name.clone(),
                    scheme,
                });
            }
        }
        Ok(())
    }

    pub(crate) fn needed(&self, name: &'static str) -> Result<&str, SettingError> {
        match self.get(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(SettingError::Missing { name }),
        }
    }

    pub(crate) fn flag(&self, name: &'static str, default: bool) -> Result<bool, SettingError> {
        match self.get(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(SettingError::malformed(name, "true or false")),
        }
    }

    pub(crate) fn seconds(&self, name: &'static str) -> Result<Option<u64>, SettingError> {
        self.get(name)
            .map(|text| text.parse().ok().filter(|&seconds: &u64| seconds > 0))
            .map(|parsed| {
                parsed.ok_or_else(|| SettingError::malformed(name, "a number of seconds above 0"))
            })
            .transpose()
    }

    /// How the secret's text stands for its bytes.
    pub(crate) fn secret_encoding(&self) -> Result<Encoding, SettingError> {
        Encoding::read(self, SECRET_ENCODING, Encoding::Utf8)
    }
}

impl FromIterator<(String, String)> for Settings {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl From<&BTreeMap<String, String>> for Settings {
    fn from(pairs: &BTreeMap<String, String>) -> Self {
        Self(pairs.clone())
    }
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// The text's own UTF-8.
    Utf8,
    /// Lower case.
    Hex,
    /// With padding.
    Base64,
    /// Without padding.
    Base64Url,
}

impl Encoding {
    pub(crate) fn read(
        settings: &Settings,
        name: &'static str,
        default: Self,
    ) -> Result<Self, SettingError> {
        match settings.get(name) {
            None => Ok(default),
            Some("utf8") => Ok(Self::Utf8),
            Some("hex") => Ok(Self::Hex),
            Some("base64") => Ok(Self::Base64),
            Some("base64url") => Ok(Self::Base64Url),
            Some(_) => Err(SettingError::malformed(
                name,
                "utf8, hex, base64 or base64url",
            )),
        }
    }

    /// The bytes that `text` stands for; `None` if it is not written so.
    pub(crate) fn decode(self, text: &SecretText) -> Option<SecretBytes> {
        let text = text.expose_secret();
        let unpadded = text.trim_end_matches('=');
        let bytes = match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Hex => hex::decode(text).ok()?,
            Self::Base64 => BASE64_STANDARD_NO_PAD.decode(unpadded).ok()?,
            Self::Base64Url => BASE64_URL_SAFE_NO_PAD.decode(unpadded).ok()?,
        };
        Some(SecretBytes::new(bytes))
    }

    /// `bytes` as text; as hex where they were to be text of their own.
    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 | Self::Hex => hex::encode(bytes),
            Self::Base64 => BASE64_STANDARD.encode(bytes),
            Self::Base64Url => BASE64_URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}

/// A setting can't be used. Names it, and never repeats its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The scheme has no such setting.
    #[error(
        "the scheme {scheme} has no setting {name:?}; it has {}",
        known(*scheme)
    )]
    Unknown {
        /// Its name.
        name: String,
        /// The scheme.
        scheme: Scheme,
    },
    /// The scheme can do nothing without it.
    #[error("the setting {name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// Its value makes no sense.
    #[error("the setting {name} is not {expected}")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// What it should be.
        expected: String,
    },
}

impl SettingError {
    pub(crate) fn malformed(name: &'static str, expected: impl Into<String>) -> Self {
        Self::Malformed {
            name,
            expected: expected.into(),
        }
    }
}

fn known(scheme: Scheme) -> String {
    let names: Vec<&str> = scheme
        .settings()
        .iter()
        .map(|setting| setting.name)
        .collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
