//! Every limit of a key, over real sockets: exact under races, kept over a kill, told on the wire.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    restart::kill_and_restart,
    stage::{Key, Reply, Stage, config, start},
};

const PING: &str = "/api/v1/ping";

async fn ping(stage: &Stage, key: &Key) -> Reply {
    stage.send("GET", PING, &key.pair(), "").await
}

async fn why(stage: &Stage, reply: &Reply) -> Value {
    let path = format!("/requests/{}/explain", reply.header("x-request-id"));
    stage.manage("GET", &path, Value::Null).await.json()
}

/// The id of the client that a key belongs to.
async fn client_of(stage: &Stage, key: &Key) -> String {
    let path = format!("/keys/{}", key.app_id);
    let shown = stage.manage("GET", &path, Value::Null).await.json();
    shown["client"].as_str().unwrap().to_owned()
}

async fn limit_client(stage: &Stage, client: &str, per_minute: Option<u32>) {
    let path = format!("/clients/{client}/limit");
    let set = stage.manage("PUT", &path, json!({ "per_minute": per_minute }));
    let set = set.await;
    assert_eq!(set.status, 200, "{:?}", set.body);
    assert_eq!(set.json()["limit_per_minute"], json!(per_minute));
}

async fn two_keys(stage: &Stage) -> [Key; 2] {
    let wanted = json!({ "client": "shop", "limit_per_minute": 1_000 });
    [stage.key(wanted.clone()).await, stage.key(wanted).await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clients_limit_is_exact_over_its_keys_under_racing_connections() {
    let stage = Arc::new(Stage::new().await);
    let keys = Arc::new(two_keys(&stage).await);
    // What was admitted before counts too.
    assert_eq!(ping(&stage, &keys[0]).await.status, 200);
    assert_eq!(ping(&stage, &keys[1]).await.status, 200);
    limit_client(&stage, &client_of(&stage, &keys[0]).await, Some(40)).await;
    let racers = (0..32).map(|racer| {
        let (stage, keys) = (Arc::clone(&stage), Arc::clone(&keys));
        tokio::spawn(async move {
            let mut connection = stage.connect().await;
            let mut statuses = Vec::new();
            for turn in 0..3 {
                let key = &keys[(racer + turn) % 2];
                statuses.push(connection.send("GET", PING, &key.pair(), "").await.status);
            }
            statuses
        })
    });
    let mut statuses = Vec::new();
    for racer in racers.collect::<Vec<_>>() {
        statuses.extend(racer.await.unwrap());
    }
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(200), count(429)), (38, 32 * 3 - 38));

    let over = ping(&stage, &keys[1]).await;
    assert_eq!(over.status, 429);
    let policies = over.header("ratelimit-policy");
    assert_eq!(policies, "\"minute\";q=1000;w=60, \"client\";q=40;w=60");
    assert!(over.header("ratelimit").contains("\"client\";r=0;t="));
    let explained = why(&stage, &over).await;
    assert_eq!(explained["rule"], "rate");
    let cause = explained["cause"].as_str().unwrap();
    assert!(cause.contains("over all of the client's keys"), "{cause}");
    assert_eq!(
        (
            &explained["remedy"]["act"],
            &explained["remedy"]["per_minute"]
        ),
        (&json!("raise_client_limit"), &json!(80))
    );
    // Without it the keys go on as before.
    limit_client(&stage, &client_of(&stage, &keys[0]).await, None).await;
    let after = ping(&stage, &keys[1]).await;
    assert_eq!(after.status, 200);
    assert_eq!(after.header("ratelimit-policy"), "\"minute\";q=1000;w=60");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotas_and_clients_windows_survive_a_kill_and_a_log_that_is_counted_already() {
    let home = tempfile::tempdir().unwrap();
    let mut config = config(home.path().join("state"));
    config.virtual_clock = true;
    config.limits.audit_segment_bytes = 16 * 1024;
    let stage = Stage::of(start(&config).await, home);
    let wanted = json!({ "client": "shop", "limit_per_minute": 1_000, "daily_quota": 305 });
    let key = stage.key(wanted).await;
    let other = stage
        .key(json!({ "client": "shop", "limit_per_minute": 1_000 }))
        .await;
    let mut connection = stage.connect().await;
    for _ in 0..300 {
        let reply = connection.send("GET", PING, &key.pair(), "").await;
        assert_eq!(reply.status, 200);
    }
    let client = client_of(&stage, &key).await;
    limit_client(&stage, &client, Some(303)).await;
    // An orderly end counts whole runs of rows in the store; the rest stays in the log alone.
    let Stage { running, home, .. } = stage;
    running.shutdown().await;
    let stage = Stage::of(start(&config).await, home);
    let path = format!("/keys/{}", key.app_id);
    let shown = stage.manage("GET", &path, Value::Null).await.json();
    assert_eq!(
        (
            &shown["daily_quota"],
            &shown["used_today"],
            &shown["client_limit_per_minute"]
        ),
        (&json!(305), &json!(300), &json!(303))
    );
    assert_eq!(ping(&stage, &key).await.status, 200);

    let stage = kill_and_restart(stage, &config).await;
    assert_eq!(ping(&stage, &other).await.status, 200);
    assert_eq!(ping(&stage, &key).await.status, 200);
    // 303 of the client's 303, 302 of the key's 305.
    let over = ping(&stage, &other).await;
    assert_eq!(
        why(&stage, &over).await["remedy"]["act"],
        "raise_client_limit"
    );
    limit_client(&stage, &client, None).await;
    for _ in 0..3 {
        assert_eq!(ping(&stage, &key).await.status, 200);
    }
    let over = ping(&stage, &key).await;
    assert_eq!(over.status, 429);
    let policies = over.header("ratelimit-policy");
    assert_eq!(policies, "\"minute\";q=1000;w=60, \"day\";q=305;w=86400");
    assert!(over.header("ratelimit").contains("\"day\";r=0;t="));
    let explained = why(&stage, &over).await;
    assert_eq!(explained["remedy"]["act"], "raise_quota");
    let cause = explained["cause"].as_str().unwrap();
    assert!(
        cause.contains("quota of 305 requests in a day (UTC)"),
        "{cause}"
    );

    // A new day is a new quota, after the wait that the answer names.
    let stage = kill_and_restart(stage, &config).await;
    assert_eq!(ping(&stage, &key).await.status, 429);
    let wait: u64 = over.header("retry-after").parse().unwrap();
    let advance = json!({ "by_ms": wait * 1_000 });
    stage.manage("POST", "/clock/advance", advance).await;
    assert_eq!(ping(&stage, &key).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_costs_what_was_set_in_every_limit_and_over_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let config = config(home.path().join("state"));
    let stage = Stage::of(start(&config).await, home);
    let key = stage
        .key(json!({ "limit_per_minute": 10, "daily_quota": 100 }))
        .await;
    let cost = json!({ "method": "GET", "path": PING, "cost": 4 });
    let set = stage.manage("PUT", "/routes/cost", cost).await;
    assert_eq!(set.status, 200, "{:?}", set.body);
    let listed = |list: &Value| {
        let routes = list["routes"].as_array().unwrap().iter();
        let mut routes = routes.filter(|route| route["path"] == PING);
        routes.next().unwrap()["cost"].clone()
    };
    assert_eq!(listed(&set.json()), 4);
    let document = stage.send("GET", "/openapi.json", &[], "").await.json();
    assert_eq!(document["paths"][PING]["get"]["x-ratelimit-cost"], 4);
    assert_eq!(
        document["paths"]["/std/v1/ping"]["get"]["x-ratelimit-cost"],
        1
    );

    assert_eq!(ping(&stage, &key).await.status, 200);
    let stage = kill_and_restart(stage, &config).await;
    let second = ping(&stage, &key).await;
    assert_eq!(second.status, 200);
    assert!(second.header("ratelimit").starts_with("\"minute\";r=2;"));
    assert!(second.header("ratelimit").contains("\"day\";r=92;"));
    let third = ping(&stage, &key).await;
    assert_eq!(third.status, 429);
    let observed = &why(&stage, &third).await["checks"][6]["observed"];
    let observed = observed.as_str().unwrap();
    assert_eq!(
        observed,
        "8 of 10 slots used, 8 of 100 in this day; the request takes 4"
    );
    // Half as dear, it fits.
    let cost = json!({ "method": "GET", "path": PING, "cost": 2 });
    stage.manage("PUT", "/routes/cost", cost).await;
    assert_eq!(ping(&stage, &key).await.status, 200);
    for (cost, status) in [(0, 422), (1_001, 422)] {
        let cost = json!({ "method": "GET", "path": PING, "cost": cost });
        assert_eq!(
            stage.manage("PUT", "/routes/cost", cost).await.status,
            status
        );
    }
    let nowhere = json!({ "method": "GET", "path": "/api/v9", "cost": 2 });
    assert_eq!(
        stage.manage("PUT", "/routes/cost", nowhere).await.status,
        422
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_suggested_from_what_was_asked_for() {
    let stage = Stage::with(|config| config.virtual_clock = true).await;
    let key = stage.key(json!({ "limit_per_minute": 8 })).await;
    let path = format!("/keys/{}/limit/suggestion", key.app_id);
    let suggest = async || stage.manage("GET", &path, Value::Null).await.json();
    let nothing = suggest().await;
    assert_eq!(
        (&nothing["suggested"], &nothing["current"]),
        (&Value::Null, &json!(8))
    );
    let mut connection = stage.connect().await;
    // Ten in each of twelve minutes, two of them refused.
    for _ in 0..12 {
        for index in 0..10 {
            let reply = connection.send("GET", PING, &key.pair(), "").await;
            assert_eq!(reply.status, if index < 8 { 200 } else { 429 });
        }
        let minute = json!({ "by_ms": 60_000 });
        stage.manage("POST", "/clock/advance", minute).await;
    }
    let suggestion = suggest().await;
    let sample = &suggestion["sample"];
    assert_eq!(
        (&sample["requests"], &sample["refused"]),
        (&json!(120), &json!(24))
    );
    assert_eq!(sample["active_minutes"], 12);
    let peak = sample["peak"].as_u64().unwrap();
    assert!((10..=20).contains(&peak), "{sample}");
    assert!(
        suggestion["suggested"].as_u64().unwrap() >= 20,
        "{suggestion}"
    );
    let reasons = suggestion["reasons"].to_string();
    assert!(reasons.contains("24 of 120 requests (20.0 %)"), "{reasons}");
}
