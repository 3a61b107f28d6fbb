use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::testing::Stage;

const PING: &str = "/api/v1/ping";
const DAY_MS: u64 = 86_400_000;

async fn stage() -> Stage {
    Stage::with(|config| {
        config.virtual_clock = true;
        config.limits.audit_segment_bytes = 20_000;
    })
    .await
}

async fn requests(stage: &Stage, count: u32) {
    for _ in 0..count {
        stage.send("GET", PING, &[], b"").await;
    }
}

async fn pass_days(stage: &Stage, days: u64) {
    let by = json!({ "by_ms": days * DAY_MS });
    let reply = stage.manage("POST", "/clock/advance", by).await;
    assert_eq!(reply.status, 200);
}

async fn retain(stage: &Stage, days: Option<u64>) -> Value {
    let body = json!({ "keep_ms": days.map(|days| days * DAY_MS) });
    stage.manage("PUT", "/audit/retention", body).await.json()
}

async fn verify(stage: &Stage) -> Value {
    let verified = stage.manage("POST", "/audit/verify", Value::Null).await;
    verified.json()
}

fn file(stage: &Stage, name: &str) -> PathBuf {
    stage.running.state_dir().join("audit").join(name)
}

#[tokio::test]
async fn what_is_older_is_cut_off_and_the_rest_verifies() {
    let stage = stage().await;
    requests(&stage, 300).await;
    pass_days(&stage, 5).await;
    requests(&stage, 100).await;
    let kept = stage
        .manage("POST", "/audit/checkpoint", Value::Null)
        .await
        .json();

    let before = stage
        .manage("GET", "/audit/retention", Value::Null)
        .await
        .json();
    assert_eq!(before["keep_ms"], Value::Null);
    assert_eq!(
        (&before["first_row"], &before["cut_at"]),
        (&json!(0), &Value::Null)
    );
    let after = retain(&stage, Some(3)).await;
    let first = after["first_row"].as_u64().unwrap();
    // Whole segments: some old rows stay with newer ones, none of the newer ones goes.
    assert!((100..=302).contains(&first), "{after}");
    assert!(after["bytes"].as_u64() < before["bytes"].as_u64());
    assert!(!file(&stage, "00000000.log").exists());

    let verified = verify(&stage).await;
    assert_eq!(verified["ok"], true, "{verified}");
    assert_eq!(verified["first_row"], first);
    // A copy from before the cut is compared as far as there are rows.
    let with = json!({ "checkpoints": [kept["signed"]] });
    let verified = stage.manage("POST", "/audit/verify", with).await.json();
    assert_eq!(verified["ok"], true, "{verified}");

    let oldest = stage
        .manage("GET", "/audit/rows?from_row=0&limit=1", Value::Null)
        .await
        .json();
    assert_eq!(oldest["rows"][0]["sequence"], first);
    let newest = stage
        .manage("GET", "/audit?act=audit.cut", Value::Null)
        .await;
    assert_eq!(newest.json()["rows"].as_array().unwrap().len(), 1);

    // It goes on after a restart, where the newest segment is old by then.
    let stage = stage.restarted().await;
    assert_eq!(verify(&stage).await["ok"], true);
    // What is in one segment with newer rows goes with them.
    pass_days(&stage, 10).await;
    retain(&stage, Some(3)).await;
    pass_days(&stage, 10).await;
    let later = retain(&stage, Some(3)).await;
    assert!(later["first_row"].as_u64().unwrap() > 400, "{later}");
    requests(&stage, 1).await;
    let verified = verify(&stage).await;
    assert_eq!(verified["ok"], true, "{verified}");
    assert_eq!(retain(&stage, None).await["keep_ms"], Value::Null);
}

#[tokio::test]
async fn a_cut_that_is_not_signed_and_one_too_many_are_found() {
    let stage = stage().await;
    requests(&stage, 300).await;
    pass_days(&stage, 5).await;
    retain(&stage, Some(3)).await;
    let cut = fs::read(file(&stage, "cut")).unwrap();
    let segments = || {
        let names = fs::read_dir(stage.running.state_dir().join("audit")).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".log"))
            .collect();
        names.sort();
        names
    };
    requests(&stage, 300).await;
    assert_eq!(verify(&stage).await["ok"], true);
    // Somebody else removes one more segment: the cut doesn't vouch for that.
    let first = file(&stage, &segments()[0]);
    let bytes = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    let found = verify(&stage).await;
    assert_eq!(found["ok"], false, "{found}");
    fs::write(&first, bytes).unwrap();
    assert_eq!(verify(&stage).await["ok"], true);

    let path = file(&stage, "cut");
    let mut forged = cut.clone();
    forged[40] ^= 1;
    fs::write(&path, forged).unwrap();
    let config = crate::Config::in_directory(stage.running.state_dir().to_owned());
    stage.running.shutdown().await;
    let refused = crate::Server::start(config).await.map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("cut"), "{refused}");
}

#[tokio::test]
async fn a_log_that_was_changed_is_not_cut() {
    let stage = stage().await;
    requests(&stage, 300).await;
    pass_days(&stage, 5).await;
    let path = file(&stage, "00000001.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[500] ^= 1;
    fs::write(&path, bytes).unwrap();
    let body = json!({ "keep_ms": 3 * DAY_MS });
    let refused = stage.manage("PUT", "/audit/retention", body).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.json()["error"]["message"]
            .to_string()
            .contains("row")
    );
    assert!(file(&stage, "00000000.log").exists());
    assert!(!file(&stage, "cut").exists());
}

#[tokio::test]
async fn rows_are_kept_for_two_days_at_least() {
    let stage = stage().await;
    for keep_ms in [0, DAY_MS] {
        let body = json!({ "keep_ms": keep_ms });
        let refused = stage.manage("PUT", "/audit/retention", body).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.json()["error"]["message"]
                .to_string()
                .contains("2d")
        );
    }
}
