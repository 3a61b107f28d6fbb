//! The local authority, and the certificate that it gives the server.
//!
//! The authority is name-constrained to loopback (RFC 5280, section 4.2.1.10): whoever trusts it
//! trusts it for nothing else, even if its key were stolen. The server's certificate is made anew
//! at every start and its key never leaves memory.

use std::{net::Ipv6Addr, path::PathBuf, time::Duration};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject as _};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{SecretBytes, SecretText};

use crate::{
    error::StartError,
    state::{Directory, read_private, write_private},
};

const DAY: Duration = Duration::from_secs(86_400);
const AUTHORITY_DAYS: u32 = 3_650;
const LEAF_DAYS: u32 = 365;
/// Certificates begin a day early, for clients whose clocks are behind.
const EARLY: Duration = DAY;

/// The local authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The certificate to trust, PEM.
    pub(crate) path: PathBuf,
}

/// The server's certificate and key.
pub(crate) struct Leaf {
    /// The certificate.
    pub(crate) certificate: CertificateDer<'static>,
    /// Its key.
    pub(crate) key: PrivatePkcs8KeyDer<'static>,
}

impl Authority {
    /// Reads the authority of the directory. It is made on first start, and anew when it would end
    /// before a certificate that it gives now.
    pub(crate) fn open(directory: &Directory, now: UnixMillis) -> Result<Self, StartError> {
        let path = directory.file("ca.pem");
        let key_path = directory.file("ca.key.pem");
        let damaged = |problem: &str| StartError::Damaged {
            path: path.clone(),
            problem: problem.to_owned(),
        };
        let certificate = read_private(&path)?;
        let key = read_private(&key_path)?.map(SecretBytes::new);
        if let (Some(certificate), Some(key)) = (certificate, key) {
            let certificate = CertificateDer::from_pem_slice(&certificate)
                .map_err(|_| damaged("it does not hold a certificate in PEM"))?;
            let (_, parsed) = x509_parser::parse_x509_certificate(&certificate)
                .map_err(|_| damaged("it does not hold an X.509 certificate"))?;
            let ends = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
            let key = key
                .into_text()
                .ok()
                .and_then(|text| KeyPair::from_pem(text.expose_secret()).ok())
                .ok_or_else(|| StartError::Damaged {
                    path: key_path.clone(),
                    problem: "it does not hold a private key in PEM".to_owned(),
                })?;
            if parsed.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
                return Err(damaged("it belongs to another key than the one beside it"));
            }
            if UnixMillis::from_secs(ends) > now.after(DAY * (LEAF_DAYS + 1)) {
                let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(tls_error)?;
                return Ok(Self { issuer, path });
            }
            tracing::warn!(path = %path.display(), "the local authority ends soon and is made anew: trust the new one");
        }
        Self::create(directory, now)
    }

    fn create(directory: &Directory, now: UnixMillis) -> Result<Self, StartError> {
        let mut params = CertificateParams::default();
        validity(&mut params, now, AUTHORITY_DAYS);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![
                GeneralSubtree::DnsName("localhost".to_owned()),
                GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
                GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
                    Ipv6Addr::LOCALHOST.octets(),
                    128,
                )),
            ],
            excluded_subtrees: Vec::new(),
        });
        // A name of its own for each: clients look issuers up by name, and two with the same name
        // in one trust store would be mixed up.
        let mark: [u8; 4] = strongroom_crypto::random::bytes();
        params.distinguished_name.push(
            DnType::CommonName,
            format!(
                "Strongroom local authority {:08x}",
                u32::from_be_bytes(mark)
            ),
        );
        let key = KeyPair::generate().map_err(tls_error)?;
        let certificate = params.self_signed(&key).map_err(tls_error)?;
        let key_pem = SecretText::new(key.serialize_pem());
        // The key first: a certificate without its key could not be told from a lost key.
        write_private(
            &directory.file("ca.key.pem"),
            key_pem.expose_secret().as_bytes(),
        )?;
        let path = directory.file("ca.pem");
        write_private(&path, certificate.pem().as_bytes())?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            path,
        })
    }

    /// A certificate for `localhost`, `127.0.0.1` and `::1`, good for a year.
    pub(crate) fn leaf(&self, now: UnixMillis) -> Result<Leaf, StartError> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).map_err(tls_error)?;
        for address in ["127.0.0.1", "::1"] {
            let address = address.parse().map_err(|_| tls_error("an address"))?;
            params.subject_alt_names.push(SanType::IpAddress(address));
        }
        validity(&mut params, now, LEAF_DAYS);
        params
            .distinguished_name
            .push(DnType::CommonName, "Strongroom local platform");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(tls_error)?;
        let certificate: Certificate = params.signed_by(&key, &self.issuer).map_err(tls_error)?;
        Ok(Leaf {
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
        })
    }
}

fn validity(params: &mut CertificateParams, now: UnixMillis, days: u32) {
    let epoch = date_time_ymd(1970, 1, 1);
    let begins = UnixMillis(now.0.saturating_sub(EARLY.as_millis() as u64));
    params.not_before = epoch + Duration::from_secs(begins.secs());
    params.not_after = epoch + Duration::from_secs(now.after(DAY * days).secs());
}

fn tls_error(error: impl ToString) -> StartError {
    StartError::Tls(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{
        RootCertStore,
        client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
        crypto::aws_lc_rs,
        pki_types::{ServerName, UnixTime},
    };
    use x509_parser::extensions::ParsedExtension;

    use super::*;

    const NOW: UnixMillis = UnixMillis::from_secs(1_793_534_400);

    fn certificate(authority: &Authority) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(&authority.path).unwrap()
    }

    fn verifies(authority: &Authority, leaf: &Leaf, name: &str, at: UnixMillis) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(certificate(authority)).unwrap();
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::new(aws_lc_rs::default_provider()),
        )
        .build()
        .unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at.secs()));
        verifier
            .verify_server_cert(&leaf.certificate, &[], &name, &[], at)
            .is_ok()
    }

    #[test]
    fn the_certificate_is_good_for_loopback_and_for_a_year() {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::take(home.path()).unwrap();
        let authority = Authority::open(&directory, NOW).unwrap();
        let leaf = authority.leaf(NOW).unwrap();
        for name in ["localhost", "127.0.0.1", "::1"] {
            assert!(verifies(&authority, &leaf, name, NOW), "{name}");
        }
        assert!(!verifies(&authority, &leaf, "example.com", NOW));
        assert!(!verifies(
            &authority,
            &leaf,
            "localhost",
            NOW.after(DAY * 366)
        ));
        let (_, parsed) = x509_parser::parse_x509_certificate(&leaf.certificate).unwrap();
        assert!(parsed.extensions().iter().any(|extension| matches!(
            extension.parsed_extension(),
            ParsedExtension::AuthorityKeyIdentifier(_)
        )));
    }

    #[test]
    fn what_the_authority_signs_for_other_names_is_not_trusted() {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::take(home.path()).unwrap();
        let authority = Authority::open(&directory, NOW).unwrap();
        let key = KeyPair::generate().unwrap();
        for name in ["example.com", "10.0.0.1"] {
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            validity(&mut params, NOW, 10);
            let certificate = params.signed_by(&key, &authority.issuer).unwrap();
            let leaf = Leaf {
                certificate: certificate.der().clone(),
                key: PrivatePkcs8KeyDer::from(key.serialize_der()),
            };
            assert!(!verifies(&authority, &leaf, name, NOW), "{name}");
        }
    }

    #[test]
    fn the_authority_stays_until_it_nears_its_end() {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::take(home.path()).unwrap();
        let first = Authority::open(&directory, NOW).unwrap();
        let before = certificate(&first);
        let again = Authority::open(&directory, NOW.after(DAY * 3_000)).unwrap();
        assert_eq!(certificate(&first), before);
        assert!(verifies(
            &first,
            &again.leaf(NOW).unwrap(),
            "localhost",
            NOW
        ));
        let late = NOW.after(DAY * 3_400);
        let renewed = Authority::open(&directory, late).unwrap();
        assert_ne!(certificate(&renewed), before);
        assert!(verifies(
            &renewed,
            &renewed.leaf(late).unwrap(),
            "localhost",
            late
        ));
    }

    #[test]
    fn a_mixed_up_pair_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::take(home.path()).unwrap();
        Authority::open(&directory, NOW).unwrap();
        let other = KeyPair::generate().unwrap().serialize_pem();
        write_private(&directory.file("ca.key.pem"), other.as_bytes()).unwrap();
        assert!(Authority::open(&directory, NOW).is_err());
        write_private(&directory.file("ca.pem"), b"nothing").unwrap();
        assert!(Authority::open(&directory, NOW).is_err());
    }
}
