//! Sending with a key, through the owner, to a server that echoes what it hears.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread::JoinHandle,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    agent::{KeyAdd, Send},
    error::ErrorCode,
    exchange::{SendOptions, SendRequest},
    vault::NewKey,
};
use strongroom_workbench::{
    activity::{Act, Subject},
    home::Home,
    send,
};

use crate::scene::{SECRET, Scene, Vault, call, in_file, key};

/// A server that answers one request with its own bytes; they are also the thread's result.
fn echo() -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"{\"a\":1}") {
            let mut piece = [0; 4096];
            let n = stream.read(&mut piece).unwrap();
            assert_ne!(n, 0, "the request ended early");
            heard.extend_from_slice(&piece[..n]);
        }
        let text = String::from_utf8(heard).unwrap();
        let key = text
            .lines()
            .find_map(|line| line.strip_prefix("secret-key: "));
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nX-Request-Id: req_1\r\nX-Echo: {}\r\nContent-Length: {}\r\n\r\n{text}",
            key.unwrap_or("none"),
            text.len(),
        )
        .unwrap();
        text
    });
    (port, heard)
}

/// A server that reads one request and answers it with `answer`.
fn answering(answer: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"{\"a\":1}") {
            let mut piece = [0; 4096];
            let n = stream.read(&mut piece).unwrap();
            heard.extend_from_slice(&piece[..n]);
        }
        stream.write_all(&answer).unwrap();
    });
    port
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(body).unwrap();
    let packed = packer.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        packed.len()
    );
    [head.as_bytes(), &packed].concat()
}

fn request(url: &str, key: Option<&str>) -> SendRequest {
    SendRequest {
        method: "POST".into(),
        url: url.into(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body_base64: BASE64.encode(b"{\"a\":1}"),
        key: key.map(str::to_owned),
        scheme: None,
        settings: std::collections::BTreeMap::new(),
        ca_pem: Vec::new(),
        timeout_ms: 20_000,
        body_limit: 100_000,
        allow_plain_http: true,
        options: SendOptions::default(),
    }
}

#[test]
fn a_secret_goes_on_the_wire_and_nowhere_else() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    call::<KeyAdd>(&mut client, &key("payments", &["127.0.0.1"])).unwrap();

    let (port, heard) = echo();
    let url = format!("http://127.0.0.1:{port}/api/v2/payins?x=%20");
    let mut stages = Vec::new();
    let exchange = client
        .call::<Send>(&request(&url, Some("payments")), |progress| {
            stages.push(progress.stage);
        })
        .unwrap();
    let heard = heard.join().unwrap();
    assert!(
        heard.starts_with("POST /api/v2/payins?x=%20 HTTP/1.1\r\n"),
        "{heard}"
    );
    assert!(heard.contains(&format!("secret-key: {SECRET}\r\n")));
    assert!(heard.contains("app-id: app_1\r\n"));

    assert_eq!(
        (exchange.status, exchange.request_id.as_deref()),
        (200, Some("req_1"))
    );
    let shown = format!("{exchange:?}");
    assert!(!shown.contains("CANARY"), "the echo is cleaned: {shown}");
    assert!(
        exchange
            .body
            .unwrap()
            .contains("secret-key: sr://payments/secret")
    );
    assert!(!stages.is_empty());

    let entries = scene.session.activity().entries();
    let used = entries.iter().find(|entry| entry.act == Act::Used).unwrap();
    assert_eq!(
        used.subject.as_ref().and_then(Subject::known),
        Some("payments")
    );
}

#[test]
fn a_secret_that_comes_back_packed_is_cleaned_too() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    call::<KeyAdd>(&mut client, &key("payments", &["127.0.0.1"])).unwrap();
    let port = answering(gzip(format!("you said {SECRET}").as_bytes()));
    let url = format!("http://127.0.0.1:{port}/");
    let exchange = call::<Send>(&mut client, &request(&url, Some("payments"))).unwrap();
    assert_eq!(
        exchange.body.as_deref(),
        Some("you said sr://payments/secret")
    );
    assert_eq!(exchange.decoded.unwrap().coding, "gzip");
}

#[tokio::test]
async fn bodies_that_are_no_text_or_no_body_at_all_are_told() {
    let scene = Scene::new();
    let sent = async |answer: Vec<u8>| {
        let url = format!("http://127.0.0.1:{}/", answering(answer));
        send::without_key(&scene.home, &request(&url, None), std::future::pending())
            .await
            .unwrap()
    };
    let invalid = sent(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\xffb".to_vec()).await;
    assert_eq!(invalid.body, None);
    assert_eq!(invalid.body_base64, Some(BASE64.encode(b"a\xffb")));

    let bomb = sent(gzip(&vec![0; 200_000])).await;
    assert_eq!((bomb.body.as_deref(), &bomb.decoded), (None, &None));
    let told = bomb.undecoded.unwrap();
    assert!(told.contains("to more than 100000"), "{told}");
}

#[test]
fn a_secret_goes_to_its_own_hosts_alone() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    call::<KeyAdd>(&mut client, &key("payments", &["localhost:1"])).unwrap();
    call::<KeyAdd>(&mut client, &key("nowhere", &[])).unwrap();
    for (url, key) in [
        ("https://localhost:2/", "payments"),
        ("https://127.0.0.1:1/", "payments"),
        ("https://localhost.example.com:1/", "payments"),
        ("https://localhost:1/", "nowhere"),
    ] {
        let refused = call::<Send>(&mut client, &request(url, Some(key)))
            .err()
            .unwrap();
        assert_eq!(refused.code, ErrorCode::Refused, "{url}");
    }
    // A server may serve several hosts: the header decides as much as the URL.
    let mut smuggled = request("https://localhost:1/", Some("payments"));
    smuggled
        .headers
        .push(("Host".into(), "elsewhere.example".into()));
    let refused = call::<Send>(&mut client, &smuggled).err().unwrap();
    assert_eq!(refused.code, ErrorCode::Refused);
    let used = scene
        .session
        .activity()
        .entries()
        .iter()
        .filter(|e| e.act == Act::Used)
        .count();
    assert_eq!(used, 1, "only the last one got as far as the secret");
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_do() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let tokenless = NewKey {
        public_id: None,
        ..key("tokenless", &["localhost"])
    };
    call::<KeyAdd>(&mut client, &tokenless).unwrap();
    let url = "https://localhost:1/";
    let unknown_scheme = SendRequest {
        scheme: Some("magic".into()),
        ..request(url, Some("tokenless"))
    };
    let unknown_key = request(url, Some("nobody"));
    let no_public_id = request(url, Some("tokenless"));
    let relative = request("/api/v1/ping", Some("tokenless"));
    let garbage_ca = SendRequest {
        ca_pem: vec!["garbage".into()],
        ..request(url, Some("tokenless"))
    };
    for (wrong, code) in [
        (unknown_scheme, ErrorCode::Usage),
        (unknown_key, ErrorCode::NotFound),
        (no_public_id, ErrorCode::Usage),
        (relative, ErrorCode::Usage),
        (garbage_ca, ErrorCode::Usage),
    ] {
        let refused = call::<Send>(&mut client, &wrong).err().unwrap();
        assert_eq!(refused.code, code, "{refused}");
        assert!(!refused.message.contains("CANARY"));
    }
}

#[test]
fn without_a_key_no_owner_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(&dir.path().join("home")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (port, heard) = echo();
    let plain = request(&format!("http://127.0.0.1:{port}/"), None);
    let exchange = runtime
        .block_on(send::without_key(&home, &plain, std::future::pending()))
        .unwrap();
    assert_eq!(exchange.status, 200);
    assert!(exchange.steps.is_empty());
    heard.join().unwrap();

    let keyed = request("http://127.0.0.1:1/", Some("payments"));
    let scheme_alone = SendRequest {
        scheme: Some("bearer".into()),
        ..request("http://127.0.0.1:1/", None)
    };
    for wrong in [keyed, scheme_alone] {
        let refused = runtime
            .block_on(send::without_key(&home, &wrong, std::future::pending()))
            .err()
            .unwrap();
        assert_eq!(refused.code, ErrorCode::Usage);
    }
}

#[test]
fn a_request_that_is_cancelled_stops_at_once() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    call::<KeyAdd>(&mut client, &key("payments", &["127.0.0.1"])).unwrap();
    // A server that accepts and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let answer = crate::hostile::cancelled(&scene, "send", &request(&url, Some("payments")));
    assert_eq!(answer, "cancelled");
}
