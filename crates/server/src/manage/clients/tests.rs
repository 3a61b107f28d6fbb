use std::net::IpAddr;

use serde_json::{Value, json};

use crate::testing::Stage;

const PING: &str = "/api/v1/ping";
const ADDRESS: [u8; 4] = [203, 0, 113, 77];

fn payin() -> Vec<u8> {
    let body = json!({
        "currency": "AUD", "gst": false, "amount": 1, "name": "A. Person", "email": "a@example.com",
        "payin_method_name": "au_payid_npp_aud",
    });
    body.to_string().into_bytes()
}

async fn id_of(stage: &Stage, name: &str) -> String {
    let list = stage.manage("GET", "/clients", Value::Null).await.json();
    let clients = list["clients"].as_array().unwrap();
    let found = clients.iter().find(|client| client["name"] == name);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn sources(stage: &Stage, app_id: &str) -> Vec<Value> {
    let target = format!("/audit?key={app_id}&act=request");
    let page = stage.manage("GET", &target, Value::Null).await.json();
    let rows = page["rows"].as_array().unwrap();
    rows.iter().map(|row| row["source"].clone()).collect()
}

async fn found_by_source(stage: &Stage) -> usize {
    let page = stage.manage("GET", "/audit?source=203.0.113.77", Value::Null);
    page.await.json()["rows"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_is_personal_of_an_erased_client_is_nowhere() {
    let mut stage = Stage::with(|config| config.capture_bodies = true).await;
    let wanted = json!({
        "name": "Person's key", "client": "A. Person", "scopes": ["payins:write", "payins:read"],
        "note": "call A. Person", "allow": ["203.0.113.0/24"],
    });
    let (app_id, secret) = stage.key(wanted).await;
    let (other, other_secret) = stage.key(json!({ "name": "other" })).await;
    let peer = IpAddr::from(ADDRESS);
    let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
    let others = [
        ("app-id", other.as_str()),
        ("secret-key", other_secret.as_str()),
    ];
    let mut refused = Vec::new();
    for round in 0..2 {
        let made = stage
            .send_from(peer, "POST", "/api/v2/payins", &pair, &payin())
            .await;
        assert_eq!(made.status, [200, 429][round], "{:?}", made.body);
        for _ in 0..100 {
            stage.send_from(peer, "GET", PING, &pair, b"").await;
        }
        let reply = stage
            .send_from(peer, "GET", "/api/v2/nothing", &pair, b"")
            .await;
        refused.push(reply.request_id().to_owned());
        stage.send_from(peer, "GET", PING, &others, b"").await;
        // What the first round left is in the store by then.
        if round == 0 {
            stage = stage.restarted().await;
        }
    }
    let sources_before = sources(&stage, &app_id).await;
    assert!(sources_before.iter().all(|it| it == "203.0.113.77"));
    let by_source = found_by_source(&stage).await;
    assert!(by_source >= 100);

    let id = id_of(&stage, "A. Person").await;
    let erase = format!("/clients/{id}/erase");
    let erased = stage.manage("POST", &erase, Value::Null).await;
    assert_eq!((erased.status, &erased.json()["keys"]), (200, &json!(1)));
    let again = stage.manage("POST", &erase, Value::Null).await;
    assert_eq!(again.status, 409);

    for _ in 0..2 {
        let refusal = stage.send_from(peer, "GET", PING, &pair, b"").await;
        assert_eq!(refusal.status, 401, "its keys have ended");
        let target = format!("/keys/{app_id}");
        let key = stage.manage("GET", &target, Value::Null).await.json();
        assert_eq!((&key["name"], &key["note"]), (&json!("erased"), &json!("")));
        assert_eq!(
            (&key["state"], &key["allow"]),
            (&json!("revoked"), &json!([]))
        );
        // Rows stay, without an address, but for those since: they are of nobody known.
        let sources = sources(&stage, &app_id).await;
        assert!(sources.len() > sources_before.len().min(90));
        let known = sources.iter().filter(|it| !it.is_null()).count();
        assert!(known <= 2, "{known} rows still name an address");
        assert!(
            found_by_source(&stage).await <= 4,
            "of the other key, and since"
        );
        for request in &refused {
            let target = format!("/requests/{request}");
            let kept = stage.manage("GET", &target, Value::Null).await;
            assert_eq!(kept.status, 404);
        }
        let verified = stage
            .manage("POST", "/audit/verify", Value::Null)
            .await
            .json();
        assert_eq!(verified["ok"], true, "{verified}");
        let database = rusqlite::Connection::open(stage.running.state_dir().join("platform.db"));
        let database = database.unwrap();
        for table in ["resources", "idempotency", "refusals", "audit_sources"] {
            let left: u64 = database
                .query_row(
                    &format!("SELECT count(*) FROM {table} WHERE hex(client) = upper(?1)"),
                    [&id],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(left, 0, "{table}");
        }
        drop(database);
        // Nor does a restart or a new index bring it back.
        stage = stage.restarted().await;
        stage.manage("POST", "/audit/reindex", Value::Null).await;
    }
    let used = stage.send_from(peer, "GET", PING, &others, b"").await;
    assert_eq!(used.status, 200, "others go on");
    for name in ["platform.db", "platform.db-wal"] {
        let bytes = std::fs::read(stage.running.state_dir().join(name)).unwrap_or_default();
        let has = |text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(!has("A. Person") && !has("Person's key"), "{name}");
    }
}

#[tokio::test]
async fn whom_nobody_knows_is_erased_once_the_day_is_over() {
    let stage = Stage::with(|config| config.virtual_clock = true).await;
    stage
        .send_from(IpAddr::from(ADDRESS), "GET", PING, &[], b"")
        .await;
    let today = stage.running.platform.clock.now().to_string();
    let id = id_of(&stage, &format!("unknown {}", &today[..10])).await;
    let erase = format!("/clients/{id}/erase");
    let early = stage.manage("POST", &erase, Value::Null).await;
    assert_eq!(early.status, 409);
    assert_eq!(found_by_source(&stage).await, 1);
    stage
        .manage("POST", "/clock/advance", json!({ "by_ms": 86_400_000 }))
        .await;
    let erased = stage.manage("POST", &erase, Value::Null).await;
    assert_eq!(erased.status, 200);
    assert_eq!(found_by_source(&stage).await, 0);
    stage
        .send_from(IpAddr::from(ADDRESS), "GET", PING, &[], b"")
        .await;
    assert_eq!(found_by_source(&stage).await, 1, "today's are another's");
    for wrong in ["x", "00000000000000000000000000000000"] {
        let target = format!("/clients/{wrong}/erase");
        assert_eq!(stage.manage("POST", &target, Value::Null).await.status, 404);
    }
}

#[tokio::test]
async fn an_erasure_that_can_not_be_recorded_is_none() {
    let stage = Stage::new().await;
    let (app_id, secret) = stage.key(json!({ "client": "shop" })).await;
    let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
    let id = id_of(&stage, "shop").await;
    let good = stage.running.platform.audit.fill_disk();
    let erase = format!("/clients/{id}/erase");
    let erased = stage.manage("POST", &erase, Value::Null).await;
    assert_eq!(erased.status, 503);
    stage.running.platform.audit.free_disk(good);
    assert_eq!(stage.send("GET", PING, &pair, b"").await.status, 200);
    assert_eq!(id_of(&stage, "shop").await, id);
}
