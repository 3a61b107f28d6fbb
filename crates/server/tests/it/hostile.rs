//! Those who don't speak as they should.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::stage::Stage;

/// Sends bytes, and reads until the connection ends or, if `until_quiet`, an answer is whole.
async fn raw(stage: &Stage, bytes: &[u8]) -> String {
    let mut stream = stage.tls().await.unwrap();
    // The server may answer, and close, before all of it was sent.
    let _cut_short = stream.write_all(bytes).await;
    let _cut_short = stream.flush().await;
    let mut answer = Vec::new();
    let _cut_short = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn rule_of(stage: &Stage, answer: &str) -> Value {
    let id = answer
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .unwrap_or_else(|| panic!("no request id in {answer:?}"));
    let path = format!("/requests/{id}/explain");
    stage.manage("GET", &path, Value::Null).await.json()["rule"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_gets_an_answer_with_an_id_and_a_row() {
    let stage = Stage::new().await;
    let many = format!(
        "GET / HTTP/1.1\r\nhost: a\r\n{}\r\n",
        "a: b\r\n".repeat(200)
    );
    let long = format!(
        "GET / HTTP/1.1\r\nhost: a\r\na: {}\r\n\r\n",
        "b".repeat(100_000)
    );
    let uri = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(100_000));
    for (bytes, status) in [
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
            400,
        ),
        (&many, 431),
        (&long, 431),
        (&uri, 431),
    ] {
        let answer = raw(&stage, bytes.as_bytes()).await;
        let expected = format!("HTTP/1.1 {status} ");
        let start = &bytes[..bytes.len().min(30)];
        assert!(answer.starts_with(&expected), "{start:?}: {answer:?}");
        assert_eq!(rule_of(&stage, &answer).await, "flood", "{start:?}");
        assert!(answer.contains("date: "), "{answer}");
        assert!(answer.contains("{\"errors\":"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_slow_is_told_so_and_who_is_idle_is_let_go() {
    let stage = Stage::with(|config| {
        config.limits.header = Duration::from_millis(150);
        config.limits.body = Duration::from_millis(150);
    })
    .await;
    let head = raw(&stage, b"GET / HTTP/1.1\r\nhost: a\r\n").await;
    assert!(head.starts_with("HTTP/1.1 408 "), "{head:?}");
    assert_eq!(rule_of(&stage, &head).await, "flood");
    let body = raw(
        &stage,
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nabc",
    )
    .await;
    assert!(body.starts_with("HTTP/1.1 408 "), "{body:?}");
    assert_eq!(rule_of(&stage, &body).await, "flood");
    assert_eq!(raw(&stage, b"").await, "", "idle: nothing to answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_does_not_come_is_ended() {
    let stage = Stage::with(|config| config.limits.handshake = Duration::from_millis(100)).await;
    let mut tcp = tokio::net::TcpStream::connect(stage.running.local_addr())
        .await
        .unwrap();
    let mut nothing = Vec::new();
    assert_eq!(tcp.read_to_end(&mut nothing).await.unwrap(), 0);
    let mut plain = tokio::net::TcpStream::connect(stage.running.local_addr())
        .await
        .unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut alert = Vec::new();
    let _reset = plain.read_to_end(&mut alert).await;
    assert!(!alert.starts_with(b"HTTP"), "{alert:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_the_cap_is_a_413_whoever_sends_it() {
    let stage = Stage::new().await;
    let key = stage.key(json!({})).await;
    let most = 1024 * 1024;
    let fits = stage
        .send("POST", "/api/v2/payins", &key.pair(), vec![b' '; most])
        .await;
    assert_eq!(fits.status, 403);
    let over = stage
        .send("POST", "/api/v2/payins", &key.pair(), vec![b' '; most + 1])
        .await;
    assert_eq!(over.status, 413);
    let explain = format!("/requests/{}/explain", over.header("x-request-id"));
    assert_eq!(
        stage.manage("GET", &explain, Value::Null).await.json()["rule"],
        "body"
    );

    let mut chunked = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..17 {
        chunked.extend_from_slice(b"10000\r\n");
        chunked.extend_from_slice(&[b' '; 0x10000]);
        chunked.extend_from_slice(b"\r\n");
    }
    let answer = raw(&stage, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer:?}");
    let broken = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    let answer = raw(&stage, broken).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_source_cannot_take_every_connection() {
    let stage = Stage::with(|config| config.limits.connections_per_source = 4).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(stage.connect().await);
    }
    assert!(stage.tls().await.is_err(), "a fifth");
    assert_eq!(
        open[0].send("GET", "/api/v1/ping", &[], "").await.status,
        401
    );
    drop(open);
    while stage.tls().await.is_err() {
        tokio::task::yield_now().await;
    }
}
