use std::{fs, net::IpAddr};

use serde_json::{Value, json};
use strongroom_contract::{
    audit::AuditTail,
    export::{ExportEnd, ExportProof},
    manage::AuditRowView,
};
use strongroom_crypto::hash::sha256;
use strongroom_policy::roles::Role;

use crate::testing::Stage;

const PING: &str = "/api/v1/ping";
const DAY_MS: u64 = 86_400_000;

/// A platform with several segments, and two keys.
async fn stage() -> (Stage, [(String, String); 2]) {
    let stage = Stage::with(|config| {
        config.virtual_clock = true;
        config.limits.audit_segment_bytes = 15_000;
    })
    .await;
    let keys = [
        stage.key(json!({ "limit_per_minute": 1_000 })).await,
        stage.key(json!({ "client": "other" })).await,
    ];
    requests(&stage, &keys, 120).await;
    (stage, keys)
}

async fn requests(stage: &Stage, keys: &[(String, String)], count: u8) {
    for number in 0..count {
        let (app_id, secret) = &keys[usize::from(number) % keys.len()];
        let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
        let peer = IpAddr::from([203, 0, 113, number]);
        stage.send_from(peer, "GET", PING, &pair, b"").await;
    }
}

async fn pass_days(stage: &Stage, days: u64) {
    let by = json!({ "by_ms": days * DAY_MS });
    let reply = stage.manage("POST", "/clock/advance", by).await;
    assert_eq!(reply.status, 200);
}

/// What was exported, and its proof.
async fn export(stage: &Stage, question: &str) -> (Vec<u8>, ExportProof) {
    let target = format!("/audit/export?{question}");
    let reply = stage.manage("GET", &target, Value::Null).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let (rows, end) = split(&reply.body);
    let ExportEnd { proof } = serde_json::from_slice(end).unwrap();
    assert_eq!(proof.bytes, rows.len() as u64);
    assert_eq!(hex::encode(sha256(&[rows])), proof.sha256);
    (rows.to_vec(), proof)
}

fn split(body: &[u8]) -> (&[u8], &[u8]) {
    let end = body.strip_suffix(b"\n").unwrap();
    let last = end.iter().rposition(|byte| *byte == b'\n');
    body.split_at(last.map_or(0, |at| at + 1))
}

fn rows(bytes: &[u8]) -> Vec<AuditRowView> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

async fn verify(stage: &Stage, proof: &ExportProof) -> Value {
    let body = serde_json::to_value(proof).unwrap();
    let reply = stage.manage("POST", "/audit/export/verify", body).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    reply.json()
}

/// All rows of the log before `end`.
async fn all(stage: &Stage, end: u64) -> Vec<AuditRowView> {
    let reply = stage
        .manage("GET", "/audit/rows?from_row=0&limit=1000", Value::Null)
        .await;
    let tail: AuditTail = serde_json::from_slice(&reply.body).unwrap();
    let mut rows = tail.rows;
    rows.retain(|row| row.sequence < end);
    rows
}

#[tokio::test]
async fn an_export_has_all_rows_that_fit_and_its_proof_holds_as_the_log_goes_on() {
    let (stage, keys) = stage().await;
    pass_days(&stage, 1).await;
    requests(&stage, &keys[..1], 30).await;
    let (bytes, proof) = export(&stage, "").await;
    let everything = rows(&bytes);
    assert_eq!(everything, all(&stage, proof.end_row).await);
    assert_eq!((proof.first_row, proof.rows), (0, everything.len() as u64));
    assert!(proof.filters.is_empty());

    // What is asked for is picked, recorded, and only the segments of its time are looked at.
    let middle = everything.last().unwrap().at;
    let (bytes, of_key) = export(
        &stage,
        &format!("key={}&from={middle}&status=2xx", keys[0].0),
    )
    .await;
    let fits = |row: &&AuditRowView| {
        row.app_id.as_ref() == Some(&keys[0].0) && row.at >= middle && row.status < 300
    };
    let wanted = all(&stage, of_key.end_row).await;
    let wanted: Vec<_> = wanted.iter().filter(fits).cloned().collect();
    assert!(!wanted.is_empty());
    assert_eq!(rows(&bytes), wanted);
    assert_eq!(of_key.filters["key"], keys[0].0);
    assert_eq!(of_key.filters["from"], middle.to_string());
    assert_eq!(of_key.filters["status"], "2xx");
    assert!(of_key.first_row > 0);

    // One without rows is proven too.
    let (nothing, none) = export(&stage, "rule=replay").await;
    assert_eq!((nothing.len(), none.rows), (0, 0));

    requests(&stage, &keys, 100).await;
    for proof in [&proof, &of_key, &none] {
        let verified = verify(&stage, proof).await;
        assert_eq!(verified["ok"], true, "{verified}");
        // Its checkpoint is one that `verify` takes.
        let copies = json!({ "checkpoints": [proof.checkpoint] });
        let log = stage.manage("POST", "/audit/verify", copies).await.json();
        assert_eq!(log["ok"], true, "{log}");
    }
    let stage = stage.restarted().await;
    assert_eq!(verify(&stage, &proof).await["ok"], true);
}

#[tokio::test]
async fn csv_has_the_same_rows() {
    let (stage, keys) = stage().await;
    let question = format!("format=csv&key={}", keys[1].0);
    let (bytes, proof) = export(&stage, &question).await;
    let mut reader = csv::Reader::from_reader(&*bytes);
    let names: Vec<_> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let picked: Vec<_> = all(&stage, proof.end_row)
        .await
        .into_iter()
        .filter(|row| row.app_id.as_ref() == Some(&keys[1].0))
        .collect();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), picked.len());
    assert_eq!(proof.rows, picked.len() as u64);
    for (record, row) in records.iter().zip(picked) {
        let row = serde_json::to_value(row).unwrap();
        for (name, cell) in names.iter().zip(record) {
            let value = match &row[name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cell, value, "{name}");
        }
        assert_eq!(row.as_object().unwrap().len(), names.len());
    }
    assert!(
        bytes
            .split(|byte| *byte == b'\n')
            .all(|line| line.is_empty() || line.ends_with(b"\r"))
    );
    assert_eq!(verify(&stage, &proof).await["ok"], true);
}

#[tokio::test]
async fn a_proof_that_was_changed_or_is_of_another_log_is_refused() {
    let (stage, _) = stage().await;
    let (_, proof) = export(&stage, "status=2xx").await;
    let other = Stage::new().await;
    let (_, foreign) = export(&other, "").await;
    let changes: [fn(&mut ExportProof); 5] = [
        |it| it.rows += 1,
        |it| it.sha256 = "00".repeat(32),
        |it| it.filters.clear(),
        |it| it.link_after = it.link_before.clone(),
        |it| it.signature = "zz".to_owned(),
    ];
    let changed = changes.map(|change| {
        let mut proof = proof.clone();
        change(&mut proof);
        proof
    });
    for proof in changed.iter().chain([&foreign]) {
        let verified = verify(&stage, proof).await;
        assert_eq!(verified["ok"], false);
        assert!(verified["problem"].to_string().contains("not signed"));
    }
}

#[tokio::test]
async fn a_log_that_was_changed_is_not_exported_and_bears_no_proof() {
    let (stage, _) = stage().await;
    let (_, proof) = export(&stage, "").await;
    let log = stage.running.state_dir().join("audit/00000001.log");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, bytes).unwrap();
    let verified = verify(&stage, &proof).await;
    assert_eq!(verified["ok"], false, "{verified}");
    let bad = verified["first_bad"].as_u64().unwrap();
    assert!(bad > 0 && bad < proof.end_row);
    let reply = stage.manage("GET", "/audit/export", Value::Null).await;
    let (_, end) = split(&reply.body);
    let end: Value = serde_json::from_slice(end).unwrap();
    assert_eq!(end["error"]["code"], "damaged", "{end}");
    assert!(
        end["error"]["message"]
            .to_string()
            .contains(&format!("row {bad}"))
    );
}

#[tokio::test]
async fn proofs_outlive_retention_and_erasure() {
    let (stage, keys) = stage().await;
    let (early, proof_of_early) = export(&stage, "").await;
    let clients = stage.manage("GET", "/clients", Value::Null).await.json();
    let client = clients["clients"]
        .as_array()
        .unwrap()
        .iter()
        .find(|client| client["name"] == "other")
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let erased = stage
        .manage("POST", &format!("/clients/{client}/erase"), Value::Null)
        .await;
    assert_eq!(erased.status, 200);
    assert_eq!(verify(&stage, &proof_of_early).await["ok"], true);
    // The same rows, without what is personal.
    let (bytes, _) = export(&stage, "").await;
    let (then, now) = (rows(&early), rows(&bytes));
    assert_eq!(then.len(), proof_of_early.rows as usize);
    for (then, now) in then.iter().zip(&now) {
        let is_of_client = then.app_id.as_ref() == Some(&keys[1].0) && then.is_request();
        assert_eq!(now.source.is_none(), is_of_client, "{now:?}");
        assert_eq!(then.request_id, now.request_id);
    }

    pass_days(&stage, 10).await;
    requests(&stage, &keys[..1], 100).await;
    let (_, late) = export(&stage, "").await;
    let kept = stage
        .manage("PUT", "/audit/retention", json!({ "keep_ms": 3 * DAY_MS }))
        .await
        .json();
    let first_row = kept["first_row"].as_u64().unwrap();
    assert!(first_row > 0, "{kept}");
    for proof in [&proof_of_early, &late] {
        let verified = verify(&stage, proof).await;
        assert_eq!(verified["ok"], true, "{verified}");
        assert_eq!(verified["rows_cut"], first_row.min(proof.end_row));
    }
}

#[tokio::test]
async fn who_may_only_look_on_exports_nothing_and_what_makes_no_sense_is_told() {
    let (stage, _) = stage().await;
    for role in [Role::Developer, Role::Support, Role::Viewer] {
        let bearer = format!("Bearer {}", stage.member(role));
        let headers = [("authorization", bearer.as_str())];
        for (method, path) in [("GET", "/export"), ("POST", "/export/verify")] {
            let target = format!("/manage/v1/audit{path}");
            let reply = stage.send(method, &target, &headers, b"{}").await;
            assert_eq!(reply.status, 403, "{role} {path}");
        }
    }
    for question in ["format=xml", "limit=3", "status=9xx", "colour=red"] {
        let target = format!("/audit/export?{question}");
        let reply = stage.manage("GET", &target, Value::Null).await;
        assert_eq!(reply.status, 422, "{question}");
    }
    let reply = stage
        .manage("POST", "/audit/export/verify", json!({ "log": 1 }))
        .await;
    assert_eq!(reply.status, 400);
}
