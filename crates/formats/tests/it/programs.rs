//! What is exported is run, and what arrives is what was meant.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "these tests run foreign programs and listen for what they send"
)]

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    process::Command,
    thread,
};

use strongroom_formats::{
    Auth, Body, Content, Entry, Part, SavedRequest, curl,
    export::{self, Plan},
    raw::RawRequest,
};

/// Runs a program with `BASE` set to a listener, and gives back the bytes of the request that came.
fn sent(command: &mut Command) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        while !whole(&bytes) {
            let read = stream.read(&mut chunk).unwrap();
            assert_ne!(read, 0, "half a request");
            bytes.extend_from_slice(&chunk[..read]);
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
            .unwrap();
        bytes
    });
    let output = command
        .env("BASE", &base)
        .env("PAYMENTS_TOKEN", "tok en")
        .env_remove("http_proxy")
        .env("NO_PROXY", "*")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("ok"));
    server.join().unwrap()
}

fn whole(bytes: &[u8]) -> bool {
    if !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
        return false;
    }
    let request = RawRequest::parse(bytes).unwrap();
    match request.header("content-length") {
        Some(length) => {
            let length: usize = String::from_utf8_lossy(length).parse().unwrap();
            request.body.len() >= length
        }
        None if request.header("transfer-encoding").is_some() => bytes.ends_with(b"0\r\n\r\n"),
        None => true,
    }
}

const AWKWARD: &str = "{\n\t\"a\": \"it's \\\\ \\\"ok\\\" $HOME `x` %A% ä ✓ 😀 </script>\"\r\n}";

/// Requests that try the quoting of every language.
fn requests() -> Vec<SavedRequest> {
    let request = |method: &str, body| SavedRequest {
        name: "x".to_owned(),
        method: method.parse().unwrap(),
        url: "{{BASE}}/v2/pay".to_owned(),
        query: vec![Entry::new("q", "a b&ä"), Entry::new("e", "")],
        headers: vec![Entry::new("x-awkward", "it's \"ok\" $HOME `x` \\ %A%")],
        body,
        auth: Some(Auth {
            key: Some("sr://payments".to_owned()),
            scheme: Some("bearer".to_owned()),
            ..Auth::default()
        }),
        ..SavedRequest::default()
    };
    vec![
        request("GET", None),
        request("PUT", Some(Body::Json(AWKWARD.to_owned()))),
        request("POST", Some(Body::Form(vec![Entry::new("a b", "1&2=ä")]))),
        request(
            "POST",
            Some(Body::Text {
                text: "plain".to_owned(),
                content_type: None,
            }),
        ),
        request(
            "POST",
            Some(Body::Binary {
                bytes: vec![0, 255, 10, 13, 39],
                content_type: Some("application/octet-stream".to_owned()),
            }),
        ),
        request(
            "POST",
            Some(Body::Multipart(vec![
                Part {
                    name: "note".to_owned(),
                    content: Content::Text("it's; \"ok\"".to_owned()),
                    content_type: None,
                    enabled: true,
                },
                Part {
                    name: "file".to_owned(),
                    content: Content::File {
                        path: "upload.bin".to_owned(),
                        file_name: Some("as.txt".to_owned()),
                    },
                    content_type: Some("text/x-test".to_owned()),
                    enabled: true,
                },
            ])),
        ),
    ]
}

fn check(request: &SavedRequest, bytes: &[u8], program: &str) {
    let sent = RawRequest::parse(bytes).unwrap();
    assert_eq!(sent.method, request.method.as_str(), "{program}");
    assert_eq!(sent.target, "/v2/pay?q=a%20b%26%C3%A4&e=", "{program}");
    let header = |name: &str| sent.header(name).map(String::from_utf8_lossy);
    assert_eq!(
        header("x-awkward").as_deref(),
        Some("it's \"ok\" $HOME `x` \\ %A%"),
        "{program}"
    );
    assert_eq!(
        header("authorization").as_deref(),
        Some("Bearer tok en"),
        "{program}"
    );
    let content = sent.content();
    match request.body.as_ref() {
        None => assert!(content.is_empty(), "{program}"),
        Some(Body::Json(text)) => {
            assert_eq!(String::from_utf8_lossy(&content), *text, "{program}");
            assert_eq!(
                header("content-type").as_deref(),
                Some("application/json"),
                "{program}"
            );
        }
        Some(Body::Form(_)) => {
            assert_eq!(
                String::from_utf8_lossy(&content),
                "a%20b=1%262%3D%C3%A4",
                "{program}"
            );
        }
        Some(Body::Text { text, .. }) => {
            assert_eq!(String::from_utf8_lossy(&content), *text, "{program}");
            assert_eq!(header("content-type"), None, "{program}");
        }
        Some(Body::Binary { bytes, .. }) => assert_eq!(*content, **bytes, "{program}"),
        Some(_) => {
            let text = String::from_utf8_lossy(&content);
            for piece in [
                "name=\"note\"",
                "\r\n\r\nit's; \"ok\"\r\n",
                "name=\"file\"; filename=\"as.txt\"",
                "text/x-test",
                "\r\n\r\nfile's bytes\r\n",
            ] {
                assert!(text.contains(piece), "{piece:?} is not in {text}");
            }
        }
    }
}

fn run(extension: &str, command: &[&str], program: impl Fn(&Plan) -> String) {
    let folder =
        std::env::temp_dir().join(format!("strongroom-{extension}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("upload.bin"), "file's bytes").unwrap();
    // Stands in where the package `requests` is not installed.
    let installed = Command::new("python3")
        .args(["-c", "import requests"])
        .output()
        .is_ok_and(|output| output.status.success());
    if extension == "py" && !installed {
        let stand_in = include_str!("../data/export/requests_stand_in.py");
        fs::write(folder.join("requests.py"), stand_in).unwrap();
    }
    for request in requests() {
        let text = program(&Plan::of(&request).unwrap());
        let file = format!("program.{extension}");
        fs::write(folder.join(&file), &text).unwrap();
        let mut command_line = Command::new(command[0]);
        command_line
            .args(&command[1..])
            .arg(&file)
            .current_dir(&folder);
        check(&request, &sent(&mut command_line), &text);
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn curl_sends_what_was_meant() {
    run("sh", &["sh"], curl::write);
}

#[test]
fn python_sends_what_was_meant() {
    run("py", &["python3"], export::python);
}

#[test]
fn node_sends_what_was_meant() {
    run("mjs", &["node"], export::javascript);
}

/// Rust and Go programs, as they are.
#[test]
fn rust_and_go_are_written_as_the_examples_show() {
    let mut request = requests().pop().unwrap();
    request.options.timeout_ms = Some(1_500);
    let plan = Plan::of(&request).unwrap();
    assert_eq!(
        export::rust(&plan),
        include_str!("../data/export/multipart.rs.txt")
    );
    assert_eq!(
        export::go(&plan),
        include_str!("../data/export/multipart.go.txt")
    );
    request.body = Some(Body::Json(AWKWARD.to_owned()));
    request.options.follow_redirects = true;
    let plan = Plan::of(&request).unwrap();
    assert_eq!(
        export::rust(&plan),
        include_str!("../data/export/json.rs.txt")
    );
    assert_eq!(
        export::go(&plan),
        include_str!("../data/export/json.go.txt")
    );
}

#[test]
fn what_cannot_be_static_is_said_and_no_secret_is_written() {
    let mut request = requests().remove(0);
    request.auth = Some(Auth {
        key: Some("sr://payments".to_owned()),
        scheme: Some("rfc9421-hmac-sha256".to_owned()),
        ..Auth::default()
    });
    let plan = Plan::of(&request).unwrap();
    for program in [
        curl::write,
        export::python,
        export::javascript,
        export::rust,
        export::go,
    ] {
        let text = program(&plan);
        assert!(
            text.contains("a signature (rfc9421-hmac-sha256) covers this very request"),
            "{text}"
        );
        assert!(text.contains("Set BASE in the environment"), "{text}");
    }
}
