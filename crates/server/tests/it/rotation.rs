//! Rotation of a key's secret, under load and over a kill.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    restart::kill_and_restart,
    stage::{Key, Stage, config, start},
};

const PING: &str = "/api/v1/ping";

async fn rotate(stage: &Stage, key: &Key, overlap_ms: u64) -> Key {
    let path = format!("/keys/{}/rotate", key.app_id);
    let body = json!({ "overlap_ms": overlap_ms });
    let reply = stage.manage("POST", &path, body).await;
    assert_eq!(reply.status, 201, "{:?}", reply.body);
    Key {
        app_id: key.app_id.clone(),
        secret: reply.json()["secret_key"].as_str().unwrap().to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_its_window_and_its_uses_survive_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let config = config(home.path().join("state"));
    let stage = Stage::of(start(&config).await, home);
    let first = stage.key(json!({ "limit_per_minute": 4 })).await;
    let second = rotate(&stage, &first, 3_600_000).await;
    // Taken back, and rotated again: secrets 1 and 3 are kept.
    let retire = format!("/keys/{}/retire", first.app_id);
    let body = json!({ "secret_id": 2 });
    assert_eq!(stage.manage("POST", &retire, body).await.status, 200);
    let third = rotate(&stage, &first, 3_600_000).await;
    for key in [&first, &third] {
        assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 200);
    }

    let stage = kill_and_restart(stage, &config).await;
    assert_eq!(
        stage.send("GET", PING, &second.pair(), "").await.status,
        401
    );
    for key in [&first, &third] {
        assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 200);
    }
    assert_eq!(stage.send("GET", PING, &third.pair(), "").await.status, 429);
    let path = format!("/keys/{}", first.app_id);
    let view = stage.manage("GET", &path, Value::Null).await.json();
    assert_eq!(view["state"], "rotating");
    assert_eq!(
        (&view["secrets"][0]["id"], &view["secrets"][1]["id"]),
        (&json!(3), &json!(1))
    );
    let verified = stage.manage("POST", "/audit/verify", Value::Null).await;
    assert_eq!(verified.json()["ok"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_secrets_were_last_used_survives_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let mut config = config(home.path().join("state"));
    // What the store is told of at times is told now, or not at all.
    config.limits.sync_every = Duration::from_secs(86_400);
    let stage = Stage::of(start(&config).await, home);
    let first = stage.key(json!({})).await;
    let ping = async |stage: &Stage, key: &Key| {
        let reply = stage.send("GET", PING, &key.pair(), "").await;
        assert_eq!(reply.status, 200);
    };
    ping(&stage, &first).await;
    let second = rotate(&stage, &first, 3_600_000).await;
    ping(&stage, &second).await;
    // What is gone by now takes no place of one that is not.
    let retire = format!("/keys/{}/retire", first.app_id);
    let body = json!({ "secret_id": 1 });
    assert_eq!(stage.manage("POST", &retire, body).await.status, 200);
    let third = rotate(&stage, &first, 3_600_000).await;
    ping(&stage, &third).await;
    ping(&stage, &second).await;
    let path = format!("/keys/{}", first.app_id);
    let uses = async |stage: &Stage| {
        let view = stage.manage("GET", &path, Value::Null).await.json();
        let secrets = view["secrets"].as_array().unwrap().clone();
        let uses = secrets.iter().map(|it| it["last_used"].clone());
        (view["last_used"].clone(), uses.collect::<Vec<_>>())
    };
    let before = uses(&stage).await;
    assert!(before.0.is_string() && before.1.iter().all(Value::is_string));

    let stage = kill_and_restart(stage, &config).await;
    assert_eq!(uses(&stage).await, before);
}

/// Clients race with a rotation that leaves no overlap, and with each other to rotate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_a_rotation_without_overlap_has_returned_the_older_secret_is_refused() {
    let stage = Arc::new(Stage::new().await);
    let first = Arc::new(stage.key(json!({ "limit_per_minute": 1_000_000 })).await);
    let rotated = Arc::new(AtomicBool::new(false));
    let mut clients = Vec::new();
    for _ in 0..4 {
        let (stage, first, rotated) = (stage.clone(), first.clone(), rotated.clone());
        clients.push(tokio::spawn(async move {
            let mut connection = stage.connect().await;
            loop {
                let was_rotated = rotated.load(Ordering::Acquire);
                let reply = connection.send("GET", PING, &first.pair(), "").await;
                // Turned away as a flood is refused, too.
                let refused = matches!(reply.status, 401 | 429);
                assert!(refused || !was_rotated, "{}", reply.status);
                if refused {
                    return;
                }
            }
        }));
    }
    let rotations = (0..4).map(|_| {
        let (stage, first) = (stage.clone(), first.clone());
        tokio::spawn(async move {
            let path = format!("/keys/{}/rotate", first.app_id);
            let body = json!({ "overlap_ms": 0 });
            let reply = stage.manage("POST", &path, body).await;
            assert_eq!(reply.status, 201, "{:?}", reply.body);
            reply.json()["secret_id"].as_u64().unwrap()
        })
    });
    let rotations: Vec<_> = rotations.collect();
    let mut ids = Vec::new();
    for rotation in rotations {
        ids.push(rotation.await.unwrap());
        rotated.store(true, Ordering::Release);
    }
    for client in clients {
        client.await.unwrap();
    }
    ids.sort_unstable();
    assert_eq!(ids, [2, 3, 4, 5], "no number is used twice");
}
