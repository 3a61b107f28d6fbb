//! A log of the first version, frozen: it is read for ever, and written to the byte.

use serde_json::{Value, json};
use strongroom_contract::{explain::Rule, time::UnixMillis};
use strongroom_crypto::Key;
use strongroom_policy::{
    audit::{
        AuditKey, Chain, Checkpoint, Cut, LogId, Personal, RequestId, Row, SegmentHeader,
        SpentNonce, StoredRow, Verifier,
    },
    credential::SecretId,
    key::ClientId,
    replay::NonceHash,
};

const VECTOR: &str = include_str!("../data/audit-v1.json");

fn key() -> Key {
    Key::from_slice(&[0x42; 32]).unwrap()
}

fn rows() -> [Row<'static>; 3] {
    let refused = Row {
        real: UnixMillis(1_793_534_400_123),
        platform: UnixMillis(1_793_538_000_123),
        request: RequestId([0x11; 16]),
        act: "request",
        key: Some("sr_app_test_0123456789ABCDEFGHIJKLabcdef"),
        client: Some(ClientId([0x22; 16])),
        secret: Some(SecretId(2)),
        personal: Some(Personal {
            key_id: [0x33; 16],
            sealed: &[0xab; 40],
        }),
        method: "POST",
        path: "/api/v2/payins",
        status: 403,
        rule: Some(Rule::Permission),
        duration_us: 321,
        count: 1,
        cost: 1,
        slot_taken: true,
        nonce: Some(SpentNonce {
            hash: NonceHash([0x44; 16]),
            expires: UnixMillis(1_793_538_301_000),
        }),
    };
    let act = Row {
        act: "key.create",
        personal: None,
        nonce: None,
        secret: None,
        method: "POST",
        path: "/manage/v1/keys",
        status: 201,
        rule: None,
        cost: 0,
        slot_taken: false,
        ..refused
    };
    let flood = Row {
        act: "request",
        key: None,
        client: None,
        path: "(none)",
        status: 429,
        rule: Some(Rule::Flood),
        count: 250,
        ..act
    };
    [refused, act, flood]
}

/// Two segments, a checkpoint at the end of the first, and the cut that would leave the second.
fn write() -> Value {
    let mut chain = Chain::new(LogId([0x55; 16]), AuditKey::new(&key()));
    let [refused, act, flood] = rows();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    chain.begin_segment(UnixMillis(1_793_534_400_000), &mut first);
    chain.append(&refused, &mut first).unwrap();
    chain.append(&act, &mut first).unwrap();
    let checkpoint = chain
        .checkpoint(UnixMillis(1_793_534_401_000), &mut first)
        .unwrap();
    chain.begin_segment(UnixMillis(1_793_534_402_000), &mut second);
    chain.append(&flood, &mut second).unwrap();
    let header = SegmentHeader::decode(second.first_chunk().unwrap()).unwrap();
    let cut = Cut {
        log: header.log,
        segment: header.number,
        first_row: header.first_row,
        at: UnixMillis(1_793_534_403_000),
        link: header.previous,
    };
    json!({
        "checkpoint_key": hex::encode(key().expose_secret()),
        "segments": [hex::encode(&first), hex::encode(&second)],
        "checkpoint": hex::encode(checkpoint.sign(chain.key())),
        "cut": hex::encode(cut.sign(chain.key())),
    })
}

#[test]
fn it_is_written_to_the_byte() {
    let frozen: Value = serde_json::from_str(VECTOR).unwrap();
    assert_eq!(write(), frozen);
}

#[test]
fn it_is_read_for_ever() {
    let frozen: Value = serde_json::from_str(VECTOR).unwrap();
    let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
    let audit_key = || AuditKey::new(&key());
    let checkpoint = Checkpoint::open(&bytes(&frozen["checkpoint"]), &audit_key()).unwrap();
    let mut verifier = Verifier::new(audit_key(), vec![checkpoint]);
    let mut expected = rows().into_iter().zip(0..);
    for segment in frozen["segments"].as_array().unwrap() {
        let segment = bytes(segment);
        let (header, rest) = segment.split_first_chunk().unwrap();
        verifier.segment(header).unwrap();
        let taken = verifier.records_with(rest, |stored| {
            let (row, sequence) = expected.next().unwrap();
            assert_eq!(*stored, StoredRow { sequence, row });
        });
        assert_eq!(taken, Ok(rest.len()));
    }
    assert_eq!(verifier.finish().unwrap().rows, 3);
    assert!(expected.next().is_none());
    let cut = Cut::open(&bytes(&frozen["cut"]), &audit_key()).unwrap();
    let second = bytes(&frozen["segments"][1]);
    let (header, rest) = second.split_first_chunk().unwrap();
    let mut verifier = Verifier::after_cut(audit_key(), &cut, vec![checkpoint]);
    verifier.segment(header).unwrap();
    assert_eq!(verifier.records(rest), Ok(rest.len()));
    assert_eq!(verifier.finish().unwrap().rows, 3);
}
