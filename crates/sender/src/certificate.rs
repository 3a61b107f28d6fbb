//! A certificate, as far as a person looks at it.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use strongroom_contract::{exchange::CertificateView, time::UnixMillis};
use strongroom_crypto::hash;
use x509_parser::prelude::{ASN1Time, FromDer as _, GeneralName, X509Certificate};

/// The longest name that is shown, in characters: a peer chooses its own.
const MAX_TEXT: usize = 256;
/// How many names are shown.
const MAX_NAMES: usize = 100;

/// Reads a chain, the peer's own certificate first. What can't be parsed is shown by its hash.
pub(crate) fn views(chain: &[CertificateDer<'_>]) -> Vec<CertificateView> {
    chain.iter().map(view).collect()
}

/// Whether a certificate names itself as its issuer.
pub(crate) fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.subject().as_raw() == parsed.issuer().as_raw())
}

/// Until when a certificate is valid; `None` if it can't be read.
pub(crate) fn not_after(certificate: &CertificateDer<'_>) -> Option<UnixMillis> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(time(parsed.validity().not_after))
}

fn view(certificate: &CertificateDer<'_>) -> CertificateView {
    let sha256 = hash::sha256(&[certificate])
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return CertificateView {
            subject: "(not readable)".to_owned(),
            issuer: "(not readable)".to_owned(),
            names: Vec::new(),
            not_before: UnixMillis::default(),
            not_after: UnixMillis::default(),
            sha256,
        };
    };
    let names = match parsed.subject_alternative_name() {
        Ok(Some(extension)) => extension
            .value
            .general_names
            .iter()
            .filter_map(name)
            .take(MAX_NAMES)
            .collect(),
        Ok(None) | Err(_) => Vec::new(),
    };
    CertificateView {
        subject: printable(&parsed.subject().to_string()),
        issuer: printable(&parsed.issuer().to_string()),
        names,
        not_before: time(parsed.validity().not_before),
        not_after: time(parsed.validity().not_after),
        sha256,
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => {
            Some(printable(text))
        }
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

fn time(time: ASN1Time) -> UnixMillis {
    UnixMillis::from_secs(u64::try_from(time.timestamp()).unwrap_or(0))
}

/// A peer's text ends up on terminals: what would steer one is escaped.
fn printable(text: &str) -> String {
    text.chars()
        .take(MAX_TEXT)
        .map(|character| match character {
            '"' | '\'' | '\\' => character.to_string(),
            other => other.escape_debug().to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_is_shown_with_its_names_and_dates() {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params
            .subject_alt_names
            .push(SanType::IpAddress("::1".parse().unwrap()));
        params
            .distinguished_name
            .push(DnType::CommonName, "evil\u{1b}[2J \u{202e}name");
        params.not_before = date_time_ymd(1969, 1, 1);
        params.not_after = date_time_ymd(2031, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();

        let shown = view(certificate.der());
        assert_eq!(shown.subject, "CN=evil\\u{1b}[2J \\u{202e}name");
        assert_eq!(shown.names, ["localhost", "::1"]);
        assert_eq!(shown.not_before, UnixMillis(0), "before the epoch");
        assert_eq!(shown.not_after.to_string(), "2031-01-01T00:00:00.000Z");
        assert_eq!(shown.sha256.len(), 64);
        assert!(is_self_issued(certificate.der()));
    }

    #[test]
    fn what_is_no_certificate_is_shown_by_its_hash() {
        let shown = view(&CertificateDer::from(&b"junk"[..]));
        assert_eq!(shown.subject, "(not readable)");
        assert!(!is_self_issued(&CertificateDer::from(&b"junk"[..])));
    }
}
