//! One connection for many requests: what goes out, and every way that an answer can end.

use std::time::Duration;

use strongroom_crypto::SecretBytes;
use strongroom_sender::{Header, Options, Outgoing, Reused};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{CANARY, http_url, plain, read_request, request, request_with, serve};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async fn open(outgoing: &Outgoing, options: &Options) -> Reused {
    Reused::open(outgoing.target(), options).await.unwrap()
}

/// Answers each request with the next of `answers`, in pieces of so many bytes, and hangs up.
async fn script(answers: Vec<Vec<u8>>, piece: usize) -> std::net::SocketAddr {
    let (address, _server) = serve(move |mut stream| async move {
        stream.set_nodelay(true).unwrap();
        for answer in answers {
            let _request = read_request(&mut stream).await;
            for piece in answer.chunks(piece) {
                // The client may have seen enough and be gone.
                if stream.write_all(piece).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    address
}

#[tokio::test]
async fn answers_are_told_apart_however_they_arrive() {
    let whole: Vec<(u16, &[u8])> = vec![
        (200, OK),
        (
            429,
            b"HTTP/1.1 429 Too Many Requests\r\nTransfer-Encoding: chunked\r\nRetry-After: 9\r\n\r\n\
              5;note=1\r\nHTTP/\r\n1a\r\nHTTP/1.1 200 OK\r\n\r\nabcdefg\r\n0\r\nExpires: never\r\n\r\n",
        ),
        (204, b"HTTP/1.1 204 No Content\r\n\r\n"),
        (304, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"),
        (
            201,
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
              HTTP/1.1 201 Created\r\ncontent-length: 3\r\n\r\n{}\n",
        ),
        (500, b"HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"),
    ];
    for piece in [1, 2, 7, usize::MAX] {
        let answers = whole.iter().map(|(_, answer)| answer.to_vec()).collect();
        let address = script(answers, piece).await;
        let outgoing = request(&http_url(address));
        let mut reused = open(&outgoing, &plain()).await;
        for (status, _) in &whole {
            assert!(reused.is_open(), "before {status}, pieces of {piece}");
            let brief = reused.send(&outgoing, &[], &plain()).await.unwrap();
            assert_eq!(brief.status, *status, "pieces of {piece}");
            let wait = (*status == 429).then_some("9");
            assert_eq!(brief.retry_after.as_deref(), wait);
        }
    }
}

#[tokio::test]
async fn an_answer_to_head_has_no_body() {
    let address = script(
        vec![b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n".to_vec(); 2],
        99,
    )
    .await;
    let outgoing = request_with("HEAD", &http_url(address), &[], "");
    let mut reused = open(&outgoing, &plain()).await;
    for _ in 0..2 {
        assert_eq!(
            reused.send(&outgoing, &[], &plain()).await.unwrap().status,
            200
        );
    }
}

#[tokio::test]
async fn a_connection_that_ends_with_its_answer_is_used_no_more() {
    for answer in [
        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ] {
        let address = script(vec![answer.as_bytes().to_vec()], usize::MAX).await;
        let outgoing = request(&http_url(address));
        let mut reused = open(&outgoing, &plain()).await;
        let brief = reused.send(&outgoing, &[], &plain()).await.unwrap();
        assert!(brief.status == 200 || brief.status == 101);
        assert!(!reused.is_open(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_closes_meanwhile_is_noticed_before_the_next_request() {
    let (address, server) = serve(|mut stream: TcpStream| async move {
        read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
    })
    .await;
    let outgoing = request(&http_url(address));
    let mut reused = open(&outgoing, &plain()).await;
    reused.send(&outgoing, &[], &plain()).await.unwrap();
    server.await.unwrap();
    while reused.is_open() {
        // The news travels through the system.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn half_answers_and_what_is_no_answer_are_told() {
    let fields = "a: b\r\n".repeat(300);
    let long = format!("a: {}\r\n", "b".repeat(70_000));
    for (answer, expected) in [
        ("", "broke the connection off"),
        ("HTTP/1.1 200 OK\r\nContent-", "broke the connection off"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
            "status 200, 4 bytes of the body instead of 9",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
            "status 200, 4 bytes of the body",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok!\r\n",
            "not HTTP/1.1: a chunk that does not end where it said",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            "not HTTP/1.1: invalid chunk size",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "not HTTP/1.1: invalid content-length",
        ),
        ("220 mail.example ESMTP\r\n", "not HTTP/1.1"),
        (&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"), "larger than"),
        (&format!("HTTP/1.1 200 OK\r\n{long}\r\n"), "larger than"),
    ] {
        let address = script(vec![answer.as_bytes().to_vec()], usize::MAX).await;
        let outgoing = request(&http_url(address));
        let mut reused = open(&outgoing, &plain()).await;
        let failure = reused.send(&outgoing, &[], &plain()).await.unwrap_err();
        let shown = format!("{failure:?}");
        assert!(failure.message.contains(expected), "{expected}: {shown}");
        assert!(!shown.contains(CANARY), "{shown}");
        assert!(!reused.is_open());
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_its_time() {
    let (address, _server) = serve(|mut stream: TcpStream| async move {
        read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let outgoing = request(&http_url(address));
    let options = Options {
        timeout: Duration::from_millis(50),
        ..plain()
    };
    let mut reused = open(&outgoing, &options).await;
    let failure = reused.send(&outgoing, &[], &options).await.unwrap_err();
    assert!(failure.message.contains("no answer"), "{failure:?}");
    assert!(!reused.is_open());
}

#[tokio::test]
async fn what_is_added_stands_behind_the_headers_as_given() {
    let (address, server) = serve(|mut stream: TcpStream| async move {
        let first = read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        let second = read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        [first, second, rest].concat()
    })
    .await;
    let outgoing = request_with(
        "POST",
        &format!("http://{address}/x?q"),
        &[("X-One", "1")],
        "{}",
    );
    let added = |value: &str| Header::new("Signature", SecretBytes::copy_of(value.as_bytes()));
    let mut reused = open(&outgoing, &plain()).await;
    for value in ["first", "second"] {
        let added = [added(value).unwrap()];
        reused.send(&outgoing, &added, &plain()).await.unwrap();
    }
    drop(reused);
    let request = |value: &str| {
        format!(
            "POST /x?q HTTP/1.1\r\nHost: {address}\r\nX-One: 1\r\nSignature: {value}\r\n\
             Content-Length: 2\r\n\r\n{{}}"
        )
    };
    let seen = String::from_utf8(server.await.unwrap()).unwrap();
    assert_eq!(seen, request("first") + &request("second"));
}
