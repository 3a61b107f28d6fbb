use std::net::IpAddr;

use serde_json::{Value, json};
use strongroom_contract::{
    audit::{AuditQuery, AuditTail},
    manage::{AuditPage, AuditRowView},
};

use crate::testing::Stage;

const PING: &str = "/api/v1/ping";

/// A platform with short segments that has seen all kinds of requests: some of its rows are in the
/// store's index, some in memory.
async fn busy() -> (Stage, Vec<String>) {
    let mut stage = Stage::with(|config| {
        config.virtual_clock = true;
        config.limits.audit_segment_bytes = 40_000;
    })
    .await;
    let mut keys = Vec::new();
    for name in ["Shop", "refund desk", "other"] {
        let limit = if name == "other" { 5 } else { 10_000 };
        keys.push(
            stage
                .key(json!({ "name": name, "limit_per_minute": limit }))
                .await,
        );
    }
    for round in 0..5_u8 {
        for (app_id, secret) in &keys {
            let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
            let peer = IpAddr::from([203, 0, 113, round]);
            for _ in 0..20 {
                stage.send_from(peer, "GET", PING, &pair, b"").await;
            }
            let peer = IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]);
            stage
                .send_from(peer, "POST", "/api/v2/payins", &pair, b"{}")
                .await;
            let wrong = [("app-id", app_id.as_str()), ("secret-key", "wrong")];
            stage.send_from(peer, "GET", PING, &wrong, b"").await;
        }
        stage
            .manage("POST", "/clock/advance", json!({ "by_ms": 10_000 }))
            .await;
        if round == 2 {
            stage = stage.restarted().await;
        }
    }
    (stage, keys.into_iter().map(|(app_id, _)| app_id).collect())
}

fn target(path: &str, query: &AuditQuery, numbers: &[(&str, u64)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in query.parameters() {
        text.append_pair(name, &value);
    }
    for (name, number) in numbers {
        text.append_pair(name, &number.to_string());
    }
    format!("{path}?{}", text.finish())
}

/// All rows that a question finds, by pages of `limit`, the newest first.
async fn found(stage: &Stage, query: &AuditQuery, limit: u64, before: u64) -> Vec<AuditRowView> {
    let mut rows = Vec::new();
    let mut before = before;
    loop {
        let target = target("/audit", query, &[("limit", limit), ("before", before)]);
        let reply = stage.manage("GET", &target, Value::Null).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        let page: AuditPage = serde_json::from_slice(&reply.body).unwrap();
        assert!(page.rows.len() as u64 <= limit);
        rows.extend(page.rows);
        match page.next {
            Some(next) => {
                assert!(next < before, "it goes on");
                before = next;
            }
            None => return rows,
        }
    }
}

/// The same in their order.
async fn followed(stage: &Stage, query: &AuditQuery, limit: u64, end: u64) -> Vec<AuditRowView> {
    let mut rows = Vec::new();
    let mut from_row = 0;
    while from_row < end {
        let numbers = [("limit", limit), ("from_row", from_row)];
        let reply = stage
            .manage("GET", &target("/audit/rows", query, &numbers), Value::Null)
            .await;
        let tail: AuditTail = serde_json::from_slice(&reply.body).unwrap();
        assert!(tail.next > from_row, "it goes on");
        rows.extend(tail.rows);
        from_row = tail.next;
    }
    rows.retain(|row| row.sequence < end);
    rows
}

fn question(parameters: &[(&str, &str)]) -> AuditQuery {
    let mut query = AuditQuery::default();
    for (name, value) in parameters {
        assert_eq!(query.set(name, value), Ok(true));
    }
    query
}

/// Every kind of question finds what somebody who reads the whole log would pick.
#[tokio::test]
async fn a_question_finds_all_rows_that_fit_and_no_other() {
    let (stage, keys) = busy().await;
    let everything = AuditQuery::default();
    let all = found(&stage, &everything, 1_000, u64::MAX).await;
    let end = all[0].sequence + 1;
    assert_eq!(all.len() as u64, end);
    assert!(all.len() > 300, "several runs and segments: {}", all.len());
    let middle = all[all.len() / 2].at.to_string();
    let id = &all[17].request_id;

    type Oracle<'a> = &'a dyn Fn(&AuditRowView) -> bool;
    let questions: &[(&[(&str, &str)], Oracle<'_>)] = &[
        (&[("key", &keys[1])], &|row| {
            row.app_id.as_ref() == Some(&keys[1])
        }),
        (&[("status", "429")], &|row| row.status == 429),
        (&[("status", "4xx"), ("key", &keys[2])], &|row| {
            row.status / 100 == 4 && row.app_id.as_ref() == Some(&keys[2])
        }),
        (&[("rule", "authenticate")], &|row| {
            row.rule.is_some_and(|rule| rule.id() == "authenticate")
        }),
        (&[("rule", "any")], &|row| row.rule.is_some()),
        (&[("route", PING)], &|row| row.route.ends_with(PING)),
        (&[("route", "POST /api/v2/*")], &|row| {
            row.route.starts_with("POST /api/v2/")
        }),
        (&[("act", "key.create")], &|row| row.act == "key.create"),
        (&[("source", "203.0.113.2")], &|row| {
            row.source.as_deref() == Some("203.0.113.2")
        }),
        (&[("source", "2001:db8::1"), ("status", "401")], &|row| {
            row.source.as_deref() == Some("2001:db8::1") && row.status == 401
        }),
        (&[("source", "198.51.100.1")], &|_| false),
        (&[("key", "sr_app_test_nobody")], &|_| false),
        (&[("text", "PAYINS")], &|row| row.route.contains("payins")),
        (&[("text", "refund d")], &|row| {
            row.app_id.as_ref() == Some(&keys[1])
        }),
        (&[("text", "get /api")], &|row| {
            row.route.starts_with("GET /api")
        }),
        (&[("text", id)], &|row| &row.request_id == id),
        (&[("from", &middle)], &|row| row.at.to_string() >= middle),
        (&[("until", &middle), ("status", "200")], &|row| {
            row.at.to_string() < middle && row.status == 200
        }),
    ];
    for (parameters, oracle) in questions {
        let query = question(parameters);
        let expected: Vec<_> = all.iter().filter(|row| oracle(row)).cloned().collect();
        for limit in [7, 1_000] {
            let rows = found(&stage, &query, limit, end).await;
            assert_eq!(rows, expected, "{parameters:?} by {limit}");
            let mut rows = followed(&stage, &query, limit, end).await;
            rows.reverse();
            let others = expected.iter().filter(|row| row.act != "audit.list");
            assert!(
                rows.iter().eq(others),
                "{parameters:?} by {limit}, in order"
            );
        }
    }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_told() {
    let stage = Stage::new().await;
    for (query, told) in [
        ("status=hello", "hello"),
        ("rule=luck", "identify"),
        ("limit=0", "1 to 1000"),
        ("from=soon", "RFC 3339"),
        ("colour=red", "colour"),
        ("from_row=1", "from_row"),
    ] {
        let reply = stage
            .manage("GET", &format!("/audit?{query}"), Value::Null)
            .await;
        assert_eq!(reply.status, 422, "{query}");
        let message = reply.json()["error"]["message"].to_string();
        assert!(message.contains(told), "{query}: {message}");
    }
    let reply = stage
        .manage("GET", "/audit/rows?wait_ms=90000", Value::Null)
        .await;
    assert_eq!(reply.status, 422);
}

#[tokio::test]
async fn who_follows_hears_of_a_row_and_not_of_their_own_looks() {
    let stage = Stage::new().await;
    let end = stage.manage("GET", "/audit/rows", Value::Null).await.json();
    let next = &end["next"];
    assert_eq!(end["rows"], json!([]));
    let follow = format!("/audit/rows?from_row={next}&wait_ms=20000");
    let (heard, _) = tokio::join!(
        stage.manage("GET", &follow, Value::Null),
        stage.send("GET", PING, &[], b"")
    );
    let heard: AuditTail = serde_json::from_slice(&heard.body).unwrap();
    let rows: Vec<_> = heard.rows.iter().map(|row| row.status).collect();
    assert_eq!(rows, [401]);
    assert!(heard.is_end);
    // Nothing else happens: the wait ends without a row, and behind its own looks.
    let follow = format!("/audit/rows?from_row={}&wait_ms=300", heard.next);
    let quiet = stage.manage("GET", &follow, Value::Null).await;
    let quiet: AuditTail = serde_json::from_slice(&quiet.body).unwrap();
    assert!(quiet.rows.is_empty() && quiet.is_end && quiet.next > heard.next);
}

#[tokio::test]
async fn who_follows_holds_up_no_end() {
    let stage = Stage::new().await;
    let end = stage.manage("GET", "/audit/rows", Value::Null).await.json();
    let follow = format!("/audit/rows?from_row={}&wait_ms=30000", end["next"]);
    let begun = std::time::Instant::now();
    let stop = async {
        tokio::task::yield_now().await;
        let stopping = &stage.running.platform.stopping;
        stopping.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let (reply, ()) = tokio::join!(stage.manage("GET", &follow, Value::Null), stop);
    assert_eq!(reply.status, 200);
    assert!(begun.elapsed().as_secs() < 30);
}

#[tokio::test]
async fn an_index_that_was_damaged_is_made_anew_while_the_log_goes_on() {
    let (stage, keys) = busy().await;
    let query = question(&[("key", &keys[0])]);
    let before = found(&stage, &query, 1_000, u64::MAX).await;
    let database =
        rusqlite::Connection::open(stage.running.state_dir().join("platform.db")).unwrap();
    database
        .execute_batch("DELETE FROM audit_facets; DELETE FROM audit_sources;")
        .unwrap();
    drop(database);
    let fewer = found(&stage, &query, 1_000, u64::MAX).await;
    assert!(fewer.len() < before.len());
    let made = stage.manage("POST", "/audit/reindex", Value::Null).await;
    assert!(
        made.json()["rows"].as_u64().unwrap() > 300,
        "{:?}",
        made.body
    );
    assert_eq!(found(&stage, &query, 1_000, u64::MAX).await, before);

    // Runs that are missing are found at the start, and the index is made anew by itself.
    let database =
        rusqlite::Connection::open(stage.running.state_dir().join("platform.db")).unwrap();
    database
        .execute_batch("DELETE FROM audit_blocks WHERE first BETWEEN 100 AND 300")
        .unwrap();
    drop(database);
    let stage = stage.restarted().await;
    assert_eq!(found(&stage, &query, 1_000, u64::MAX).await, before);
}

#[tokio::test]
async fn a_checkpoint_that_was_kept_shows_what_became_of_the_log() {
    let stage = Stage::new().await;
    stage.send("GET", PING, &[], b"").await;
    let kept = stage
        .manage("POST", "/audit/checkpoint", Value::Null)
        .await
        .json();
    let verify = async |stage: &Stage, copies: &[&Value]| {
        let body = json!({ "checkpoints": copies });
        stage.manage("POST", "/audit/verify", body).await.json()
    };
    stage.send("GET", PING, &[], b"").await;
    let without = verify(&stage, &[]).await;
    let with = verify(&stage, &[&kept["signed"]]).await;
    assert_eq!((&with["ok"], &without["ok"]), (&json!(true), &json!(true)));
    assert_eq!(
        with["checkpoints"].as_u64(),
        without["checkpoints"].as_u64().map(|count| count + 1)
    );
    // One of another log, one that was altered, and one that vouches for more than there is.
    let other = Stage::new().await;
    let foreign = other
        .manage("POST", "/audit/checkpoint", Value::Null)
        .await
        .json();
    let altered = json!(kept["signed"].as_str().unwrap().replace(['1', '2'], "3"));
    for copy in [&foreign["signed"], &altered, &json!("zz")] {
        let found = verify(&stage, &[copy]).await;
        assert_eq!(found["ok"], false, "{found}");
        assert!(found["problem"].to_string().contains("checkpoint 1"));
    }
    let log = stage.running.state_dir().join("audit/00000000.log");
    let early = std::fs::read(&log).unwrap();
    stage.send("GET", PING, &[], b"").await;
    let kept = stage
        .manage("POST", "/audit/checkpoint", Value::Null)
        .await
        .json();
    std::fs::write(&log, early).unwrap();
    let found = verify(&stage, &[&kept["signed"]]).await;
    assert_eq!(found["ok"], false, "{found}");
}
