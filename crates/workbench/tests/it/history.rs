//! What is kept of requests that were sent, and what is not.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    agent::{
        ExplainPast, ExplainPastArgs, HistoryClear, HistoryCompare, HistoryGet, HistoryList,
        HistoryRemove, HistoryResend, HistoryRestore, KeyAdd, Lock, Nothing, Send,
    },
    compose::ComposedBody,
    error::ErrorCode,
    exchange::{SendOptions, SendRequest},
    explain::{Outcome, Rule},
    history::{DiffSide, HistoryCompareArgs, HistoryFilter, HistoryId, HistoryRemoveArgs},
};
use strongroom_workbench::client::Client;

use crate::scene::{SECRET, Scene, Vault, call, in_file, key};

/// A server that answers each request with what `answer` makes of it. Ends with the test's process.
fn server(answer: impl Fn(&str) -> String + std::marker::Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut heard = Vec::new();
            while !heard.ends_with(b"{\"a\":1}") {
                let mut piece = [0; 4096];
                match stream.read(&mut piece) {
                    Ok(0) | Err(_) => break,
                    Ok(n) => heard.extend_from_slice(&piece[..n]),
                }
            }
            let body = answer(&String::from_utf8_lossy(&heard));
            drop(write!(
                stream,
                "HTTP/1.1 200 OK\r\nX-Request-Id: req_7\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ));
        }
    });
    port
}

fn request(port: u16, path: &str) -> SendRequest {
    SendRequest {
        method: "POST".into(),
        url: format!("http://127.0.0.1:{port}{path}"),
        headers: vec![("Cookie".into(), "session=TYPED-CANARY".into())],
        body_base64: BASE64.encode(b"{\"a\":1}"),
        key: Some("payments".into()),
        scheme: None,
        settings: std::collections::BTreeMap::new(),
        ca_pem: Vec::new(),
        timeout_ms: 20_000,
        body_limit: 100_000,
        allow_plain_http: true,
        options: SendOptions::default(),
    }
}

fn opened(scene: &Scene) -> (Client, Vault) {
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    call::<KeyAdd>(&mut client, &key("payments", &["127.0.0.1"])).unwrap();
    (client, vault)
}

#[test]
fn what_was_sent_is_found_again_and_holds_no_secret_in_any_form() {
    let scene = Scene::new();
    let (mut client, mut vault) = opened(&scene);
    // A server that says back what it heard, in forms that hide it from a plain search.
    let port = server(|heard| {
        let secret = heard
            .lines()
            .find_map(|line| line.strip_prefix("secret-key: "))
            .unwrap_or_default();
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!(
            "{{\"raw\":\"{secret}\",\"base64\":\"{}\",\"basic\":\"{}\",\"hex\":\"{hex}\",\"percent\":\"{percent}\"}}",
            BASE64.encode(secret),
            BASE64.encode(format!("app_1:{secret}")),
        )
    });
    let sent = call::<Send>(
        &mut client,
        &request(port, "/api/v2/payins?x=1&api_key=URL-CANARY-0123456789"),
    )
    .unwrap();
    assert_eq!(sent.status, 200);

    let page = call::<HistoryList>(&mut client, &HistoryFilter::default()).unwrap();
    assert_eq!((page.rows.len(), page.total, page.more), (1, 1, false));
    let row = &page.rows[0];
    assert_eq!((row.method.as_str(), row.status), ("POST", Some(200)));
    assert_eq!(row.key.as_deref(), Some("payments"));
    assert_eq!(row.host, format!("127.0.0.1:{port}"));
    assert_eq!(row.request_id.as_deref(), Some("req_7"));

    let entry = call::<HistoryGet>(&mut client, &HistoryId { id: row.id }).unwrap();
    let told = serde_json::to_string(&entry).unwrap();
    let middle = &BASE64.encode(&SECRET[1..])[..24];
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    for hidden in [
        SECRET,
        "TYPED-CANARY",
        "URL-CANARY",
        middle,
        &BASE64.encode(SECRET)[..24],
        &hex,
        "%73%6B",
    ] {
        assert!(!told.contains(hidden), "{hidden} is in {told}");
    }
    assert!(told.contains("sr://payments/secret"));
    assert_eq!(entry.request.headers[0].value, "{{secret:cookie}}");
    let draft = call::<HistoryResend>(&mut client, &HistoryId { id: row.id }).unwrap();
    assert_eq!(draft, entry.request);
    assert_eq!(
        draft.body,
        ComposedBody::Json {
            text: "{\"a\":1}".into()
        }
    );

    // It outlives the owner, and the file tells nothing.
    let bytes = std::fs::read(scene.home.history_file()).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"payins"));
    drop(client);
    let scene = scene.restarted();
    let mut client = scene.client();
    vault.unlock(&mut client);
    let again = call::<HistoryGet>(&mut client, &HistoryId { id: row.id }).unwrap();
    assert_eq!(again, entry);
}

#[test]
fn a_request_of_the_history_is_judged_as_it_was_sent_and_shows_no_secret() {
    let scene = Scene::new();
    let (mut client, _vault) = opened(&scene);
    call::<KeyAdd>(&mut client, &key("other", &["127.0.0.1"])).unwrap();
    let port = server(|_| "{}".to_owned());
    for scheme in ["header-pair", "basic", "rfc9421-hmac-sha256"] {
        let sent = SendRequest {
            headers: vec![("Content-Type".into(), "application/json".into())],
            scheme: Some(scheme.into()),
            ..request(port, "/api/v2/payins?x=1")
        };
        call::<Send>(&mut client, &sent).unwrap();
    }
    call::<Send>(&mut client, &request(port, "/typed")).unwrap();
    let rows = call::<HistoryList>(&mut client, &HistoryFilter::default()).unwrap();
    let mut ids = rows.rows.iter().rev().map(|row| row.id);
    for id in ids.by_ref().take(3) {
        let args = ExplainPastArgs {
            id,
            ..ExplainPastArgs::default()
        };
        let diagnosis = call::<ExplainPast>(&mut client, &args).unwrap();
        let checks = &diagnosis.explanation.checks;
        let genuine = checks
            .iter()
            .any(|check| check.rule == Rule::Authenticate && check.outcome == Outcome::Passed);
        assert!(genuine, "{diagnosis:#?}");
        let told = serde_json::to_string(&diagnosis).unwrap();
        assert!(!told.contains(SECRET), "{told}");
    }
    // A cookie that was typed is not kept, so it is not what was sent.
    let typed = ExplainPastArgs {
        id: ids.next().unwrap(),
        ..ExplainPastArgs::default()
    };
    let refused = call::<ExplainPast>(&mut client, &typed).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
    assert!(refused.message.contains("Cookie"), "{refused}");
    call::<Lock>(&mut client, &Nothing {}).unwrap();
    let locked = call::<ExplainPast>(&mut client, &typed).unwrap_err();
    assert_eq!(locked.code, ErrorCode::Locked);
}

#[test]
fn a_locked_vault_shows_no_history() {
    let scene = Scene::new();
    let (mut client, _vault) = opened(&scene);
    let port = server(|_| "{}".to_owned());
    call::<Send>(&mut client, &request(port, "/")).unwrap();
    call::<Lock>(&mut client, &Nothing {}).unwrap();
    let refused = call::<HistoryList>(&mut client, &HistoryFilter::default()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Locked);
    let refused = call::<HistoryGet>(&mut client, &HistoryId { id: 1 }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Locked);
}

#[test]
fn entries_are_filtered_paged_compared_and_removed() {
    let scene = Scene::new();
    let (mut client, _vault) = opened(&scene);
    let port = server(|heard| {
        let path = heard.split(' ').nth(1).unwrap_or_default();
        format!("{{\"path\":\"{path}\",\"same\":true}}")
    });
    for path in ["/one", "/two", "/three"] {
        call::<Send>(&mut client, &request(port, path)).unwrap();
    }
    // Nobody listens there: a request without an answer is kept too.
    let nowhere = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    call::<Send>(&mut client, &request(nowhere, "/four"))
        .err()
        .unwrap();
    let off_the_record = SendRequest {
        options: SendOptions {
            off_the_record: true,
            ..SendOptions::default()
        },
        ..request(port, "/five")
    };
    call::<Send>(&mut client, &off_the_record).unwrap();

    let mut paths = |filter: HistoryFilter| -> Vec<(u64, String)> {
        let page = call::<HistoryList>(&mut client, &filter).unwrap();
        assert_eq!(page.total, 4);
        page.rows
            .into_iter()
            .map(|row| (row.id, row.url.rsplit('/').next().unwrap().to_owned()))
            .collect()
    };
    let all = paths(HistoryFilter::default());
    let names: Vec<&str> = all.iter().map(|(_, path)| path.as_str()).collect();
    assert_eq!(names, ["four", "three", "two", "one"]);
    let page = paths(HistoryFilter {
        limit: Some(1),
        before: Some(all[1].0),
        ..HistoryFilter::default()
    });
    assert_eq!(page, [all[2].clone()]);
    let unanswered = paths(HistoryFilter {
        status_class: Some(0),
        ..HistoryFilter::default()
    });
    assert_eq!(unanswered, [all[0].clone()]);
    let text = paths(HistoryFilter {
        text: Some("/TWO".into()),
        ..HistoryFilter::default()
    });
    assert_eq!(text, [all[2].clone()]);
    let host = paths(HistoryFilter {
        host: Some(format!("127.0.0.1:{nowhere}")),
        ..HistoryFilter::default()
    });
    assert_eq!(host, [all[0].clone()]);
    assert!(
        paths(HistoryFilter {
            key: Some("other".into()),
            ..HistoryFilter::default()
        })
        .is_empty()
    );

    let args = HistoryCompareArgs {
        left: all[3].0,
        right: all[2].0,
    };
    let compared = call::<HistoryCompare>(&mut client, &args).unwrap();
    assert_eq!(compared.status, (Some(200), Some(200)));
    let lines: Vec<(DiffSide, &str)> = compared
        .body
        .iter()
        .map(|line| (line.side, line.text.as_str()))
        .collect();
    assert!(
        lines.contains(&(DiffSide::Left, "  \"path\": \"/one\",")),
        "{lines:?}"
    );
    assert!(lines.contains(&(DiffSide::Right, "  \"path\": \"/two\",")));
    assert!(lines.contains(&(DiffSide::Both, "  \"same\": true")));

    let removed = call::<HistoryRemove>(
        &mut client,
        &HistoryRemoveArgs {
            ids: vec![all[1].0, 99],
        },
    )
    .unwrap();
    assert_eq!(removed.removed, 1);
    let missing = call::<HistoryGet>(&mut client, &HistoryId { id: all[1].0 }).unwrap_err();
    assert_eq!(missing.code, ErrorCode::NotFound);
    let back = HistoryRemoveArgs {
        ids: vec![all[1].0],
    };
    let restored = call::<HistoryRestore>(&mut client, &back).unwrap();
    assert_eq!(restored.restored, 1);
    call::<HistoryGet>(&mut client, &HistoryId { id: all[1].0 }).unwrap();
    let refused = call::<HistoryRestore>(&mut client, &back).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
    let removed = call::<HistoryRemove>(&mut client, &back).unwrap();
    assert_eq!(removed.removed, 1);
    assert_eq!(
        call::<HistoryClear>(&mut client, &Nothing {})
            .unwrap()
            .removed,
        3
    );
    assert!(!scene.home.history_file().exists());
    let refused = call::<HistoryRestore>(&mut client, &back).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound, "cleared is gone");
}
