//! The way through a proxy.

use std::{net::SocketAddr, time::Duration};

use rcgen::SanType;
use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_crypto::SecretText;
use strongroom_sender::{Options, Phase, Proxy, SendError, TlsProblem};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::support::{
    Authority, CANARY, OK, deliver, plain, read_request, request, serve, serve_answer, serve_tls,
};

/// A name that only the proxy knows the way to.
const NAME: &str = "api.behind-the-proxy.test";

/// An authority, and a server of that name with a certificate of its.
async fn server() -> (Authority, SocketAddr, JoinHandle<Vec<u8>>) {
    let authority = Authority::new("Strongroom Test CA");
    let identity = authority.leaf(|params| {
        params.subject_alt_names = vec![SanType::DnsName(NAME.try_into().unwrap())];
    });
    let (address, heard) = serve_tls(identity.modern(), OK).await;
    (authority, address, heard)
}

/// A proxy that leads every tunnel to `destination`; what it was asked.
async fn proxy_to(destination: SocketAddr) -> (Proxy, JoinHandle<String>) {
    let (address, asked) = serve(move |mut stream| async move {
        let question = read_request(&mut stream).await;
        let mut server = TcpStream::connect(destination).await.unwrap();
        // In two pieces, with more of a head than is needed.
        stream
            .write_all(b"HTTP/1.1 200 Connection est")
            .await
            .unwrap();
        stream.flush().await.unwrap();
        stream
            .write_all(b"ablished\r\nVia: 1.1 p\r\n\r\n")
            .await
            .unwrap();
        // Either end may hang up as it likes.
        let _ = copy_bidirectional(&mut stream, &mut server).await;
        String::from_utf8(question).unwrap()
    })
    .await;
    let proxy = Proxy::parse(&format!("http://{address}")).unwrap();
    (proxy, asked)
}

fn url() -> String {
    format!("https://{NAME}:8443/x?q={CANARY}")
}

#[tokio::test]
async fn a_tunnel_shows_the_proxy_a_name_and_nothing_of_the_request() {
    let (authority, address, heard) = server().await;
    let (proxy, asked) = proxy_to(address).await;
    let password = SecretText::new(CANARY.to_owned());
    let options = Options {
        proxy: Some(proxy.clone().with_password("user", &password).unwrap()),
        ..authority.trusted()
    };
    let answer = deliver(&request(&url()), &options).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
    assert_eq!(answer.proxy, Some(proxy.place()));
    assert_eq!(answer.tls.unwrap().server_name, NAME);
    assert!(!format!("{options:?}").contains(CANARY));

    let asked = asked.await.unwrap();
    assert_eq!(
        asked,
        format!(
            "CONNECT {NAME}:8443 HTTP/1.1\r\nHost: {NAME}:8443\r\nProxy-Authorization: Basic dXNlcjpjYW5hcnktNWYxZDdj\r\n\r\n"
        )
    );
    let heard = String::from_utf8(heard.await.unwrap()).unwrap();
    assert!(heard.contains(CANARY), "the server hears the request");
    assert!(!heard.to_lowercase().contains("proxy-"), "{heard}");
}

#[tokio::test]
async fn the_server_behind_a_proxy_is_verified_all_the_same() {
    let (_, address, heard) = server().await;
    let (proxy, _asked) = proxy_to(address).await;
    let options = Options {
        proxy: Some(proxy),
        ..Authority::new("Another CA").trusted()
    };
    let error = deliver(&request(&url()), &options).await.unwrap_err();
    let SendError::Tls(failure) = error else {
        panic!("{error:?}");
    };
    assert!(matches!(failure.problem, TlsProblem::UnknownIssuer { .. }));
    assert_eq!(failure.server_name, NAME);
    assert_eq!(heard.await.unwrap(), b"");
}

#[tokio::test]
async fn this_machine_is_asked_without_the_proxy() {
    let (address, _server) = serve_answer(OK).await;
    let options = Options {
        proxy: Some(Proxy::parse("http://proxy.invalid:1").unwrap()),
        ..plain()
    };
    let answer = deliver(&request(&format!("http://{address}/")), &options)
        .await
        .unwrap();
    assert_eq!((answer.status, answer.proxy), (200, None));
}

async fn refused(said: &'static [u8]) -> (SendError, Failure) {
    let (address, asked) = serve_answer(said).await;
    let options = Options {
        proxy: Some(Proxy::parse(&address.to_string()).unwrap()),
        timeout: Duration::from_secs(20),
        ..Options::default()
    };
    let error = deliver(&request(&url()), &options).await.unwrap_err();
    let asked = String::from_utf8(asked.await.unwrap()).unwrap();
    assert!(!asked.contains(CANARY), "{asked}");
    let failure = Failure::from(&error);
    assert_eq!(failure.code, ErrorCode::Network);
    assert_eq!(failure.details["phase"], "tunnel");
    (error, failure)
}

#[tokio::test]
async fn a_proxy_that_says_no_is_told_from_the_server() {
    for (said, expected, hint) in [
        (
            &b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n"[..],
            407,
            "--proxy-key",
        ),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", 403, "whoever runs"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", 502, "did not reach"),
    ] {
        let (error, failure) = refused(said).await;
        assert!(
            matches!(&error, SendError::ProxyRefused { status, host, .. } if *status == expected && *host == format!("{NAME}:8443")),
            "{error:?}"
        );
        assert!(failure.hint.unwrap().contains(hint));
    }
}

#[tokio::test]
async fn what_is_no_proxy_is_told() {
    for said in [
        &b"SSH-2.0-OpenSSH_9.7\r\n"[..],
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ] {
        let (error, _) = refused(said).await;
        assert!(matches!(error, SendError::NoProxy { .. }), "{error:?}");
    }
    for said in [&b""[..], b"HTTP/1.1 200 OK\r\n"] {
        let (error, failure) = refused(said).await;
        assert!(failure.message.contains("the proxy"), "{failure}");
        assert!(
            matches!(
                error,
                SendError::Broken {
                    phase: Phase::Tunnel,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_endless_head_of_a_proxy_is_refused_while_it_comes() {
    let (address, _server) = serve(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").await.unwrap();
        while stream.write_all(&[b'y'; 4096]).await.is_ok() {}
    })
    .await;
    let options = Options {
        proxy: Some(Proxy::parse(&address.to_string()).unwrap()),
        ..Options::default()
    };
    let error = deliver(&request(&url()), &options).await.unwrap_err();
    assert!(matches!(error, SendError::NoProxy { .. }), "{error:?}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_or_hangs_is_named_as_the_proxy() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let options = Options {
        proxy: Some(Proxy::parse(&address.to_string()).unwrap()),
        timeout: Duration::from_millis(300),
        ..Options::default()
    };
    let error = deliver(&request(&url()), &options).await.unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Timeout {
                phase: Phase::Tunnel,
                ..
            }
        ),
        "{error:?}"
    );
    drop(listener);
    let error = deliver(&request(&url()), &options).await.unwrap_err();
    assert!(
        error.to_string().contains(&format!("the proxy {address}")),
        "{error}"
    );
}

#[tokio::test]
async fn connections_that_are_reused_go_through_it_too() {
    let (authority, address, _heard) = server().await;
    let (proxy, asked) = proxy_to(address).await;
    let options = Options {
        proxy: Some(proxy),
        ..authority.trusted()
    };
    let outgoing = request(&url());
    let mut open = strongroom_sender::Reused::open(outgoing.target(), &options)
        .await
        .unwrap();
    assert_eq!(
        open.send(&outgoing, &[], &options).await.unwrap().status,
        200
    );
    drop(open);
    assert!(
        asked
            .await
            .unwrap()
            .starts_with(&format!("CONNECT {NAME}:8443 "))
    );
}

#[tokio::test]
async fn bytes_behind_the_head_are_the_servers() {
    // A server that speaks before it is spoken to is no TLS server: its words must not be lost either.
    let (address, _proxy) = serve(|mut stream| async move {
        read_request(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\n220 mail.example ESMTP\r\n")
            .await
            .unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    })
    .await;
    let options = Options {
        proxy: Some(Proxy::parse(&address.to_string()).unwrap()),
        ..Options::default()
    };
    let error = deliver(&request(&url()), &options).await.unwrap_err();
    let SendError::Tls(failure) = error else {
        panic!("{error:?}");
    };
    assert_eq!(failure.problem, TlsProblem::NotTls);
}
