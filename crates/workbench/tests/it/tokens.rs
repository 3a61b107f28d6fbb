//! Tokens that a key is exchanged for: fetched, kept, fetched anew.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
};

use strongroom_contract::{
    agent::{KeyAdd, Lock, Nothing, Send},
    error::ErrorCode,
    exchange::SendRequest,
};

use crate::scene::{SECRET, Scene, Vault, call, in_file, key};

const CLAIMS: &str = r#"{"n":1,"sub":"client"}"#;

/// A server that gives a token a minute of life, says 401 where the path asks for it, and tells what it
/// heard: the request line, the authorization, the body.
fn server() -> (u16, Receiver<(String, String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        for (stream, number) in listener.incoming().zip(1..) {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut authorization, mut length) = (String::new(), String::new(), 0);
            reader.read_line(&mut line).unwrap();
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                let Some((name, value)) = header.trim_end().split_once(": ") else {
                    break;
                };
                match name.to_lowercase().as_str() {
                    "authorization" => value.clone_into(&mut authorization),
                    "content-length" => length = value.parse().unwrap(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (status, answer) = if line.starts_with("POST /token") {
                let token =
                    format!("eyJhbGciOiJub25lIn0.eyJzdWIiOiJjbGllbnQiLCJuIjoxfQ.CANARY{number}");
                let kind = r#""token_type":"Bearer","expires_in":60"#;
                ("200 OK", format!(r#"{{"access_token":"{token}",{kind}}}"#))
            } else if line.starts_with("POST /refuse") {
                (
                    "400 Bad Request",
                    r#"{"error":"invalid_client"}"#.to_owned(),
                )
            } else if line.contains("/401") {
                ("401 Unauthorized", authorization.clone())
            } else {
                ("200 OK", authorization.clone())
            };
            let length = answer.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{answer}"
            )
            .unwrap();
            let line = line.trim_end().to_owned();
            if tell
                .send((line, authorization, String::from_utf8(body).unwrap()))
                .is_err()
            {
                return;
            }
        }
    });
    (port, heard)
}

fn request(port: u16, path: &str, token_path: &str) -> SendRequest {
    SendRequest {
        method: "GET".into(),
        url: format!("http://127.0.0.1:{port}{path}"),
        headers: Vec::new(),
        body_base64: String::new(),
        key: Some("client".into()),
        scheme: Some("oauth2".into()),
        settings: [
            (
                "token_url".to_owned(),
                format!("http://127.0.0.1:{port}{token_path}"),
            ),
            ("scope".to_owned(), "payins:read".to_owned()),
        ]
        .into(),
        ca_pem: Vec::new(),
        timeout_ms: 20_000,
        body_limit: 100_000,
        allow_plain_http: true,
        options: strongroom_contract::exchange::SendOptions::default(),
    }
}

#[test]
fn a_token_is_fetched_once_kept_and_fetched_anew_when_it_is_refused_or_the_vault_was_locked() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let mut added = key("client", &["127.0.0.1"]);
    added.public_id = Some("client".into());
    call::<KeyAdd>(&mut client, &added).unwrap();
    let (port, heard) = server();

    let first = call::<Send>(&mut client, &request(port, "/a", "/token")).unwrap();
    let (line, authorization, body) = heard.recv().unwrap();
    assert!(line.starts_with("POST /token "));
    assert!(authorization.starts_with("Basic "));
    assert_eq!(body, "grant_type=client_credentials&scope=payins%3Aread");
    let (_, authorization, _) = heard.recv().unwrap();
    assert!(authorization.ends_with("CANARY1"), "{authorization}");
    let names: Vec<_> = first.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["token_request", "token_claims", "authorization"]);
    assert_eq!(first.steps[1].value, CLAIMS);
    // Neither the token nor the secret is shown, also not where the server echoes them.
    let shown = serde_json::to_string(&first).unwrap();
    assert!(
        !shown.contains("CANARY") && !shown.contains(SECRET),
        "{shown}"
    );
    assert_eq!(first.body.as_deref(), Some("Bearer (a token of client)"));

    let second = call::<Send>(&mut client, &request(port, "/401", "/token")).unwrap();
    assert_eq!(second.status, 401);
    let (line, authorization, _) = heard.recv().unwrap();
    assert!(line.starts_with("GET /401") && authorization.ends_with("CANARY1"));

    call::<Send>(&mut client, &request(port, "/b", "/token")).unwrap();
    assert!(heard.recv().unwrap().0.starts_with("POST /token"));
    assert!(heard.recv().unwrap().1.ends_with("CANARY4"));

    call::<Lock>(&mut client, &Nothing {}).unwrap();
    vault.unlock(&mut client);
    call::<Send>(&mut client, &request(port, "/c", "/token")).unwrap();
    assert!(heard.recv().unwrap().0.starts_with("POST /token"));
}

#[test]
fn a_token_that_can_not_be_had_is_named() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let mut added = key("client", &["127.0.0.1"]);
    added.public_id = Some("client".into());
    call::<KeyAdd>(&mut client, &added).unwrap();
    let (port, _heard) = server();

    let refused = call::<Send>(&mut client, &request(port, "/a", "/refuse")).unwrap_err();
    assert!(
        refused.message.contains("400: invalid_client"),
        "{}",
        refused.message
    );

    // The client's secret goes to no other host than its own, for a token neither.
    let mut elsewhere = request(port, "/a", "/token");
    let url = "https://elsewhere.example/token".to_owned();
    elsewhere.settings.insert("token_url".to_owned(), url);
    let refused = call::<Send>(&mut client, &elsewhere).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);

    let mut nowhere = request(port, "/a", "/token");
    nowhere.settings.remove("token_url");
    let refused = call::<Send>(&mut client, &nowhere).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
}
