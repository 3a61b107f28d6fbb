//! What is refused before anything leaves.

use std::{io, net::TcpListener};

use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_sender::{HostRules, Options, SendError};

use crate::support::{CANARY, OK, deliver, plain, request, request_with, serve_answer};

/// A listener that tells afterwards whether anybody came.
struct Unvisited(TcpListener);

impl Unvisited {
    fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn assert_nobody_came(&self) {
        let error = self.0.accept().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}

fn only_for(hosts: &[&str]) -> Options {
    Options {
        allowed_hosts: Some(HostRules::parse(hosts).unwrap()),
        ..plain()
    }
}

#[tokio::test]
async fn a_secret_is_not_sent_to_a_host_that_is_not_its_own() {
    let server = Unvisited::new();
    let port = server.port();
    for (hosts, url) in [
        (
            vec!["api.example.com"],
            format!("https://localhost:{port}/?{CANARY}"),
        ),
        (vec!["localhost:1"], format!("https://localhost:{port}/")),
        (vec!["localhost"], format!("http://127.0.0.1:{port}/")),
        (vec![], format!("https://localhost:{port}/")),
    ] {
        let error = deliver(&request(&url), &only_for(&hosts))
            .await
            .unwrap_err();
        let failure = Failure::from(&error);
        assert_eq!(failure.code, ErrorCode::Refused);
        assert!(
            matches!(error, SendError::HostNotAllowed { .. }),
            "{error:?}"
        );
        assert!(failure.message.contains(&port.to_string()), "{error}");
        assert_eq!(failure.details["allowed"], serde_json::json!(hosts));
    }
    server.assert_nobody_came();
}

#[tokio::test]
async fn a_host_header_does_not_lead_a_secret_astray() {
    let server = Unvisited::new();
    let url = format!("http://127.0.0.1:{}/", server.port());
    for named in ["evil.example", "127.0.0.1, evil.example", "", "127.0.0.1:x"] {
        let headers = [("Host", "127.0.0.1"), ("hOST", named)];
        let outgoing = request_with("GET", &url, &headers, "");
        let error = deliver(&outgoing, &only_for(&["127.0.0.1"]))
            .await
            .unwrap_err();
        assert!(
            matches!(error, SendError::HostNotAllowed { .. }),
            "{named:?}"
        );
        assert!(!error.to_string().contains("evil"), "{error}");
    }
    server.assert_nobody_came();
}

#[tokio::test]
async fn a_secret_is_sent_to_its_own_host() {
    let with_port = |port: u16| format!("127.0.0.1:{port}");
    let without_port = |_: u16| "127.0.0.1".to_owned();
    let rules: [fn(u16) -> String; 2] = [with_port, without_port];
    for rule in rules {
        for host in rules {
            let (address, _server) = serve_answer(OK).await;
            let (rule, host) = (rule(address.port()), host(address.port()));
            let url = format!("http://{address}/");
            let outgoing = request_with("GET", &url, &[("Host", &host)], "");
            let answer = deliver(&outgoing, &only_for(&["elsewhere.example", &rule])).await;
            assert_eq!(answer.unwrap().status, 200, "{rule} {host}");
        }
    }
}

#[tokio::test]
async fn plain_http_needs_an_explicit_yes_and_a_loopback_address() {
    let server = Unvisited::new();
    let url = format!("http://127.0.0.1:{}/?{CANARY}", server.port());
    let error = deliver(&request(&url), &Options::default())
        .await
        .unwrap_err();
    let loopback = true;
    assert!(matches!(error, SendError::PlainHttp { loopback: yes, .. } if yes == loopback));
    assert_eq!(Failure::from(&error).code, ErrorCode::Refused);
    server.assert_nobody_came();

    for url in [
        "http://api.example.com/",
        "http://192.0.2.1/",
        "http://[2001:db8::1]/",
    ] {
        let error = deliver(&request(url), &plain()).await.unwrap_err();
        assert!(
            matches!(
                error,
                SendError::PlainHttp {
                    loopback: false,
                    ..
                }
            ),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_shown_and_not_followed() {
    let elsewhere = Unvisited::new();
    let location = format!("http://127.0.0.1:{}/", elsewhere.port());
    let head = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    );
    let (address, _server) = serve_answer(head).await;
    let answer = deliver(&request(&format!("http://{address}/")), &plain())
        .await
        .unwrap();
    assert_eq!(answer.status, 307);
    assert_eq!(answer.header("location"), Some(location.as_str()));
    elsewhere.assert_nobody_came();
}
