//! TLS that is agreed on, and TLS that is not.

use rcgen::{BasicConstraints, IsCa, SanType, date_time_ymd};
use rustls::{
    crypto::aws_lc_rs,
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use std::sync::Arc;
use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_sender::{
    Options, Phase, RootError, SendError, TlsFailure, TlsProblem, roots_from_pem,
};
use tokio::io::AsyncWriteExt as _;

use crate::support::{
    Authority, CANARY, Identity, OK, deliver, deliver_watched, read_request, request, serve,
    serve_tls,
};

fn https_url(port: u16) -> String {
    format!("https://localhost:{port}/x?q={CANARY}")
}

/// The failure of a request to a server with `identity`, which must not have seen the request.
async fn failure(identity: Identity, options: &Options) -> TlsFailure {
    let chain_length = identity.chain.len();
    let (address, server) = serve_tls(identity.modern(), OK).await;
    let outgoing = request(&https_url(address.port()));
    let error = deliver(&outgoing, options).await.unwrap_err();
    assert_eq!(server.await.unwrap(), b"", "the server saw the request");
    let failure = Failure::from(&error);
    assert_eq!(failure.code, ErrorCode::Network);
    assert!(failure.hint.is_some());
    let SendError::Tls(tls) = error else {
        panic!("{error:?}");
    };
    assert_eq!(tls.chain.len(), chain_length, "the whole chain is shown");
    assert_eq!(failure.details["problem"], tls.problem.name());
    assert_eq!(failure.details["chain"][0]["sha256"], tls.chain[0].sha256);
    *tls
}

#[tokio::test]
async fn tls_1_3_is_reported_with_its_phases_and_chain() {
    let authority = Authority::new("Strongroom Test CA");
    let mut identity = authority.leaf(|_| ());
    identity.chain.push(authority.certificate.clone());
    let (address, server) = serve_tls(identity.config(&[&TLS13]), OK).await;
    let outgoing = request(&https_url(address.port()));
    let never = std::future::pending();
    let mut phases = Vec::new();
    let watch = |phase| phases.push(phase);
    let answer = deliver_watched(&outgoing, &authority.trusted(), never, watch)
        .await
        .unwrap();

    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
    assert_eq!(answer.http_version, "HTTP/1.1");
    assert_eq!(answer.peer, address);
    assert!(answer.local.ip().is_loopback());
    assert_eq!(
        phases,
        [
            Phase::Lookup,
            Phase::Connect,
            Phase::Tls,
            Phase::Request,
            Phase::Answer,
            Phase::Download
        ]
    );
    let timings = answer.timings;
    assert!(timings.connect_ms > 0.0 && timings.tls_ms > 0.0 && timings.first_byte_ms > 0.0);
    let parts = timings.dns_ms + timings.connect_ms + timings.tls_ms + timings.first_byte_ms;
    assert!(
        timings.total_ms >= parts + timings.download_ms,
        "{timings:?}"
    );

    let tls = answer.tls.unwrap();
    assert_eq!(tls.version, "TLSv1.3");
    assert!(tls.cipher.starts_with("TLS_AES_"), "{}", tls.cipher);
    assert_eq!(tls.key_exchange.as_deref(), Some("X25519MLKEM768"));
    assert_eq!(tls.alpn.as_deref(), Some("http/1.1"));
    assert_eq!(tls.server_name, "localhost");
    assert_eq!(tls.chain.len(), 2);
    assert!(tls.chain[0].subject.contains("Strongroom Test Server"));
    assert!(tls.chain[0].issuer.contains("Strongroom Test CA"));
    assert_eq!(tls.chain[0].names, ["localhost", "127.0.0.1", "::1"]);
    assert!(tls.chain[0].not_before < tls.chain[0].not_after);
    assert_eq!(tls.chain[1].subject, tls.chain[1].issuer);
    let received = String::from_utf8(server.await.unwrap()).unwrap();
    assert!(received.starts_with("POST /x?q=canary-5f1d7c HTTP/1.1\r\nHost: localhost:"));
}

#[tokio::test]
async fn tls_1_2_is_reported_as_such() {
    let authority = Authority::new("Strongroom Test CA");
    let (address, _server) = serve_tls(authority.leaf(|_| ()).config(&[&TLS12]), OK).await;
    // An address as the name: it is verified against the certificate's addresses.
    let outgoing = request(&format!("https://127.0.0.1:{}/", address.port()));
    let answer = deliver(&outgoing, &authority.trusted()).await.unwrap();
    let tls = answer.tls.unwrap();
    assert_eq!(tls.version, "TLSv1.2");
    assert!(tls.cipher.starts_with("TLS_ECDHE_ECDSA_"), "{}", tls.cipher);
    assert!(tls.key_exchange.is_some());
    assert_eq!(tls.server_name, "127.0.0.1");
}

#[tokio::test]
async fn an_expired_certificate_is_named_with_its_date() {
    let authority = Authority::new("Strongroom Test CA");
    let expired = authority.leaf(|params| params.not_after = date_time_ymd(2020, 2, 3));
    let failure = failure(expired, &authority.trusted()).await;
    let text = failure.to_string();
    assert!(
        text.contains("Strongroom Test Server expired at 2020-02-03"),
        "{text}"
    );
    assert!(matches!(failure.problem, TlsProblem::Expired { .. }));
}

#[tokio::test]
async fn an_expired_intermediate_is_named_and_not_the_leaf() {
    let root = Authority::new("Strongroom Test CA");
    let old = root.intermediate(|params| params.not_after = date_time_ymd(2020, 2, 3));
    let mut identity = old.leaf(|_| ());
    identity.chain.push(old.certificate.clone());
    let failure = failure(identity, &root.trusted()).await;
    let text = failure.to_string();
    assert!(
        text.contains("Test Intermediate expired at 2020-02-03"),
        "{text}"
    );
}

#[tokio::test]
async fn a_certificate_from_the_future_is_named_with_its_date() {
    let authority = Authority::new("Strongroom Test CA");
    let early = authority.leaf(|params| {
        params.not_before = date_time_ymd(2190, 1, 2);
        params.not_after = date_time_ymd(2191, 1, 2);
    });
    let failure = failure(early, &authority.trusted()).await;
    let text = failure.to_string();
    assert!(text.contains("is not valid before 2190-01-02"), "{text}");
    assert!(matches!(failure.problem, TlsProblem::NotYetValid { .. }));
}

#[tokio::test]
async fn a_self_signed_certificate_is_told_from_an_unknown_issuer() {
    let other = Authority::new("Somebody Else");
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let own = Identity::self_signed(|params| params.is_ca = is_ca);
        let failure = failure(own, &other.trusted()).await;
        assert!(
            matches!(&failure.problem, TlsProblem::SelfSigned { subject } if subject.contains("Test Server")),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_trusted_is_accepted() {
    let own = Identity::self_signed(|_| ());
    let options = Options {
        extra_roots: own.chain.clone(),
        use_system_roots: false,
        ..Options::default()
    };
    let (address, _server) = serve_tls(own.modern(), OK).await;
    let answer = deliver(&request(&https_url(address.port())), &options).await;
    assert_eq!(answer.unwrap().status, 200);
}

#[tokio::test]
async fn an_unknown_issuer_is_named() {
    let issuing = Authority::new("Unheard Of");
    let trusting_nobody = Options {
        use_system_roots: false,
        ..Options::default()
    };
    let trusting_another = Authority::new("Somebody Else").trusted();
    for options in [trusting_nobody, trusting_another] {
        let failure = failure(issuing.leaf(|_| ()), &options).await;
        assert!(
            matches!(&failure.problem, TlsProblem::UnknownIssuer { issuer } if issuer.contains("Unheard Of")),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn the_systems_certificates_do_not_vouch_for_it_either() {
    let issuing = Authority::new("Unheard Of");
    let failure = failure(issuing.leaf(|_| ()), &Options::default()).await;
    // NoRoots on a machine without the system's certificates.
    let told = matches!(
        failure.problem,
        TlsProblem::UnknownIssuer { .. } | TlsProblem::NoRoots
    );
    assert!(told, "{failure:?}");
}

#[tokio::test]
async fn another_authority_of_the_same_name_is_explained() {
    // What happens when a platform's state was made anew, and the old CA is still trusted.
    let old = Authority::new("Strongroom Test CA");
    let new = Authority::new("Strongroom Test CA");
    let failure = failure(new.leaf(|_| ()), &old.trusted()).await;
    let text = failure.to_string();
    assert!(text.contains("another key of the same name"), "{text}");
}

#[tokio::test]
async fn a_wrong_name_is_shown_beside_the_right_ones() {
    let authority = Authority::new("Strongroom Test CA");
    let elsewhere = authority.leaf(|params| {
        params.subject_alt_names = vec![
            SanType::DnsName("api.example.com".try_into().unwrap()),
            SanType::IpAddress("192.0.2.7".parse().unwrap()),
        ];
    });
    let failure = failure(elsewhere, &authority.trusted()).await;
    let presented = ["api.example.com", "192.0.2.7"].map(str::to_owned).to_vec();
    assert_eq!(failure.server_name, "localhost");
    assert_eq!(failure.problem, TlsProblem::WrongName { presented });
}

#[tokio::test]
async fn plain_http_on_the_port_is_recognised() {
    let (address, _server) = serve(|mut stream| async move {
        // What comes is no request, so it is answered at once.
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        stream
    })
    .await;
    let error = deliver(&request(&https_url(address.port())), &Options::default())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, SendError::Tls(failure) if failure.problem == TlsProblem::NotTls),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_peer_that_hangs_up_in_the_handshake_is_told() {
    let (address, _server) = serve(|stream| async move { drop(stream) }).await;
    let error = deliver(&request(&https_url(address.port())), &Options::default())
        .await
        .unwrap_err();
    let host = format!("localhost:{}", address.port());
    let phase = Phase::Tls;
    assert_eq!(error, SendError::Broken { host, phase });
}

#[tokio::test]
async fn a_server_that_asks_for_our_certificate_is_explained() {
    let authority = Authority::new("Strongroom Test CA");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate.clone()).unwrap();
    let mutual = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .unwrap();
    for version in [&TLS12, &TLS13] {
        let identity = authority.leaf(|_| ());
        let chain = identity.chain.len();
        let config = identity.requiring(Arc::clone(&mutual) as _, version);
        let (address, _server) = serve_tls(config, OK).await;
        let error = deliver(&request(&https_url(address.port())), &authority.trusted())
            .await
            .unwrap_err();
        let SendError::Tls(failure) = &error else {
            panic!("{error:?}");
        };
        assert_eq!(failure.problem, TlsProblem::CertificateWanted);
        assert_eq!(failure.chain.len(), chain);
    }
}

#[tokio::test]
async fn an_answer_cut_off_without_tls_saying_so_is_not_whole() {
    let authority = Authority::new("Strongroom Test CA");
    let config = authority.leaf(|_| ()).modern();
    let (address, _server) = crate::support::serve_tls_with(config, |mut stream| async move {
        let request = read_request(&mut stream).await;
        // No length: only the end of the connection says where the body ends.
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf of")
            .await
            .unwrap();
        stream.flush().await.unwrap();
        request
    })
    .await;
    let error = deliver(&request(&https_url(address.port())), &authority.trusted())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            SendError::HalfAnswer {
                status: 200,
                received: 7,
                expected: None,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_file_without_certificates_is_refused() {
    let authority = Authority::new("Strongroom Test CA");
    let pem = |label: &str, base64: &str| {
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
    };
    assert_eq!(roots_from_pem(""), Err(RootError::None));
    assert_eq!(roots_from_pem("no PEM at all"), Err(RootError::None));
    assert_eq!(
        roots_from_pem(&pem("PRIVATE KEY", "AAAA")),
        Err(RootError::None)
    );
    assert_eq!(
        roots_from_pem(&pem("CERTIFICATE", "AAAA")),
        Err(RootError::Malformed)
    );
    assert_eq!(
        roots_from_pem(&pem("CERTIFICATE", "!")),
        Err(RootError::Malformed)
    );
    let roots = roots_from_pem(&authority.pem()).unwrap();
    assert_eq!(roots, [authority.certificate]);
    assert_eq!(Failure::from(RootError::None).code, ErrorCode::Usage);
}
