//! TLS towards the peer, with its certificates kept also when they do not verify.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage,
    ProtocolVersion, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use strongroom_contract::{
    error::{ErrorCode, Failure},
    exchange::{CertificateView, TlsDetails},
    time::UnixMillis,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::Host;

use crate::{
    certificate,
    error::{SendError, TlsFailure, TlsProblem},
    options::{Options, Phase},
    target::Target,
};

/// Reads the certificates of a PEM file, for [`Options::extra_roots`].
///
/// # Errors
///
/// [`RootError`] if there is none, or if one can't be used as a root.
pub fn roots_from_pem(pem: &str) -> Result<Vec<CertificateDer<'static>>, RootError> {
    let roots = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| RootError::Malformed)?;
    if roots.is_empty() {
        return Err(RootError::None);
    }
    let mut store = RootCertStore::empty();
    for root in &roots {
        store.add(root.clone()).map_err(|_| RootError::Malformed)?;
    }
    Ok(roots)
}

/// A file of certificates to trust that can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// It holds no certificate.
    #[error("the file of certificates to trust holds no certificate")]
    None,
    /// It holds a certificate that can't be read.
    #[error("the file of certificates to trust holds one that can't be read")]
    Malformed,
}

impl From<RootError> for Failure {
    fn from(error: RootError) -> Self {
        Self::new(ErrorCode::Usage, error.to_string())
            .hint("give a PEM file, with -----BEGIN CERTIFICATE----- in it")
    }
}

/// TLS's handshake over a fresh connection.
pub(crate) async fn handshake(
    stream: TcpStream,
    target: &Target,
    options: &Options,
) -> Result<TlsStream<TcpStream>, SendError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(RecordingVerifier::new(options, Arc::clone(&provider)));
    let impossible = |reason: &dyn std::fmt::Display| {
        let reason = reason.to_string();
        failed(target, TlsProblem::Handshake { reason }, Vec::new())
    };
    let name = server_name(target).map_err(|error| impossible(&error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| impossible(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as _);
    let mut config = match &options.identity {
        Some(identity) => config.with_client_cert_resolver(identity.resolver()),
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();

    match TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
    {
        Ok(stream) => Ok(stream),
        Err(error) => match error_within(&error) {
            Some(error) => {
                let chain = certificate::views(verifier.seen());
                Err(failed(target, verifier.problem(error, &chain), chain))
            }
            None => Err(SendError::Broken {
                host: target.place(),
                phase: Phase::Tls,
            }),
        },
    }
}

/// TLS's own error, if an I/O error carries one.
pub(crate) fn error_within(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// A server of TLS 1.3 refuses a client's side of the handshake (a missing client certificate, say)
/// when the client has long begun to send. The chain is for the caller to add.
pub(crate) fn refused_later(error: &Error, target: &Target) -> SendError {
    failed(target, handshake_problem(error), Vec::new())
}

fn failed(target: &Target, problem: TlsProblem, chain: Vec<CertificateView>) -> SendError {
    SendError::Tls(Box::new(TlsFailure {
        server_name: target.host().to_string(),
        problem,
        chain,
    }))
}

fn handshake_problem(error: &Error) -> TlsProblem {
    match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsProblem::NotTls,
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            TlsProblem::CertificateWanted
        }
        Error::AlertReceived(alert) => TlsProblem::Handshake {
            reason: format!("the server gave up with the alert {alert:?}"),
        },
        other => TlsProblem::Handshake {
            reason: other.to_string(),
        },
    }
}

/// What a handshake agreed on.
pub(crate) fn details(connection: &rustls::ClientConnection, target: &Target) -> TlsDetails {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "unknown",
    };
    let cipher = connection
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str())
        .unwrap_or("unknown");
    TlsDetails {
        version: version.to_owned(),
        // rustls puts the version into the names of TLS 1.3's suites, IANA does not.
        cipher: cipher.replacen("TLS13_", "TLS_", 1),
        key_exchange: connection
            .negotiated_key_exchange_group()
            .and_then(|group| group.name().as_str())
            .map(str::to_owned),
        alpn: connection
            .alpn_protocol()
            .map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
        server_name: target.host().to_string(),
        chain: certificate::views(connection.peer_certificates().unwrap_or_default()),
    }
}

fn server_name(
    target: &Target,
) -> Result<ServerName<'static>, rustls::pki_types::InvalidDnsNameError> {
    match target.host() {
        Host::Domain(name) => ServerName::try_from(name.clone()),
        Host::Ipv4(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
        Host::Ipv6(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
    }
}

/// webpki's verification, which keeps the chain that it was shown.
#[derive(Debug)]
struct RecordingVerifier {
    extra_roots: Vec<CertificateDer<'static>>,
    use_system_roots: bool,
    provider: Arc<CryptoProvider>,
    chain: OnceLock<Vec<CertificateDer<'static>>>,
    system_roots_missing: OnceLock<()>,
}

impl RecordingVerifier {
    fn new(options: &Options, provider: Arc<CryptoProvider>) -> Self {
        Self {
            extra_roots: options.extra_roots.clone(),
            use_system_roots: options.use_system_roots,
            provider,
            chain: OnceLock::new(),
            system_roots_missing: OnceLock::new(),
        }
    }

    fn seen(&self) -> &[CertificateDer<'static>] {
        self.chain.get().map(Vec::as_slice).unwrap_or_default()
    }

    fn verify(
        &self,
        roots: RootCertStore,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let provider = Arc::clone(&self.provider);
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            // Only if there is no root at all: then every issuer is unknown.
            .map_err(|_| Error::InvalidCertificate(CertificateError::UnknownIssuer))?
            .verify_server_cert(end_entity, intermediates, server_name, &[], now)
    }

    /// What a failed handshake means. `chain` is what [`Self::seen`] shows.
    fn problem(&self, error: &Error, chain: &[CertificateView]) -> TlsProblem {
        match error {
            Error::InvalidCertificate(error) => self.certificate_problem(error, chain),
            other => handshake_problem(other),
        }
    }

    fn certificate_problem(
        &self,
        error: &CertificateError,
        chain: &[CertificateView],
    ) -> TlsProblem {
        let bad = |reason: String| TlsProblem::BadCertificate { reason };
        let own = self.seen().first();
        let untrusted_self_signed = own.is_some_and(certificate::is_self_issued)
            && !own.is_some_and(|own| self.extra_roots.contains(own));
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
            return bad("the server presented none".to_owned());
        };
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                let now = UnixMillis::from_secs(UnixTime::now().as_secs());
                let expired = chain.iter().find(|view| view.not_after < now);
                let expired = expired.unwrap_or(first);
                TlsProblem::Expired {
                    subject: expired.subject.clone(),
                    not_after: expired.not_after,
                }
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                let now = UnixMillis::from_secs(UnixTime::now().as_secs());
                let early = chain.iter().find(|view| view.not_before > now);
                let early = early.unwrap_or(first);
                TlsProblem::NotYetValid {
                    subject: early.subject.clone(),
                    not_before: early.not_before,
                }
            }
            // webpki refuses a CA that serves as its own server before it asks who signed it.
            CertificateError::UnknownIssuer | CertificateError::Other(_)
                if untrusted_self_signed =>
            {
                TlsProblem::SelfSigned {
                    subject: first.subject.clone(),
                }
            }
            CertificateError::UnknownIssuer if self.system_roots_missing.get().is_some() => {
                TlsProblem::NoRoots
            }
            CertificateError::UnknownIssuer => TlsProblem::UnknownIssuer {
                issuer: last.issuer.clone(),
            },
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsProblem::WrongName {
                    presented: first.names.clone(),
                }
            }
            CertificateError::BadSignature => bad(format!(
                "the signature on it is not made with the trusted key of {}; another key of the same name may be trusted",
                last.issuer
            )),
            CertificateError::BadEncoding => bad("it is malformed".to_owned()),
            other => bad(other.to_string()),
        }
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.chain.get_or_init(|| {
            std::iter::once(end_entity)
                .chain(intermediates)
                .map(|certificate| certificate.clone().into_owned())
                .collect()
        });
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.extra_roots.iter().cloned());
        let verified = self.verify(roots.clone(), end_entity, intermediates, server_name, now);
        if verified.is_ok() || !self.use_system_roots {
            return verified;
        }
        let system = rustls_native_certs::load_native_certs();
        let (added, _) = roots.add_parsable_certificates(system.certs);
        if added == 0 {
            self.system_roots_missing.get_or_init(|| ());
            return verified;
        }
        self.verify(roots, end_entity, intermediates, server_name, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_roots_is_told_from_a_stranger_among_issuers() {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = RecordingVerifier::new(&Options::default(), provider);
        let junk = CertificateDer::from(&b"junk"[..]);
        verifier.chain.get_or_init(|| vec![junk]);
        let chain = certificate::views(verifier.seen());
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert!(matches!(
            verifier.problem(&unknown, &chain),
            TlsProblem::UnknownIssuer { .. }
        ));
        verifier.system_roots_missing.get_or_init(|| ());
        assert_eq!(verifier.problem(&unknown, &chain), TlsProblem::NoRoots);

        let malformed = Error::InvalidCertificate(CertificateError::BadEncoding);
        assert!(matches!(
            verifier.problem(&malformed, &chain),
            TlsProblem::BadCertificate { .. }
        ));
    }
}
