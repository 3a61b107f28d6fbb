//! A file of a certificate or of its private key, which a person chose.

use std::{fs::File, io::Read as _, path::Path, path::PathBuf};

use strongroom_contract::{
    error::{ErrorCode, Failure},
    secret::Revealed,
};
use strongroom_crypto::SecretBytes;
use strongroom_sender::is_certificate;

use super::Desk;
use crate::agent::on_a_thread;

/// The longest file that is read: bundles of the authorities of a whole system are shorter.
const MOST_BYTES: u64 = 1024 * 1024;

impl Desk {
    /// Reads a file of certificates, of a private key, or of both. A certificate in DER comes as PEM.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Storage`] if it can't be read; [`ErrorCode::Usage`] if it is something else.
    pub async fn read_pem(&self, path: PathBuf) -> Result<Revealed, Failure> {
        on_a_thread(move || read(&path)).await
    }
}

fn read(path: &Path) -> Result<Revealed, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unreadable = |error: std::io::Error| {
        let message = format!("{} can't be read: {error}", path.display());
        Failure::new(ErrorCode::Storage, message)
            .hint("choose another file, or make this one readable")
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    // Wiped when it is dropped: it may be a private key.
    let bytes = SecretBytes::new(bytes);
    read.map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("{name} is longer than the 1 MiB that is read here");
        return Err(Failure::new(ErrorCode::Usage, message)
            .hint("choose the file with the certificate, or with its key"));
    }
    if is_certificate(bytes.expose_secret()) {
        return Ok(Revealed::new(strongroom_formats::pem::certificate(
            bytes.expose_secret(),
        )));
    }
    match std::str::from_utf8(bytes.expose_secret()) {
        Ok(text) => Ok(Revealed::new(text.to_owned())),
        Err(_) => Err(Failure::new(
            ErrorCode::Usage,
            format!("{name} is neither PEM nor a certificate in DER"),
        )
        .hint(
            "of a .p12 or .pfx file, `openssl pkcs12 -in FILE -nodes -out FILE.pem` makes one that can be read",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    #[test]
    fn a_file_of_pem_or_der_comes_as_pem_and_another_says_what_makes_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.pem");
        let written = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read(&path).map(Revealed::into_exposed)
        };
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["somebody".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let same = |pem: &str| pem.replace("\r\n", "\n").trim_end().to_owned();
        let from_der = written(certificate.der()).unwrap();
        assert_eq!(same(&from_der), same(&certificate.pem()));
        assert_eq!(
            written(key.serialize_pem().as_bytes()),
            Ok(key.serialize_pem())
        );
        let other = written(&key.serialize_der()).unwrap_err();
        assert_eq!(other.code, ErrorCode::Usage);
        assert!(other.hint.unwrap().contains("pkcs12"));
        let long = written(&vec![b'a'; 1024 * 1024 + 1]).unwrap_err();
        assert!(long.message.contains("1 MiB"), "{long}");
        fs::remove_file(&path).unwrap();
        assert_eq!(read(&path).err().unwrap().code, ErrorCode::Storage);
    }
}
