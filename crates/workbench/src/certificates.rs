//! A certificate and its private key, looked at before the vault keeps them. No vault is needed.

use strongroom_contract::{
    error::{ErrorCode, Failure},
    secret::Revealed,
    time::UnixMillis,
    vault::{CertificateLook, NewKey, TypedCertificate},
};
use strongroom_crypto::SecretText;
use strongroom_formats::pem;
use strongroom_sender::{
    HostRules, Identity, IdentityError, certificates_from_pem, roots_from_pem,
};

/// What is seen of a certificate and a private key as far as they are typed: everything that would keep
/// them from being kept, each with what to do.
#[must_use]
pub fn look(typed: &TypedCertificate) -> CertificateLook {
    let TypedCertificate {
        certificate,
        private_key,
    } = typed;
    let mut look = CertificateLook {
        chain: Vec::new(),
        certificate_problem: None,
        key_problem: None,
    };
    let key = private_key.expose_secret();
    if certificate.trim().is_empty() {
        if !key.trim().is_empty() {
            look.certificate_problem = Some(missing());
        }
        return look;
    }
    match certificates_from_pem(certificate) {
        Ok(chain) => look.chain = chain,
        Err(error) => look.certificate_problem = Some(problem(error, certificate)),
    }
    if key.trim().is_empty() {
        if look.certificate_problem.is_none() {
            look.certificate_problem = roots_from_pem(certificate).err().map(Failure::from);
        }
        return look;
    }
    let key = SecretText::new(key.to_owned());
    match Identity::from_pem(certificate, &key, HostRules::default()) {
        Ok(_) | Err(IdentityError::NoCertificate | IdentityError::MalformedCertificate) => {}
        Err(error) => look.key_problem = Some(Failure::from(error)),
    }
    look
}

fn missing() -> Failure {
    Failure::new(ErrorCode::Usage, "the certificate is missing").hint(
        "it is the file that came back from whoever signed it, often called .crt, .cer or .pem",
    )
}

/// Some texts are mistaken for a certificate more often than others.
fn problem(error: IdentityError, text: &str) -> Failure {
    let instead = |message: &str, hint: &str| Failure::new(ErrorCode::Usage, message).hint(hint);
    if error != IdentityError::NoCertificate {
        return Failure::from(error);
    }
    let label = text.split_once("-----BEGIN ").map(|(_, rest)| rest);
    match label.and_then(|rest| rest.split_once("-----")) {
        Some((label, _)) if label.ends_with("CERTIFICATE REQUEST") => instead(
            "this is a request for a certificate, and no certificate",
            "send it to whoever signs, and give what comes back",
        ),
        Some((label, _)) if label.ends_with("PRIVATE KEY") => instead(
            "this is a private key, and no certificate",
            "it has a field of its own",
        ),
        Some(("PKCS7", _)) => instead(
            "this is a PKCS#7 bundle, and no certificate in PEM",
            "convert it with `openssl pkcs7 -print_certs -in FILE.p7b`",
        ),
        _ => Failure::from(error),
    }
}

/// Takes the private key out of a certificate's text if it stands there, and refuses what can't be used:
/// shown to a server with its private key, or trusted alone. Until when it is valid, if it has one.
pub(crate) fn check(key: &mut NewKey) -> Result<Option<UnixMillis>, Failure> {
    let Some(text) = &key.certificate else {
        return Ok(None);
    };
    let parts = pem::parts(text);
    if !parts.certificates.is_empty() {
        if let Some(found) = parts.private_key
            && key.secret.expose_secret().trim().is_empty()
        {
            key.secret = Revealed::new(found.expose_secret().to_owned());
        }
        key.certificate = Some(parts.certificates);
    }
    let certificate = key.certificate.as_deref().unwrap_or_default();
    let secret = SecretText::new(key.secret.expose_secret().to_owned());
    if secret.is_empty() {
        certificates_from_pem(certificate).map_err(|error| problem(error, certificate))?;
        roots_from_pem(certificate)?;
        return Ok(None);
    }
    let hosts = HostRules::parse(&key.hosts)?;
    let identity = Identity::from_pem(certificate, &secret, hosts)
        .map_err(|error| problem(error, certificate))?;
    Ok(Some(identity.not_after()))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    use super::*;

    /// A certificate and its private key, in PEM.
    fn pair() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn seen(certificate: &str, private_key: &str) -> (usize, String, String) {
        let look = look(&TypedCertificate {
            certificate: certificate.to_owned(),
            private_key: Revealed::new(private_key.to_owned()),
        });
        let told = |problem: Option<Failure>| match problem {
            Some(failure) => format!("{failure} / {}", failure.hint.clone().unwrap_or_default()),
            None => String::new(),
        };
        let (certificate, key) = (look.certificate_problem, look.key_problem);
        (look.chain.len(), told(certificate), told(key))
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_beside_its_field() {
        let (certificate, key) = pair();
        let (other, other_key) = pair();
        let block = |label: &str| format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
        for (certificate, key, read, of_certificate, of_key) in [
            ("", "", 0, "", ""),
            (&*certificate, &*key, 1, "", ""),
            (&*certificate, "", 1, "", ""),
            (&*format!("{certificate}{other}"), &*key, 2, "", ""),
            ("", &*key, 0, "the certificate is missing", ""),
            ("hello", "", 0, "there is no certificate in it", ""),
            (
                &*block("CERTIFICATE REQUEST"),
                "",
                0,
                "a request for a certificate",
                "",
            ),
            (&*key, "", 0, "this is a private key", ""),
            (&*block("PKCS7"), "", 0, "print_certs", ""),
            (&*block("CERTIFICATE"), &*key, 0, "damaged", ""),
            (&*certificate, &*other_key, 1, "", "does not belong"),
            (&*certificate, "hello", 1, "", "not a private key"),
            (
                &*certificate,
                &*block("ENCRYPTED PRIVATE KEY"),
                1,
                "",
                "openssl pkey",
            ),
            (&*certificate, old, 1, "", "openssl pkey"),
            (&*certificate, &*block("PRIVATE KEY"), 1, "", "kind"),
        ] {
            let (chain, about_certificate, about_key) = seen(certificate, key);
            assert_eq!(chain, read, "{about_certificate} {about_key}");
            for (told, expected) in [(about_certificate, of_certificate), (about_key, of_key)] {
                assert_eq!(
                    told.is_empty(),
                    expected.is_empty(),
                    "{told:?} {expected:?}"
                );
                assert!(told.contains(expected), "{told:?} lacks {expected:?}");
            }
        }
    }
}
