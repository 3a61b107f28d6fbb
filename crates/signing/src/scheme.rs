//! The schemes by their ids: how a credential goes into a request.

use std::{fmt, str::FromStr};

use strongroom_contract::scheme::{SchemeView, SettingView};
use strongroom_crypto::signature;

use crate::{
    api_key,
    credential::Algorithm,
    jwt, oauth2, rfc9421,
    settings::{SECRET_ENCODING, Setting, SettingError, Settings},
    sigv4,
    template::{self, Template},
    webhook::t_v1,
};

/// How a credential goes into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `app-id` and `secret-key` headers.
    HeaderPair,
    /// The secret in one header or query parameter.
    ApiKey,
    /// `Authorization: Basic` (RFC 7617).
    Basic,
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// `access-token: TOKEN`.
    AccessToken,
    /// A token by client credentials (RFC 6749), sent as a bearer token.
    OAuth2,
    /// A token made for the request, signed with HMAC-SHA256 (RFC 7518).
    JwtHs256,
    /// The same with RSASSA-PKCS1-v1_5 and SHA-256.
    JwtRs256,
    /// The same with ECDSA on P-256.
    JwtEs256,
    /// The same with Ed25519 (RFC 8037).
    JwtEdDsa,
    /// RFC 9421 with HMAC-SHA256, and RFC 9530's content digest.
    Rfc9421HmacSha256,
    /// The same with Ed25519.
    Rfc9421Ed25519,
    /// The same with ECDSA on P-256.
    Rfc9421EcdsaP256Sha256,
    /// The same with RSASSA-PSS.
    Rfc9421RsaPssSha512,
    /// The same with RSASSA-PKCS1-v1_5.
    Rfc9421RsaV15Sha256,
    /// AWS Signature Version 4.
    SigV4,
    /// A provider's own canonical form, described by settings.
    HmacTemplate,
    /// Standard Webhooks.
    StandardWebhooks,
    /// `t=TIME,v1=SIGNATURE`, as Stripe signs webhooks.
    TV1,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 19] = [
        Self::HeaderPair,
        Self::ApiKey,
        Self::Basic,
        Self::Bearer,
        Self::AccessToken,
        Self::OAuth2,
        Self::JwtHs256,
        Self::JwtRs256,
        Self::JwtEs256,
        Self::JwtEdDsa,
        Self::Rfc9421HmacSha256,
        Self::Rfc9421Ed25519,
        Self::Rfc9421EcdsaP256Sha256,
        Self::Rfc9421RsaPssSha512,
        Self::Rfc9421RsaV15Sha256,
        Self::SigV4,
        Self::HmacTemplate,
        Self::StandardWebhooks,
        Self::TV1,
    ];

    /// The scheme's id, as items and commands name it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::HeaderPair => "header-pair",
            Self::ApiKey => "api-key",
            Self::Basic => "basic",
            Self::Bearer => "bearer",
            Self::AccessToken => "access-token",
            Self::OAuth2 => "oauth2",
            Self::JwtHs256 => "jwt-hs256",
            Self::JwtRs256 => "jwt-rs256",
            Self::JwtEs256 => "jwt-es256",
            Self::JwtEdDsa => "jwt-eddsa",
            Self::Rfc9421HmacSha256 => "rfc9421-hmac-sha256",
            Self::Rfc9421Ed25519 => "rfc9421-ed25519",
            Self::Rfc9421EcdsaP256Sha256 => "rfc9421-ecdsa-p256-sha256",
            Self::Rfc9421RsaPssSha512 => "rfc9421-rsa-pss-sha512",
            Self::Rfc9421RsaV15Sha256 => "rfc9421-rsa-v1_5-sha256",
            Self::SigV4 => "sigv4",
            Self::HmacTemplate => "hmac-template",
            Self::StandardWebhooks => "standard-webhooks",
            Self::TV1 => "t-v1",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::HeaderPair => "Header pair (app-id, secret-key)",
            Self::ApiKey => "API key in a header or in the query",
            Self::Basic => "Basic authentication",
            Self::Bearer => "Bearer token",
            Self::AccessToken => "Access token in the header access-token",
            Self::OAuth2 => "OAuth 2.0 client credentials",
            Self::JwtHs256 => "JWT, HS256",
            Self::JwtRs256 => "JWT, RS256",
            Self::JwtEs256 => "JWT, ES256",
            Self::JwtEdDsa => "JWT, EdDSA",
            Self::Rfc9421HmacSha256 => "RFC 9421, hmac-sha256",
            Self::Rfc9421Ed25519 => "RFC 9421, ed25519",
            Self::Rfc9421EcdsaP256Sha256 => "RFC 9421, ecdsa-p256-sha256",
            Self::Rfc9421RsaPssSha512 => "RFC 9421, rsa-pss-sha512",
            Self::Rfc9421RsaV15Sha256 => "RFC 9421, rsa-v1_5-sha256",
            Self::SigV4 => "AWS Signature Version 4",
            Self::HmacTemplate => "HMAC over a provider's own form",
            Self::StandardWebhooks => "Standard Webhooks",
            Self::TV1 => "Webhook with t= and v1= (Stripe)",
        }
    }

    /// What the scheme can be told beside the credential.
    #[must_use]
    pub const fn settings(self) -> &'static [Setting] {
        match self {
            Self::ApiKey => &api_key::SETTINGS,
            Self::AccessToken => &oauth2::ACCESS_TOKEN_SETTINGS,
            Self::OAuth2 => &oauth2::SETTINGS,
            Self::JwtHs256 => &jwt::SHARED_SETTINGS,
            Self::JwtRs256 | Self::JwtEs256 | Self::JwtEdDsa => &jwt::SETTINGS,
            Self::Rfc9421HmacSha256 => &rfc9421::SHARED_SETTINGS,
            Self::Rfc9421Ed25519
            | Self::Rfc9421EcdsaP256Sha256
            | Self::Rfc9421RsaPssSha512
            | Self::Rfc9421RsaV15Sha256 => &rfc9421::SETTINGS,
            Self::SigV4 => &sigv4::SETTINGS,
            Self::HmacTemplate => &template::SETTINGS,
            Self::TV1 => &t_v1::SETTINGS,
            Self::HeaderPair | Self::Basic | Self::Bearer | Self::StandardWebhooks => &[],
        }
    }

    /// The scheme as it is offered to choose from.
    #[must_use]
    pub fn view(self) -> SchemeView {
        let settings = self.settings().iter().map(|setting| SettingView {
            name: setting.name.to_owned(),
            about: setting.about.to_owned(),
            example: setting.example.to_owned(),
            required: setting.required,
        });
        SchemeView {
            id: self.id().to_owned(),
            name: self.title().to_owned(),
            needs_private_key: self.needs_private_key(),
            settings: settings.collect(),
        }
    }

    /// Whether what it makes holds the time at which it was made.
    #[must_use]
    pub const fn holds_time(self) -> bool {
        !matches!(
            self,
            Self::HeaderPair
                | Self::ApiKey
                | Self::Basic
                | Self::Bearer
                | Self::AccessToken
                | Self::OAuth2
        )
    }

    /// Whether its secret is a private key in PEM.
    #[must_use]
    pub const fn needs_private_key(self) -> bool {
        matches!(
            (self.jwt(), self.rfc9421()),
            (Some(Algorithm::Pair(_)), _) | (_, Some(Algorithm::Pair(_)))
        )
    }

    /// The algorithm of a JWT scheme.
    #[must_use]
    pub const fn jwt(self) -> Option<Algorithm> {
        Some(match self {
            Self::JwtHs256 => Algorithm::HmacSha256,
            Self::JwtRs256 => Algorithm::Pair(signature::Algorithm::RsaPkcs1Sha256),
            Self::JwtEs256 => Algorithm::Pair(signature::Algorithm::EcdsaP256Sha256),
            Self::JwtEdDsa => Algorithm::Pair(signature::Algorithm::Ed25519),
            _ => return None,
        })
    }

    /// The algorithm of an RFC 9421 scheme.
    #[must_use]
    pub const fn rfc9421(self) -> Option<Algorithm> {
        Some(match self {
            Self::Rfc9421HmacSha256 => Algorithm::HmacSha256,
            Self::Rfc9421Ed25519 => Algorithm::Pair(signature::Algorithm::Ed25519),
            Self::Rfc9421EcdsaP256Sha256 => Algorithm::Pair(signature::Algorithm::EcdsaP256Sha256),
            Self::Rfc9421RsaPssSha512 => Algorithm::Pair(signature::Algorithm::RsaPssSha512),
            Self::Rfc9421RsaV15Sha256 => Algorithm::Pair(signature::Algorithm::RsaPkcs1Sha256),
            _ => return None,
        })
    }

    /// Reads every setting that has a form of its own.
    pub(crate) fn check_values(self, settings: &Settings) -> Result<(), SettingError> {
        let known = |name: &str| self.settings().iter().any(|setting| setting.name == name);
        if known(SECRET_ENCODING) {
            settings.secret_encoding()?;
        }
        match self {
            Self::ApiKey => api_key::Place::read(settings).map(drop),
            Self::OAuth2 => oauth2::check(settings),
            Self::SigV4 => sigv4::Scope::read(settings).map(drop),
            Self::HmacTemplate => Template::read(settings).map(drop),
            Self::TV1 => t_v1::header_name(settings).map(drop),
            _ if self.jwt().is_some() => jwt::RequestClaims::read(settings).map(drop),
            _ if self.rfc9421().is_some() => rfc9421::Covered::read(settings).map(drop),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(id: &str) -> Result<Self, UnknownScheme> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.id() == id)
            .ok_or_else(|| UnknownScheme(id.to_owned()))
    }
}

/// There is no such scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scheme {0:?}; the schemes are {list}", list = Scheme::ALL.map(Scheme::id).join(", "))]
pub struct UnknownScheme(String);
