//! Those who take their time, many at once, and the others beside them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::client::TlsStream;

use crate::stage::{Stage, soak};

const PING: &str = "/api/v1/ping";

/// How long a slow one pauses between bytes: far less than it may take for all of them.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends one byte after the other for as long as the platform takes them; what it answers.
async fn drip(stream: TlsStream<TcpStream>, start: &str, byte: u8) -> String {
    let (mut reads, mut writes) = tokio::io::split(stream);
    writes.write_all(start.as_bytes()).await.unwrap();
    writes.flush().await.unwrap();
    let sending = tokio::spawn(async move {
        while writes.write_all(&[byte]).await.is_ok() && writes.flush().await.is_ok() {
            tokio::time::sleep(PAUSE).await;
        }
    });
    let mut answer = Vec::new();
    let _reset = reads.read_to_end(&mut answer).await;
    sending.abort();
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_headers_and_bodies_are_ended_and_leave_the_others_served() {
    let stage = Stage::with(|config| {
        config.limits.header = Duration::from_secs(1);
        config.limits.body = Duration::from_secs(1);
    })
    .await;
    let key = stage.key(json!({ "limit_per_minute": 1_000_000 })).await;
    let mut slow = JoinSet::new();
    for number in 0..(64 * soak()).min(2_000) {
        let stream = stage.tls().await.unwrap();
        let (start, byte) = match number % 3 {
            0 => ("", b'G'),
            1 => ("GET / HTTP/1.1\r\nhost: localhost\r\na: ", b'b'),
            _ => (
                "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n",
                b'c',
            ),
        };
        slow.spawn(drip(stream, start, byte));
    }
    // Somebody else is served all the while, on one connection after the other.
    let mut served = 0;
    while !slow.is_empty() {
        let answer = stage.send("GET", PING, &key.pair(), "").await;
        assert_eq!(answer.status, 200);
        served += 1;
        while let Some(ended) = slow.try_join_next() {
            let answer = ended.unwrap();
            assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
        }
    }
    assert!(served > 0);
}

/// Whoever asks and does not read gets no more than the buffers between hold, and is let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_on_and_on_and_reads_nothing_is_ended() {
    const ASKED: usize = 1_000;
    let stage = Stage::with(|config| config.limits.header = Duration::from_secs(1)).await;
    let key = stage.key(json!({})).await;
    let ask = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(ASKED);
    let deaf = stage.tls().await.unwrap();
    let (mut reads, mut writes) = tokio::io::split(deaf);
    let asking = tokio::spawn(async move {
        let _ended = writes.write_all(ask.as_bytes()).await;
        let _ended = writes.flush().await;
    });
    // Until no more of it is answered, which the log shows.
    let mut answered = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let path = "/audit?limit=1000&route=GET%20/openapi.json";
        let rows = stage.manage("GET", path, Value::Null).await.json();
        let now = rows["rows"].as_array().unwrap().len();
        if now == answered {
            break;
        }
        answered = now;
    }
    assert!((1..ASKED).contains(&answered), "{answered} were answered");
    let mut read = Vec::new();
    let _ended = reads.read_to_end(&mut read).await;
    asking.await.unwrap();
    assert!(!read.is_empty());
    assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 200);
}
