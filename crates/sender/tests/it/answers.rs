//! Answers of every kind, sound and unsound.

use proptest::prelude::*;
use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_sender::{Answer, Options, Phase, SendError, Undecoded};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{
    CANARY, OK, deliver, deliver_watched, http_url, plain, read_request, request, request_with,
    serve, serve_answer, when,
};

async fn answer_to(method: &str, answer: &str) -> Result<Answer, SendError> {
    let (address, _server) = serve_answer(answer).await;
    deliver(&request_with(method, &http_url(address), &[], ""), &plain()).await
}

#[tokio::test]
async fn every_framing_of_a_body_is_understood() {
    for (method, answer, status, version, body) in [
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyrest",
            200,
            "HTTP/1.1",
            "body",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nbo\r\n2\r\ndy\r\n0\r\nT: r\r\n\r\n",
            200,
            "HTTP/1.1",
            "body",
        ),
        (
            "GET",
            "HTTP/1.0 404 No\r\n\r\nuntil the end",
            404,
            "HTTP/1.0",
            "until the end",
        ),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
            200,
            "HTTP/1.1",
            "",
        ),
        (
            "GET",
            "HTTP/1.1 204 No Content\r\n\r\n",
            204,
            "HTTP/1.1",
            "",
        ),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n",
            304,
            "HTTP/1.1",
            "",
        ),
        (
            "GET",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n",
            429,
            "HTTP/1.1",
            "",
        ),
        (
            "GET",
            "HTTP/1.1 599\r\nContent-Length: 0\r\n\r\n",
            599,
            "HTTP/1.1",
            "",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nnot",
            200,
            "HTTP/1.1",
            "not",
        ),
    ] {
        let came = answer_to(method, answer).await.unwrap();
        assert_eq!(came.status, status, "{answer:?}");
        assert_eq!(came.http_version, version, "{answer:?}");
        assert_eq!(came.body, body.as_bytes(), "{answer:?}");
        assert!(!came.body_truncated, "{answer:?}");
        assert_eq!(came.decoded, None, "{answer:?}");
    }
}

#[tokio::test]
async fn headers_come_in_order_with_every_value() {
    let (address, _server) = serve_answer(
        &b"HTTP/1.1 200 OK\r\nX-Request-Id: r1\r\nSet-Cookie: b=2\r\nSet-Cookie: a=1\r\nX-Raw: caf\xe9\r\nContent-Length: 0\r\n\r\n"[..],
    )
    .await;
    let answer = deliver(&request(&http_url(address)), &plain())
        .await
        .unwrap();
    assert_eq!(answer.header("x-request-id"), Some("r1"));
    assert_eq!(answer.header("x-raw"), None, "not text");
    let expected = [
        ("x-request-id", "r1"),
        ("set-cookie", "b=2"),
        ("set-cookie", "a=1"),
        ("x-raw", "caf\\xe9"),
        ("content-length", "0"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(answer.text_headers(), expected);
}

#[tokio::test]
async fn an_echoed_secret_is_in_the_answer_but_not_in_its_debug() {
    let answer =
        format!("HTTP/1.1 200 OK\r\nX-Echo: {CANARY}\r\nContent-Length: 13\r\n\r\n{CANARY}");
    // `deliver` looks at the Debug form.
    let answer = answer_to("GET", &answer).await.unwrap();
    assert_eq!(answer.header("x-echo"), Some(CANARY));
    assert_eq!(answer.body, CANARY.as_bytes());
}

#[tokio::test]
async fn a_long_body_is_cut_at_the_limit_and_says_so() {
    let chunked = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
    for (rest, limit, kept, truncated) in [
        ("Content-Length: 6\r\n\r\nabcdef", 6, "abcdef", false),
        ("Content-Length: 6\r\n\r\nabcdef", 5, "abcde", true),
        ("Content-Length: 6\r\n\r\nabcdef", 0, "", true),
        ("Content-Length: 0\r\n\r\n", 0, "", false),
        (chunked, 6, "abcdef", false),
        (chunked, 3, "abc", true),
        ("\r\nabcdef", 6, "abcdef", false),
        ("\r\nabcdef", 5, "abcde", true),
    ] {
        let (address, _server) = serve_answer(format!("HTTP/1.1 200 OK\r\n{rest}")).await;
        let options = Options {
            body_limit: limit,
            ..plain()
        };
        let answer = deliver(&request(&http_url(address)), &options)
            .await
            .unwrap();
        assert_eq!(answer.body, kept.as_bytes(), "{rest:?} at {limit}");
        assert_eq!(answer.body_truncated, truncated, "{rest:?} at {limit}");
    }
}

/// An answer whose body is one of the files beside, packed with `coding`.
async fn packed(coding: &str, body: &[u8], limit: usize) -> Answer {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (address, _server) = serve_answer([head.as_bytes(), body].concat()).await;
    let options = Options {
        body_limit: limit,
        ..plain()
    };
    deliver(&request(&http_url(address)), &options)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_packed_body_is_unpacked_and_says_so() {
    let text = b"{\"amount\":10,\"amount_in_words\":\"ten, and ten again, ten\"}";
    for (coding, body) in [
        ("gzip", &include_bytes!("../data/packed.gz")[..]),
        ("deflate", include_bytes!("../data/packed.zlib")),
        ("deflate", include_bytes!("../data/packed.raw")),
        ("BR", include_bytes!("../data/packed.br")),
        ("zstd", include_bytes!("../data/packed.zst")),
    ] {
        let answer = packed(coding, body, 1_000).await;
        assert_eq!(answer.body, text, "{coding}");
        let decoded = answer.decoded.unwrap();
        assert_eq!(decoded.coding, coding.to_lowercase());
        assert_eq!(decoded.encoded_bytes, body.len() as u64);
        assert_eq!((answer.undecoded, answer.body_truncated), (None, false));
        // So little of it came that nothing, or not all of it, can be made of that.
        let cut = packed(coding, body, 30).await;
        assert!(
            cut.body_truncated && text.starts_with(&cut.body),
            "{coding}"
        );
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_unpacked_is_there_as_it_came() {
    let bomb = &include_bytes!("../data/packed.bomb.gz")[..];
    let limit = 4 * 1024 * 1024;
    let answer = packed("gzip", bomb, limit).await;
    assert_eq!(answer.body, bomb);
    let told = answer.undecoded.unwrap();
    assert!(told.to_string().contains("decompression bomb"), "{told}");
    let expected = Undecoded::Bomb {
        coding: "gzip",
        from: bomb.len(),
        to: limit,
    };
    assert_eq!(told, expected);

    let unknown = packed("x-snappy-framed", b"sNaPpY", limit).await;
    assert_eq!(unknown.body, b"sNaPpY");
    assert!(
        matches!(unknown.undecoded, Some(Undecoded::Unknown(coding)) if coding == "x-snappy-framed")
    );
    let damaged = packed("gzip", &include_bytes!("../data/packed.gz")[..40], limit).await;
    assert_eq!(damaged.body.len(), 40);
    assert_eq!(
        damaged.undecoded,
        Some(Undecoded::Damaged("gzip".to_owned()))
    );
}

#[tokio::test]
async fn an_endless_body_is_cut_too() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n",
    ] {
        let (address, server) = serve(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        })
        .await;
        let options = Options {
            body_limit: 100_000,
            ..plain()
        };
        let answer = deliver(&request(&http_url(address)), &options)
            .await
            .unwrap();
        assert_eq!(answer.body.len(), 100_000);
        assert!(answer.body_truncated);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn half_an_answer_says_how_much_came() {
    for (answer, received, expected) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of",
            7,
            Some(100),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nhalf of\r\n",
            7,
            None,
        ),
    ] {
        let error = answer_to("GET", answer).await.unwrap_err();
        let failure = Failure::from(&error);
        assert_eq!(failure.code, ErrorCode::Network);
        assert_eq!(failure.details["received"], received);
        assert!(
            matches!(error, SendError::HalfAnswer { status: 200, received: r, expected: e, .. } if r == received && e == expected),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn no_answer_and_half_a_head_are_a_broken_connection() {
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let error = answer_to("GET", answer).await.unwrap_err();
        assert!(
            matches!(
                error,
                SendError::Broken {
                    phase: Phase::Answer,
                    ..
                }
            ),
            "{answer:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_is_told_with_its_phase() {
    for (answer, phase) in [
        ("", Phase::Answer),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of",
            Phase::Download,
        ),
    ] {
        let (progress, begun) = when(phase);
        let (address, _server) = serve(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            begun.await;
            stream.set_zero_linger().unwrap();
        })
        .await;
        let outgoing = request(&http_url(address));
        let never = std::future::pending();
        let error = deliver_watched(&outgoing, &plain(), never, progress)
            .await
            .unwrap_err();
        let host = address.to_string();
        assert_eq!(error, SendError::Broken { host, phase });
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    for answer in [
        "garbage\r\n\r\n",
        "SSH-2.0-OpenSSH_9.7\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nna me: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ] {
        let error = answer_to("GET", answer).await.unwrap_err();
        assert!(
            matches!(error, SendError::MalformedAnswer { .. }),
            "{answer:?}: {error:?}"
        );
        assert_eq!(Failure::from(error).code, ErrorCode::Network);
    }
}

/// Pieces of answers, so that chance builds some that are nearly sound.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.0 500 \r\n",
            "Content-Length: 5\r\n",
            "Content-Length: 5, 5\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip\r\n",
            "Connection: keep-alive, upgrade\r\n",
            "\r\n",
            "5\r\nhello\r\n",
            "0\r\n\r\n",
            "0\r\nTrailer: x\r\n\r\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn whatever_a_server_says_ends_in_an_answer_or_an_error(said in pieces()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = Options { body_limit: 7, ..plain() };
        let result = runtime.block_on(async {
            let (address, _server) = serve_answer(said).await;
            deliver(&request(&http_url(address)), &options).await
        });
        match result {
            Ok(answer) => prop_assert!(answer.body.len() <= 7),
            Err(error) => prop_assert!(
                matches!(
                    error,
                    SendError::Broken { .. }
                        | SendError::HalfAnswer { .. }
                        | SendError::MalformedAnswer { .. }
                ),
                "{error:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_server_that_speaks_first_is_not_http() {
    let (address, _server) = serve(|mut stream| async move {
        stream
            .write_all(b"220 mail.example ESMTP\r\n")
            .await
            .unwrap();
        read_request(&mut stream).await
    })
    .await;
    let error = deliver(&request(&http_url(address)), &plain())
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::MalformedAnswer { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_header_bomb_is_refused() {
    let many = "X: y\r\n".repeat(300);
    let large = format!("X: {}\r\n", "y".repeat(100_000));
    for fields in [many, large] {
        let answer = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        let error = answer_to("GET", &answer).await.unwrap_err();
        assert!(matches!(error, SendError::HeadTooLarge { .. }), "{error:?}");
    }
    let fields = "X: y\r\n".repeat(200);
    let answer = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
    let answer = answer_to("GET", &answer).await.unwrap();
    assert_eq!(answer.headers.len(), 201);
}

#[tokio::test]
async fn an_endless_head_is_refused_while_it_comes() {
    let (address, server) = serve(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").await.unwrap();
        while stream.write_all(&[b'y'; 4096]).await.is_ok() {}
    })
    .await;
    let error = deliver(&request(&http_url(address)), &plain())
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::HeadTooLarge { .. }), "{error:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_comes_before_the_request_is_out_is_read() {
    let (address, server) = serve(|mut stream| async move {
        let mut first = [0; 16];
        stream.read_exact(&mut first).await.unwrap();
        let answer = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
        stream.write_all(answer).await.unwrap();
        // Kept open: closing with a body unread would reset what was just said.
        stream
    })
    .await;
    let body = "x".repeat(64 * 1024 * 1024);
    let outgoing = request_with("POST", &http_url(address), &[], &body);
    let answer = deliver(&outgoing, &plain()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (413, &b"no"[..]));
    drop(server.await.unwrap());
}

#[tokio::test]
async fn a_connection_that_is_kept_alive_does_not_hold_the_answer_up() {
    let (address, server) = serve(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        // Returns when the client closes: it must not wait for us to do so.
        stream.read_u8().await.is_err()
    })
    .await;
    let answer = deliver(&request(&http_url(address)), &plain())
        .await
        .unwrap();
    assert_eq!(answer.body, b"ok");
    assert!(server.await.unwrap());
}
