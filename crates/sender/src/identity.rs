//! A certificate of our own, for servers that ask who is calling (RFC 8446, section 4.3.2).

use std::{fmt, sync::Arc};

use rustls::{
    Error, InconsistentKeys,
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{
        CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
        pem::PemObject as _,
    },
    sign::{CertifiedKey, SingleCertAndKey},
};
use strongroom_contract::{
    error::{ErrorCode, Failure},
    exchange::CertificateView,
    time::UnixMillis,
};
use strongroom_crypto::{
    SecretText,
    signature::{EncodedKey, KeyError, KeyForm},
};

use crate::{certificate, hosts::HostRules};

/// A certificate with its chain and private key, and the hosts that may see it. Its `Debug` shows the
/// hosts alone.
#[derive(Clone)]
pub struct Identity {
    key: Arc<SingleCertAndKey>,
    hosts: HostRules,
    not_after: UnixMillis,
}

impl Identity {
    /// Reads a certificate, its own first and then whoever signed it, and the key that belongs to it. Only
    /// `hosts` are shown it: a certificate says who somebody is.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] if one of the two can't be read or used, or they do not belong together. It
    /// repeats no part of the key.
    pub fn from_pem(
        certificate: &str,
        private_key: &SecretText,
        hosts: HostRules,
    ) -> Result<Self, IdentityError> {
        let chain = chain(certificate)?;
        let own = chain.first().ok_or(IdentityError::NoCertificate)?;
        let not_after = certificate::not_after(own).ok_or(IdentityError::MalformedCertificate)?;
        let EncodedKey { form, der } = EncodedKey::from_pem(private_key)?;
        let der = der.expose_secret();
        let encoded = match form {
            KeyForm::Pkcs8 => PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der)),
            KeyForm::Sec1 => PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(der)),
            KeyForm::Pkcs1 => PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(der)),
        };
        let key = any_supported_type(&encoded).map_err(|_| IdentityError::UnsupportedKey)?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(Error::InconsistentKeys(_)) => return Err(IdentityError::Mismatch),
            Err(_) => return Err(IdentityError::MalformedCertificate),
        }
        Ok(Self {
            key: Arc::new(SingleCertAndKey::from(certified)),
            hosts,
            not_after,
        })
    }

    /// When the certificate ends.
    #[must_use]
    pub const fn not_after(&self) -> UnixMillis {
        self.not_after
    }

    pub(crate) const fn hosts(&self) -> &HostRules {
        &self.hosts
    }

    pub(crate) fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::clone(&self.key)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// Reads certificates in PEM for a person to look at, in their order.
///
/// # Errors
///
/// [`IdentityError::NoCertificate`] and [`IdentityError::MalformedCertificate`].
pub fn certificates_from_pem(pem: &str) -> Result<Vec<CertificateView>, IdentityError> {
    let chain = chain(pem)?;
    if chain
        .iter()
        .any(|each| certificate::not_after(each).is_none())
    {
        return Err(IdentityError::MalformedCertificate);
    }
    Ok(certificate::views(&chain))
}

/// Whether these bytes are a certificate in DER (RFC 5280), and nothing more.
#[must_use]
pub fn is_certificate(der: &[u8]) -> bool {
    certificate::not_after(&CertificateDer::from(der)).is_some()
}

fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| IdentityError::MalformedCertificate)?;
    if chain.is_empty() {
        return Err(IdentityError::NoCertificate);
    }
    Ok(chain)
}

/// A certificate and a key that can't be shown to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// There is no certificate in the text.
    #[error("there is no certificate in it: it starts with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// A certificate can't be read.
    #[error("the certificate is damaged or incomplete")]
    MalformedCertificate,
    /// The private key can't be read.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The private key is of a kind that TLS has no use for.
    #[error("the private key is of a kind that can't be used: ECDSA, Ed25519 and RSA keys can")]
    UnsupportedKey,
    /// They are of two different pairs.
    #[error("the private key does not belong to the certificate")]
    Mismatch,
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        let failure = Self::new(ErrorCode::Usage, error.to_string());
        match error {
            IdentityError::NoCertificate | IdentityError::MalformedCertificate => {
                failure.hint("give the certificate in PEM, with those that signed it behind it")
            }
            IdentityError::Mismatch => failure
                .hint("the first certificate of the file is the one that has to belong to the key"),
            IdentityError::Key(_) | IdentityError::UnsupportedKey => failure,
        }
    }
}
