//! What is offered by hand in a ClientHello, and what is left of it.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::stage::Stage;

/// The contents of an alert that ends a handshake: `fatal`, and why (RFC 5246, section 7.2).
const PROTOCOL_VERSION: u8 = 70;
const HANDSHAKE_FAILURE: u8 = 40;

const SSL_3: u16 = 0x0300;
const TLS_1_0: u16 = 0x0301;
const TLS_1_1: u16 = 0x0302;
const TLS_1_2: u16 = 0x0303;

/// `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`, which is good enough for anyone.
const GOOD: u16 = 0xc02b;
/// Without forward secrecy, by CBC, 3DES, RC4, of export strength, anonymous, and without encryption.
const WEAK: [u16; 9] = [
    0x009c, 0x002f, 0xc009, 0xc013, 0x000a, 0x0005, 0x0003, 0x0034, 0x0002,
];

/// A length in two bytes, and what it is the length of.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes()[..], bytes].concat()
}

/// A ClientHello as a client of `version` sends it (RFC 5246, section 7.4.1.2), in its record.
fn hello(version: u16, suites: &[u16]) -> Vec<u8> {
    let pair = |both: u16| both.to_be_bytes();
    let extension = |kind: u16, bytes: &[u8]| [&pair(kind)[..], &prefixed(bytes)].concat();
    let name = prefixed(&[&[0][..], &prefixed(b"localhost")].concat());
    let extensions = [
        extension(0x0000, &name),
        // The groups x25519 and secp256r1, uncompressed points, and signatures of ECDSA and RSA.
        extension(0x000a, &prefixed(&[0x00, 0x1d, 0x00, 0x17])),
        extension(0x000b, &[1, 0]),
        extension(0x000d, &prefixed(&[0x04, 0x03, 0x08, 0x04, 0x02, 0x01])),
        // No triple of secrets is lost by it (RFC 7627), and no renegotiation (RFC 5746).
        extension(0x0017, &[]),
        extension(0xff01, &[0]),
    ];
    let suites: Vec<u8> = suites.iter().copied().flat_map(pair).collect();
    let body = [
        &pair(version)[..],
        &[7; 32],
        &[0],
        &prefixed(&suites),
        &[1, 0],
        &prefixed(&extensions.concat()),
    ]
    .concat();
    let handshake = [&[1, 0][..], &prefixed(&body)].concat();
    [&[22][..], &pair(version), &prefixed(&handshake)].concat()
}

/// What comes back until the platform ends the connection or begins a handshake.
async fn answer(stage: &Stage, hello: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(stage.running.local_addr())
        .await
        .unwrap();
    tcp.write_all(hello).await.unwrap();
    let mut record = vec![0; 7];
    tcp.read_exact(&mut record).await.unwrap();
    record
}

#[track_caller]
fn assert_alert(record: &[u8], why: u8, offered: &str) {
    assert_eq!(record[0], 21, "{offered}: no alert but {record:?}");
    assert_eq!(record[5..7], [2, why], "{offered}: another alert");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_older_than_tls_1_2_is_refused() {
    let stage = Stage::new().await;
    for version in [SSL_3, TLS_1_0, TLS_1_1] {
        let record = answer(&stage, &hello(version, &[GOOD, 0xc00a, 0xc009, 0x002f])).await;
        assert_alert(&record, PROTOCOL_VERSION, &format!("version {version:04x}"));
    }
    // The same with TLS 1.2 begins a handshake, so that it was the version.
    let record = answer(&stage, &hello(TLS_1_2, &[GOOD])).await;
    assert_eq!((record[0], record[5]), (22, 2), "a ServerHello: {record:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn weak_cipher_suites_are_refused() {
    let stage = Stage::new().await;
    for suite in WEAK {
        let record = answer(&stage, &hello(TLS_1_2, &[suite])).await;
        assert_alert(&record, HANDSHAKE_FAILURE, &format!("suite {suite:04x}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_handshake_leave_the_others_served() {
    let stage = Stage::new().await;
    let longest = [&[22, 3, 1, 0xff, 0xff][..], &[0; 70_000]].concat();
    let sslv2 = [
        0x80, 0x2e, 0x01, 0x00, 0x02, 0x00, 0x15, 0x00, 0x00, 0x00, 0x10,
    ];
    let cut = &hello(TLS_1_2, &[GOOD])[..40];
    for bytes in [
        &longest[..],
        &sslv2,
        cut,
        b"GET / HTTP/1.1\r\n\r\n",
        &[0; 512],
    ] {
        let mut tcp = TcpStream::connect(stage.running.local_addr())
            .await
            .unwrap();
        let _reset = tcp.write_all(bytes).await;
        let _reset = tcp.shutdown().await;
        let mut answer = Vec::new();
        let _reset = tcp.read_to_end(&mut answer).await;
        assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
    }
    assert_eq!(stage.send("GET", "/api/v1/ping", &[], "").await.status, 401);
}
