//! What arrives at the other side, byte for byte.

use strongroom_sender::Added;

use crate::support::{OK, deliver, plain, request_with, serve_answer};

#[tokio::test]
async fn a_request_arrives_as_it_was_given() {
    let (address, server) = serve_answer(OK).await;
    let path = "/a/../b/./%7e%2F//x;y?q=%20+&&=a&q={\"x\"}|^`<>\\&~";
    let headers = [
        ("x-Odd-CASE", "one"),
        ("Host", "platform.example"),
        ("accept", "  spaces\tand tab "),
        ("x-odd-case", "two"),
        ("User-Agent", ""),
        ("X-ODD-CASE", "three"),
        ("x-bytes", "caf\u{e9}"),
        ("Content-Length", "5"),
    ];
    let body = "a\r\n\0z";
    let outgoing = request_with(
        "qUeRy",
        &format!("http://{address}{path}#cut"),
        &headers,
        body,
    );
    assert_eq!(outgoing.added().count(), 0);
    let answer = deliver(&outgoing, &plain()).await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.tls.is_none());
    assert!(answer.timings.tls_ms == 0.0);

    let mut expected = format!("qUeRy {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        expected.push_str(&format!("{name}: {value}\r\n"));
    }
    expected.push_str("\r\na\r\n\0z");
    let received = server.await.unwrap();
    assert_eq!(String::from_utf8(received).unwrap(), expected);
}

#[tokio::test]
async fn what_was_added_is_what_arrives() {
    let (address, server) = serve_answer(OK).await;
    let outgoing = request_with("POST", &format!("http://{address}"), &[("a", "b")], "body");
    let added: Vec<Added> = outgoing.added().cloned().collect();
    deliver(&outgoing, &plain()).await.unwrap();
    let received = String::from_utf8(server.await.unwrap()).unwrap();
    let expected =
        format!("POST / HTTP/1.1\r\nHost: {address}\r\na: b\r\nContent-Length: 4\r\n\r\nbody");
    assert_eq!(received, expected);
    let names: Vec<_> = added.iter().map(|added| added.name).collect();
    assert_eq!(names, ["Host", "Content-Length"]);
    assert_eq!(added[0].value, address.to_string());
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let (address, server) = serve_answer(OK).await;
    let body: String = (0..3_000_000_u32)
        .map(|at| char::from(b'a' + (at % 26) as u8))
        .collect();
    let outgoing = request_with("PUT", &format!("http://{address}/"), &[], &body);
    deliver(&outgoing, &plain()).await.unwrap();
    let received = server.await.unwrap();
    assert!(received.ends_with(body.as_bytes()));
}
