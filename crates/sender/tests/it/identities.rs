//! A certificate of our own, shown to servers that ask for it.

use std::sync::Arc;

use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use rustls::{
    RootCertStore,
    crypto::aws_lc_rs,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    version::{TLS12, TLS13},
};
use strongroom_contract::{
    error::{ErrorCode, Failure},
    time::UnixMillis,
};
use strongroom_crypto::{SecretText, signature::KeyError};
use strongroom_sender::{HostRules, Identity, IdentityError, Options, Reused, SendError};

use crate::support::{self, Authority, CANARY, OK, deliver, request, serve_tls};

/// A verifier that lets those in whom `authority` vouches for.
fn verifier(authority: &Authority) -> Arc<dyn ClientCertVerifier> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.clone()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap()
}

fn client(authority: &Authority) -> support::Identity {
    authority.leaf(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_after = date_time_ymd(2090, 1, 1);
    })
}

fn identity(of: &support::Identity, hosts: &[&str]) -> Identity {
    let (certificate, key) = of.pem();
    Identity::from_pem(&certificate, &key, HostRules::parse(hosts).unwrap()).unwrap()
}

#[tokio::test]
async fn it_is_shown_to_the_server_that_asks() {
    let authority = Authority::new("Strongroom Test CA");
    for version in [&TLS12, &TLS13] {
        let config = authority
            .leaf(|_| ())
            .requiring(verifier(&authority), version);
        let (address, heard) = serve_tls(config, OK).await;
        let shown = identity(&client(&authority), &["localhost"]);
        assert_eq!(shown.not_after(), UnixMillis(3_786_912_000_000));
        let options = Options {
            identity: Some(shown),
            ..authority.trusted()
        };
        let outgoing = request(&format!("https://localhost:{}/", address.port()));
        let answer = deliver(&outgoing, &options).await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(!heard.await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn connections_that_are_reused_show_it_too() {
    let authority = Authority::new("Strongroom Test CA");
    let config = authority
        .leaf(|_| ())
        .requiring(verifier(&authority), &TLS13);
    let (address, _heard) = serve_tls(config, OK).await;
    let options = Options {
        identity: Some(identity(&client(&authority), &["localhost"])),
        ..authority.trusted()
    };
    let outgoing = request(&format!("https://localhost:{}/", address.port()));
    let mut open = Reused::open(outgoing.target(), &options).await.unwrap();
    assert_eq!(
        open.send(&outgoing, &[], &options).await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn a_stranger_is_refused_and_told_why() {
    let authority = Authority::new("Strongroom Test CA");
    let config = authority
        .leaf(|_| ())
        .requiring(verifier(&authority), &TLS13);
    let (address, heard) = serve_tls(config, OK).await;
    let stranger = client(&Authority::new("Another CA"));
    let options = Options {
        identity: Some(identity(&stranger, &["localhost"])),
        ..authority.trusted()
    };
    let outgoing = request(&format!("https://localhost:{}/", address.port()));
    let error = deliver(&outgoing, &options).await.unwrap_err();
    assert!(matches!(error, SendError::Tls(_)), "{error:?}");
    assert_eq!(heard.await.unwrap(), b"");
}

#[tokio::test]
async fn other_hosts_do_not_see_it() {
    let authority = Authority::new("Strongroom Test CA");
    let options = Options {
        identity: Some(identity(&client(&authority), &["api.example:443"])),
        ..authority.trusted()
    };
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let outgoing = request(&format!("https://localhost:{port}/"));
    let error = deliver(&outgoing, &options).await.unwrap_err();
    let failure = Failure::from(&error);
    assert_eq!(failure.code, ErrorCode::Refused);
    assert_eq!(failure.details["allowed"][0], "api.example:443");
    assert!(listener.accept().is_err(), "nothing was connected to");
}

#[test]
fn what_cannot_be_shown_is_refused_without_repeating_it() {
    let authority = Authority::new("Strongroom Test CA");
    let (certificate, key) = client(&authority).pem();
    let (_, other_key) = client(&authority).pem();
    let text = |text: &str| SecretText::new(text.to_owned());
    let read = |certificate: &str, key: &SecretText| {
        Identity::from_pem(certificate, key, HostRules::default())
            .map(|_| ())
            .unwrap_err()
    };
    let damaged = certificate.replacen("MII", "AII", 1);
    let block = |kind: &str| format!("-----BEGIN {kind}-----\nMAA=\n-----END {kind}-----\n");
    let encrypted = block("ENCRYPTED PRIVATE KEY");
    for (error, expected) in [
        (read("", &key), IdentityError::NoCertificate),
        (read(&damaged, &key), IdentityError::MalformedCertificate),
        (read(&certificate, &other_key), IdentityError::Mismatch),
        (
            read(&certificate, &text(CANARY)),
            IdentityError::Key(KeyError::NotPrivate),
        ),
        (
            read(&certificate, &text(&encrypted)),
            IdentityError::Key(KeyError::Encrypted),
        ),
    ] {
        assert_eq!(error, expected);
        let failure = Failure::from(error);
        assert_eq!(failure.code, ErrorCode::Usage);
        assert!(!format!("{failure:?}").contains(CANARY));
    }
    for form in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
        let unsound = read(&certificate, &text(&block(form)));
        assert_eq!(unsound, IdentityError::UnsupportedKey, "{form}");
    }
}
