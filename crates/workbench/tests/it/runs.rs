//! Folders of saved requests: kept, run in order with values carried on, and a burst of one request.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::atomic::{AtomicU32, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    agent::{
        BurstStart, CollectionList, CollectionLoad, CollectionMove, CollectionRemove,
        CollectionRestore, CollectionSave, ComposedSendNow, ComposedShow, EnvironmentSave, Event,
        HistoryList, KeyAdd, RunStart,
    },
    burst::BurstArgs,
    collection::{EnvironmentView, FolderArgs, MoveEntry, PathArgs, SaveEnvironment, SaveRequest},
    compose::{ComposedSend, Line},
    error::ErrorCode,
    exchange::{SendOptions, SendRequest},
    history::HistoryFilter,
    run::{Outcome, RunArgs},
    vault::{Environment, NewKey},
};
use strongroom_workbench::{client::Client, runs};

use crate::scene::{SECRET, Scene, Vault, call, in_file, key};

const TOKEN: &str = "tok_TOKEN-CANARY_0123456789";

/// One request that was heard: its first line, its headers, its body.
struct Heard {
    line: String,
    headers: String,
    body: String,
}

/// A server with connections that stay open. `answer` makes status, extra header lines and body.
fn server(answer: fn(&Heard) -> (u16, String, String)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            std::thread::spawn(move || serve(stream, answer));
        }
    });
    port
}

fn serve(mut stream: TcpStream, answer: fn(&Heard) -> (u16, String, String)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut headers = String::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            if header == "\r\n" {
                break;
            }
            headers.push_str(
                &header
                    .to_lowercase()
                    .replace(&SECRET.to_lowercase(), SECRET),
            );
        }
        let length = headers
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let heard = Heard {
            line,
            headers,
            body: String::from_utf8(body).unwrap(),
        };
        let (status, more, body) = answer(&heard);
        let written = write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{more}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        if written.is_err() {
            return;
        }
    }
}

fn platform(heard: &Heard) -> (u16, String, String) {
    if heard.line.starts_with("GET /token") {
        let body = format!("{{\"access_token\":\"{TOKEN}\",\"n\":[1,2]}}");
        return (200, "x-request-id: req_1\r\n".to_owned(), body);
    }
    if heard.line.starts_with("GET /moved") {
        return (302, "location: /token\r\n".to_owned(), String::new());
    }
    let with_token = heard.headers.contains(&TOKEN.to_lowercase());
    let status = if with_token { 201 } else { 401 };
    (
        status,
        String::new(),
        format!("{{\"echo\":{:?},\"h\":{:?}}}", heard.body, heard.headers),
    )
}

fn opened(scene: &Scene) -> Client {
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    call::<KeyAdd>(&mut client, &key("payments", &["127.0.0.1"])).unwrap();
    client
}

/// A folder of requests; its path.
fn folder(scene: &Scene, port: u16) -> String {
    let folder = scene.dir.path().join("requests");
    fs::create_dir_all(folder.join("environments")).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write(
        "environments/local.toml",
        &format!(
            "name = \"Local\"\n[variables]\nbase = \"http://127.0.0.1:{port}\"\namount = \"10\"\n"
        ),
    );
    write(
        "1-token.request.toml",
        r#"name = "Fetch a token"
order = 1
method = "GET"
url = "{{base}}/token"
[expect]
status = ["2xx"]
headers = [{ name = "content-type", contains = "json" }]
json = [
  { path = "$.access_token", matches = "^tok_" },
  { path = "$.n[*]", equals = 2 },
  { path = "$.missing", present = false },
]
schema = "token.schema.json"
[[capture]]
name = "token"
json = "$.access_token"
"#,
    );
    write(
        "token.schema.json",
        r#"{"type":"object","required":["access_token"],"properties":{"access_token":{"type":"string"}}}"#,
    );
    write(
        "2-pay.request.toml",
        r#"name = "Pay in"
order = 2
method = "POST"
url = "{{base}}/payins"
headers = [
  { name = "access-token", value = "{{token}}" },
  { name = "x-key", value = "k {{sr://payments/secret}}" },
]
[body]
json = '{"amount":{{amount}}}'
[expect]
status = [201]
json = [{ path = "$.echo", contains = "\"amount\":10" }]
"#,
    );
    write(
        "3-wrong.request.toml",
        r#"name = "Wrong"
order = 3
method = "GET"
url = "{{base}}/nothing"
[expect]
status = [200]
json = [{ path = "$.echo", equals = "something" }]
"#,
    );
    folder.to_str().unwrap().to_owned()
}

fn options() -> SendOptions {
    SendOptions {
        allow_plain_http: true,
        ..SendOptions::default()
    }
}

#[test]
fn a_folder_is_run_in_order_and_its_report_holds_no_secret() {
    let scene = Scene::new();
    let mut client = opened(&scene);
    let folder = folder(&scene, server(platform));
    let args = RunArgs {
        folder: folder.clone(),
        environment: Some("Local".into()),
        options: options(),
        ..RunArgs::default()
    };
    let mut told = Vec::new();
    let report = client
        .call::<RunStart>(&args, |progress| {
            if let Some(Event::RunStep(step)) = progress.event {
                told.push(step.name);
            }
        })
        .unwrap();
    assert_eq!(told, ["Fetch a token", "Pay in", "Wrong"]);
    assert_eq!(
        (report.passed, report.failed, report.skipped),
        (2, 1, 0),
        "{report:#?}"
    );
    assert_eq!(report.steps[0].captured, ["token"]);
    assert_eq!(report.steps[0].request_id.as_deref(), Some("req_1"));
    let failed: Vec<&str> = report.steps[2]
        .checks
        .iter()
        .filter(|check| !check.passed)
        .map(|check| check.what.as_str())
        .collect();
    assert_eq!(failed, ["status", "json $.echo"]);
    let all = serde_json::to_string(&report).unwrap() + &runs::html(&report);
    assert!(!all.contains("CANARY"), "{all}");

    let history = call::<HistoryList>(&mut client, &HistoryFilter::default()).unwrap();
    assert_eq!(history.total, 3);
    let names: Vec<_> = history.rows.iter().map(|row| row.name.as_deref()).collect();
    assert_eq!(names[2], Some("Fetch a token"));

    // The second one alone lacks the token, and ends it.
    let args = RunArgs {
        only: vec!["2-pay".into(), "Wrong".into()],
        bail: true,
        ..args
    };
    let report = call::<RunStart>(&mut client, &args).unwrap();
    assert_eq!((report.passed, report.failed, report.skipped), (0, 1, 1));
    let failure = report.steps[0].failure.as_ref().unwrap();
    assert!(failure.message.contains("{{token}}"), "{failure}");
    assert_eq!(report.steps[1].outcome, Outcome::Skipped);
    let nothing = RunArgs {
        only: vec!["nobody".into()],
        ..args
    };
    let refused = call::<RunStart>(&mut client, &nothing).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
}

#[test]
fn a_composed_request_is_shown_masked_and_sent_whole() {
    let scene = Scene::new();
    let mut client = opened(&scene);
    let folder = folder(&scene, server(platform));
    let path = "2-pay.request.toml".to_owned();
    let loaded = call::<CollectionLoad>(
        &mut client,
        &PathArgs {
            folder: folder.clone(),
            path,
        },
    )
    .unwrap();
    let mut send = ComposedSend {
        request: loaded.request,
        folder: Some(folder),
        environment: Some("local".into()),
        options: options(),
        ..ComposedSend::default()
    };
    let shown = call::<ComposedShow>(&mut client, &send).unwrap();
    assert_eq!(shown.problems.len(), 1, "{:?}", shown.problems);
    assert_eq!(shown.problems[0].variables, ["token"]);
    send.variables.insert("token".into(), TOKEN.into());
    let shown = call::<ComposedShow>(&mut client, &send).unwrap();
    assert_eq!(shown.problems, []);
    assert_eq!(shown.references, ["sr://payments/secret"]);
    assert!(
        shown
            .head
            .starts_with("POST /payins HTTP/1.1\r\nHost: 127.0.0.1:"),
        "{}",
        shown.head
    );
    assert!(shown.head.contains("x-key: k sr://payments/secret\r\n"));
    assert_eq!(shown.body.as_deref(), Some("{\"amount\":10}"));

    let exchange = call::<ComposedSendNow>(&mut client, &send).unwrap();
    assert_eq!(exchange.status, 201);
    let told = format!("{exchange:?}");
    assert!(!told.contains("SECRET-CANARY"), "{told}");
    assert!(
        exchange
            .body
            .unwrap()
            .contains("x-key: k sr://payments/secret")
    );

    // A secret that a reference names goes to its own hosts alone.
    send.request.url = "https://elsewhere.example/".into();
    let refused = call::<ComposedSendNow>(&mut client, &send).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    send.request.url = "{{base}}/".into();
    send.request.headers.push(Line {
        name: "Host".into(),
        value: "elsewhere.example".into(),
        enabled: true,
    });
    let refused = call::<ComposedSendNow>(&mut client, &send).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
}

#[test]
fn production_is_stopped_before_and_a_redirect_is_followed_if_asked() {
    let scene = Scene::new();
    let mut client = opened(&scene);
    let live = NewKey {
        environment: Some(Environment::Production),
        ..key("live", &["127.0.0.1"])
    };
    call::<KeyAdd>(&mut client, &live).unwrap();
    let port = server(platform);
    let mut send = ComposedSend::default();
    send.request.url = format!("http://127.0.0.1:{port}/moved");
    send.request.key = Some("sr://live".into());
    send.options = options();
    let refused = call::<ComposedSendNow>(&mut client, &send).unwrap_err();
    assert_eq!(
        (refused.code, &refused.details["rule"]),
        (ErrorCode::Refused, &"production".into())
    );
    assert!(call::<ComposedShow>(&mut client, &send).unwrap().production);
    send.options.confirm_production = true;
    let exchange = call::<ComposedSendNow>(&mut client, &send).unwrap();
    assert_eq!(exchange.status, 302);
    assert!(!exchange.redirects[0].followed);
    send.options.follow_redirects = true;
    let exchange = call::<ComposedSendNow>(&mut client, &send).unwrap();
    assert_eq!(exchange.status, 200);
    assert!(exchange.redirects[0].followed && !exchange.redirects[0].credential_dropped);
}

#[test]
fn files_of_a_folder_are_kept_moved_and_put_back_and_no_other_change_is_lost() {
    let scene = Scene::new();
    let mut client = opened(&scene);
    let folder = folder(&scene, 1);
    let at = |path: &str| PathArgs {
        folder: folder.clone(),
        path: path.to_owned(),
    };
    let list = FolderArgs {
        folder: folder.clone(),
    };
    let listed = call::<CollectionList>(&mut client, &list).unwrap();
    let names: Vec<&str> = listed
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(names, ["Fetch a token", "Pay in", "Wrong"]);
    assert_eq!(listed.environments[0].name, "Local");

    let loaded = call::<CollectionLoad>(&mut client, &at("3-wrong.request.toml")).unwrap();
    let mut save = SaveRequest {
        folder: folder.clone(),
        path: loaded.path.clone(),
        request: loaded.request.clone(),
        version: Some(loaded.version.clone()),
    };
    save.request.name = "Right".into();
    let placed = call::<CollectionSave>(&mut client, &save).unwrap();
    assert_ne!(placed.version.as_ref(), Some(&loaded.version));
    let conflict = call::<CollectionSave>(&mut client, &save).unwrap_err();
    assert_eq!(conflict.code, ErrorCode::Conflict, "it was changed since");

    let moved = MoveEntry {
        folder: folder.clone(),
        path: loaded.path,
        to: None,
        name: Some("All right".into()),
    };
    let placed = call::<CollectionMove>(&mut client, &moved).unwrap();
    assert_eq!(placed.path, "all-right.request.toml");
    let removed = call::<CollectionRemove>(&mut client, &at(&placed.path)).unwrap();
    let gone = call::<CollectionLoad>(&mut client, &at(&placed.path)).unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    call::<CollectionRestore>(&mut client, &removed).unwrap();
    let back = call::<CollectionLoad>(&mut client, &at(&placed.path)).unwrap();
    assert_eq!(
        (back.request.name.as_str(), Some(back.version)),
        ("All right", placed.version)
    );

    for outside in ["../x.request.toml", "/etc/passwd", "a/../../x", "..\\x"] {
        let refused = call::<CollectionLoad>(&mut client, &at(outside)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Usage, "{outside}");
    }
    let mut environment = SaveEnvironment {
        folder: folder.clone(),
        environment: EnvironmentView {
            path: String::new(),
            name: "Live".into(),
            production: true,
            variables: [(
                "api_secret".to_owned(),
                "sk_live_CANARY0123456789".to_owned(),
            )]
            .into(),
            version: None,
        },
    };
    let refused = call::<EnvironmentSave>(&mut client, &environment).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    assert!(!refused.message.contains("CANARY"));
    environment.environment.variables =
        [("api_secret".to_owned(), "sr://live/secret".to_owned())].into();
    let placed = call::<EnvironmentSave>(&mut client, &environment).unwrap();
    assert_eq!(placed.path, "environments/live.toml");
}

static ASKED: AtomicU32 = AtomicU32::new(0);

/// Lets 20 through in all, and one more later.
fn limited(_: &Heard) -> (u16, String, String) {
    let policy = "ratelimit-policy: \"minute\";q=20;w=60\r\n";
    if ASKED.fetch_add(1, Ordering::Relaxed) < 20 {
        (200, policy.to_owned(), String::new())
    } else {
        (429, format!("{policy}retry-after: 0\r\n"), String::new())
    }
}

#[test]
fn a_burst_states_the_limit_that_it_met() {
    let scene = Scene::new();
    let mut client = opened(&scene);
    let port = server(limited);
    let request = |url: String| SendRequest {
        method: "POST".into(),
        url,
        headers: Vec::new(),
        body_base64: BASE64.encode(b"{}"),
        key: Some("payments".into()),
        scheme: Some("rfc9421-hmac-sha256".into()),
        settings: std::collections::BTreeMap::new(),
        ca_pem: Vec::new(),
        timeout_ms: 20_000,
        body_limit: 0,
        allow_plain_http: true,
        options: SendOptions::default(),
    };
    let burst = |url: String| BurstArgs {
        request: request(url),
        count: Some(50),
        for_ms: None,
        rate: None,
        concurrency: 4,
        ramp_ms: 0,
        check_retry_after: true,
        confirm_remote: false,
    };
    let mut samples = Vec::new();
    let here = burst(format!("http://127.0.0.1:{port}/x"));
    let report = client
        .call::<BurstStart>(&here, |progress| {
            if let Some(Event::BurstSample(sample)) = progress.event {
                samples.push(sample);
            }
        })
        .unwrap();
    assert_eq!(
        (report.sent, report.accepted, report.limited, report.failed),
        (50, 20, 30, 0),
        "{report:?}"
    );
    assert_eq!(report.statuses, [(200, 20), (429, 30)]);
    let told: u64 = samples
        .iter()
        .map(|sample| sample.accepted + sample.limited)
        .sum();
    assert_eq!(told, 50);
    let limit = report.limit.unwrap();
    assert_eq!(
        (limit.accepted, limit.window_s, limit.window_stated),
        (20, 60, true)
    );
    assert_eq!(
        (limit.retry_after_s, limit.retry_after_held),
        (Some(0), Some(false))
    );
    assert!(
        report
            .summary
            .starts_with("20 accepted in any 60 s; 429 says wait 0 s"),
        "{}",
        report.summary
    );

    let elsewhere = burst("https://elsewhere.example/".into());
    let refused = call::<BurstStart>(&mut client, &elsewhere).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    let endless = BurstArgs {
        count: None,
        ..here
    };
    let refused = call::<BurstStart>(&mut client, &endless).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
}
