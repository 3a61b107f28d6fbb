//! Logs that are frozen: they are read for ever, and the newer form is written to the byte.

use serde_json::{Value, json};
use strongroom_contract::{explain::Rule, time::UnixMillis};
use strongroom_crypto::Key;
use strongroom_policy::{
    audit::{
        AuditKey, Bad, Chain, Checkpoint, Cut, Kind, LogId, Personal, Report, RequestId, Row,
        SegmentHeader, SpentNonce, StoredRow, Verifier, split_record,
    },
    credential::SecretId,
    key::ClientId,
    replay::NonceHash,
};

use crate::audit::feed;

/// Each row in a record of its own, as logs were written at first.
const SINGLE: &str = include_str!("../data/audit-v1.json");
/// Rows in records of what was written together.
const TOGETHER: &str = include_str!("../data/audit-rows.json");

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
            bound: RequestId([0x11; 16]),
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

/// The same, and a second request of the first one's sender.
fn more_rows() -> [Row<'static>; 4] {
    let [refused, act, flood] = rows();
    let again = Row {
        real: UnixMillis(refused.real.0 + 2),
        platform: UnixMillis(refused.platform.0 - 1),
        request: RequestId([0x12; 16]),
        status: 200,
        rule: None,
        duration_us: 127,
        nonce: None,
        ..refused
    };
    [refused, act, again, flood]
}

/// Two segments, a checkpoint at the end of the first, and the cut that would leave the second.
fn write() -> Value {
    let mut chain = Chain::new(LogId([0x55; 16]), AuditKey::new(&key()));
    let [refused, act, again, flood] = more_rows();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    chain.begin_segment(UnixMillis(1_793_534_400_000), &mut first);
    assert_eq!(chain.append(&[refused, act, again], &mut first), Ok(3));
    let checkpoint = chain
        .checkpoint(UnixMillis(1_793_534_401_000), &mut first)
        .unwrap();
    chain.begin_segment(UnixMillis(1_793_534_402_000), &mut second);
    assert_eq!(chain.append(&[flood], &mut second), Ok(1));
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
    assert_eq!(write(), frozen(TOGETHER));
}

#[test]
fn both_are_read_for_ever() {
    is_read(&frozen(SINGLE), &rows());
    is_read(&frozen(TOGETHER), &more_rows());
}

#[test]
fn a_changed_byte_of_rows_in_records_of_their_own_is_found_at_its_row() {
    let log = frozen(SINGLE);
    let segments: Vec<_> = segments(&log).collect();
    let mut row = 0;
    for (index, segment) in segments.iter().enumerate() {
        let mut at = SegmentHeader::LEN;
        while let Some((record, after)) = split_record(&segment[at..]).unwrap() {
            let end = segment.len() - after.len();
            for at in at..end {
                let mut changed = segments.clone();
                changed[index][at] ^= 1;
                assert_eq!(verify(&changed).unwrap_err().row, row, "byte {at}");
            }
            row += u64::from(record.kind == Kind::Row);
            at = end;
        }
    }
    assert_eq!(row, 3);
}

fn segments(log: &Value) -> impl Iterator<Item = Vec<u8>> {
    let segments = log["segments"].as_array().unwrap().iter();
    segments.map(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn frozen(log: &str) -> Value {
    serde_json::from_str(log).unwrap()
}

fn verify(segments: &[Vec<u8>]) -> Result<Report, Bad> {
    feed(
        Verifier::new(AuditKey::new(&key()), Vec::new()),
        segments,
        usize::MAX,
    )?
    .finish()
}

fn is_read(frozen: &Value, rows: &[Row<'_>]) {
    let audit_key = || AuditKey::new(&key());
    let checkpoint = Checkpoint::open(&bytes(&frozen["checkpoint"]), &audit_key()).unwrap();
    let mut verifier = Verifier::new(audit_key(), vec![checkpoint]);
    let mut expected = rows.iter().zip(0..);
    for segment in segments(frozen) {
        let (header, rest) = segment.split_first_chunk().unwrap();
        verifier.segment(header).unwrap();
        let taken = verifier.records_with(rest, |stored| {
            let (row, sequence) = expected.next().unwrap();
            assert_eq!(
                *stored,
                StoredRow {
                    sequence,
                    row: *row
                }
            );
        });
        assert_eq!(taken, Ok(rest.len()));
    }
    assert_eq!(verifier.finish().unwrap().rows, rows.len() as u64);
    assert!(expected.next().is_none());
    let cut = Cut::open(&bytes(&frozen["cut"]), &audit_key()).unwrap();
    let second = bytes(&frozen["segments"][1]);
    let (header, rest) = second.split_first_chunk().unwrap();
    let mut verifier = Verifier::after_cut(audit_key(), &cut, vec![checkpoint]);
    verifier.segment(header).unwrap();
    assert_eq!(verifier.records(rest), Ok(rest.len()));
    assert_eq!(verifier.finish().unwrap().rows, rows.len() as u64);
}
