//! Logs as they were written at first, of one record for each row.

use std::{fs, path::Path};

use serde_json::{Value, json};
use strongroom_crypto::{framing::Frame, mac::HmacSha256};
use strongroom_policy::audit::{Kind, Row, SegmentHeader, split_record};

use crate::testing::Stage;

const PING: &str = "/api/v1/ping";

/// A row's record behind the link `before`, as docs/AUDIT-FORMAT.md has it (kind 1).
fn single(sequence: u64, row: &Row<'_>, before: &[u8; 32], chain: &HmacSha256) -> Vec<u8> {
    let mut body = sequence.to_le_bytes().to_vec();
    body.extend(row.real.0.to_le_bytes());
    body.extend(row.platform.0.to_le_bytes());
    body.extend(row.request.0);
    for number in [row.duration_us, row.count, row.cost] {
        body.extend(number.to_le_bytes());
    }
    body.extend(row.status.to_le_bytes());
    let rule = row.rule.map_or(0, |rule| match rule.id() {
        "authenticate" => 4,
        "rate" => 9,
        other => panic!("{other}"),
    });
    body.push(rule);
    let flags = [
        row.slot_taken,
        row.key.is_some(),
        row.client.is_some(),
        row.secret.is_some(),
        row.nonce.is_some(),
        row.personal.is_some(),
    ];
    let set = flags
        .into_iter()
        .zip(0..)
        .map(|(is_set, bit)| u8::from(is_set) << bit);
    body.push(set.sum());
    let short = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let long = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat();
    body.extend(row.key.map(short).unwrap_or_default());
    body.extend(row.client.map(|client| client.0).into_iter().flatten());
    body.extend(
        row.secret
            .map(|id| id.0.to_le_bytes())
            .into_iter()
            .flatten(),
    );
    assert!(row.nonce.is_none());
    if let Some(personal) = row.personal {
        assert_eq!(personal.bound, row.request);
        body.extend(personal.key_id);
        body.extend(long(personal.sealed));
    }
    body.extend(short(row.act));
    body.extend(short(row.method));
    body.extend(long(row.path.as_bytes()));
    let length = u32::try_from(1 + body.len() + 32).unwrap();
    let mut record = [&length.to_le_bytes()[..], &[1], &body].concat();
    let link = chain.tag(&[before, &record]).into_public();
    record.extend(link);
    record
}

/// Writes the only segment of a log anew as it would have been written at first.
fn as_written_at_first(state: &Path, chain: &HmacSha256) {
    let path = state.join("audit").join("00000000.log");
    let bytes = fs::read(&path).unwrap();
    let (header, mut rest) = bytes.split_at(SegmentHeader::LEN);
    let mut written = header.to_vec();
    while let Some((record, after)) = split_record(rest).unwrap() {
        assert_ne!(record.kind, Kind::Row);
        for stored in record.rows() {
            let stored = stored.unwrap();
            let before = *written.last_chunk().unwrap();
            written.extend(single(stored.sequence, &stored.row, &before, chain));
        }
        rest = after;
    }
    assert!(rest.is_empty());
    fs::write(&path, written).unwrap();
}

#[tokio::test]
async fn a_log_as_it_was_written_at_first_is_read_and_gone_on_with() {
    let stage = Stage::with(|config| config.virtual_clock = true).await;
    let (app_id, secret) = stage.key(json!({ "limit_per_minute": 3 })).await;
    let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
    let wrong = [("app-id", app_id.as_str()), ("secret-key", "wrong")];
    let ping = async |stage: &Stage, pair| stage.send("GET", PING, pair, b"").await;
    assert_eq!(ping(&stage, &pair).await.status, 200);
    assert_eq!(ping(&stage, &wrong).await.status, 401);
    let last = ping(&stage, &pair).await;
    assert_eq!(last.status, 200);
    let asked = format!("/audit?key={app_id}&source=127.0.0.1&limit=10");
    let rows = async |stage: &Stage| {
        let page = stage.manage("GET", &asked, Value::Null).await.json();
        page["rows"].as_array().unwrap().clone()
    };
    let before = rows(&stage).await;
    assert_eq!(before.len(), 4, "{before:?}");

    let key = &stage.running.platform.audit.key;
    let chain = HmacSha256::from(&key.derive(&Frame::of("strongroom audit chain v1")));
    let stage = stage
        .restarted_after(|state| as_written_at_first(state, &chain))
        .await;

    assert_eq!(rows(&stage).await, before);
    // The window knows the slots that were taken before.
    assert_eq!(ping(&stage, &pair).await.status, 200);
    assert_eq!(ping(&stage, &pair).await.status, 429);
    let reindexed = stage.manage("POST", "/audit/reindex", Value::Null).await;
    assert_eq!(reindexed.status, 200, "{:?}", reindexed.body);
    let after = rows(&stage).await;
    assert_eq!(after.len(), 6);
    assert_eq!(after[2..], before);
    let verified = stage
        .manage("POST", "/audit/verify", Value::Null)
        .await
        .json();
    assert_eq!(verified["ok"], true, "{verified}");
    let found = stage
        .manage(
            "GET",
            &format!("/audit?text={}", last.request_id()),
            Value::Null,
        )
        .await
        .json();
    assert_eq!(found["rows"][0]["source"], "127.0.0.1", "{found}");
}
