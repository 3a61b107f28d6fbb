//! Many at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use crate::stage::Stage;

const PING: &str = "/api/v1/ping";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_is_exact_under_64_racing_connections() {
    let stage = Arc::new(Stage::new().await);
    let key = Arc::new(stage.key(json!({ "limit_per_minute": 50 })).await);
    let racers = (0..64).map(|_| {
        let (stage, key) = (Arc::clone(&stage), Arc::clone(&key));
        tokio::spawn(async move {
            let mut connection = stage.connect().await;
            let mut statuses = Vec::new();
            for _ in 0..3 {
                let reply = connection.send("GET", PING, &key.pair(), "").await;
                statuses.push(reply.status);
            }
            statuses
        })
    });
    let mut statuses = Vec::new();
    for racer in racers.collect::<Vec<_>>() {
        statuses.extend(racer.await.unwrap());
    }
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(200), count(429)), (50, 64 * 3 - 50));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_revoke_has_returned_nothing_is_accepted() {
    let stage = Arc::new(Stage::new().await);
    let key = Arc::new(stage.key(json!({ "limit_per_minute": 1_000_000 })).await);
    let revoked = Arc::new(AtomicBool::new(false));
    let racers = (0..8).map(|_| {
        let (stage, key, revoked) = (Arc::clone(&stage), Arc::clone(&key), Arc::clone(&revoked));
        tokio::spawn(async move {
            let mut connection = stage.connect().await;
            let (mut before, mut after) = (0, 0);
            while after < 20 {
                let was_revoked = revoked.load(Ordering::SeqCst);
                let status = connection.send("GET", PING, &key.pair(), "").await.status;
                match (was_revoked, status) {
                    (true, status) => {
                        assert_eq!(status, 401, "accepted after revoke had returned");
                        after += 1;
                    }
                    (false, 200 | 401) => before += 1,
                    other => panic!("{other:?}"),
                }
            }
            before
        })
    });
    let racers: Vec<_> = racers.collect();
    while stage
        .manage("GET", "/audit?limit=200", Value::Null)
        .await
        .json()["rows"]
        .as_array()
        .unwrap()
        .len()
        < 150
    {}
    let path = format!("/keys/{}/revoke", key.app_id);
    assert_eq!(stage.manage("POST", &path, Value::Null).await.status, 200);
    revoked.store(true, Ordering::SeqCst);
    for racer in racers {
        assert!(racer.await.unwrap() > 0);
    }
    // Nor does the audit log have an accepted request behind the act.
    let rows = stage
        .manage("GET", "/audit?limit=1000", Value::Null)
        .await
        .json();
    let newest_first = rows["rows"].as_array().unwrap().iter();
    let behind: Vec<_> = newest_first
        .take_while(|row| row["act"] != "key.revoke")
        .filter(|row| row["act"] == "request")
        .collect();
    assert!(!behind.is_empty());
    assert!(behind.iter().all(|row| row["status"] == 401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payin_is_made_once_by_racing_requests_with_one_key() {
    let stage = Arc::new(Stage::new().await);
    let key = Arc::new(stage.key(json!({ "scopes": ["payins:write"] })).await);
    let body = json!({
        "currency": "AUD", "gst": false, "amount": 1, "name": "A", "email": "a@example.com",
        "payin_method_name": "au_payid_npp_aud",
    });
    let body = body.to_string();
    let racers = (0..8).map(|_| {
        let (stage, key, body) = (Arc::clone(&stage), Arc::clone(&key), body.clone());
        tokio::spawn(async move {
            let mut headers = key.pair().to_vec();
            headers.push(("idempotency-key", "once"));
            stage
                .send("POST", "/api/v2/payins", &headers, body)
                .await
                .json()["uuid"]
                .clone()
        })
    });
    let racers: Vec<_> = racers.collect();
    let mut made = Vec::new();
    for racer in racers {
        made.push(racer.await.unwrap());
    }
    assert!(made[0].is_string());
    assert!(made.iter().all(|uuid| *uuid == made[0]), "{made:?}");
}
