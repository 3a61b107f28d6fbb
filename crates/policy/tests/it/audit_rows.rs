//! Rows that are written together, in one record: what they have in common, and which of them was
//! changed.

use proptest::prelude::*;
use strongroom_contract::{explain::Rule, time::UnixMillis};
use strongroom_crypto::Key;
use strongroom_policy::{
    audit::{
        AuditKey, Chain, Checkpoint, Kind, Link, LogId, MAX_RECORD, Personal, Problem, RequestId,
        Row, SegmentHeader, SpentNonce, StoredRow, Verifier, split_record,
    },
    credential::SecretId,
    key::ClientId,
    replay::NonceHash,
};

use crate::audit::{Log, feed, plain_row, records};

/// Bytes of a tag between two rows.
const TAG: usize = 8;

/// Where each row of a record of `rows` ends in its body: a record of only the rows up to it is the
/// same up to there.
fn ends(rows: &[Row<'_>]) -> Vec<usize> {
    let body_len = |rows: &[Row<'_>]| {
        let mut chain = Chain::new(LogId::generate(), AuditKey::new(&Key::random()));
        let mut out = Vec::new();
        assert_eq!(chain.append(rows, &mut out), Ok(rows.len()));
        split_record(&out).unwrap().unwrap().0.body.len()
    };
    (1..=rows.len()).map(|end| body_len(&rows[..end])).collect()
}

/// The rows that a body of a record says, read without asking whether its link fits.
fn read(kind: Kind, body: &[u8]) -> Option<Vec<StoredRow<'_>>> {
    // A record's bytes have to live as long as its rows.
    let kind = match kind {
        Kind::Row => 1,
        Kind::Checkpoint => 2,
        Kind::Rows => 3,
    };
    let length = u32::try_from(1 + body.len() + Link::LEN).unwrap();
    let record = [&length.to_le_bytes()[..], &[kind], body, &[0; Link::LEN]].concat();
    let (record, _) = split_record(record.leak()).unwrap().unwrap();
    record.rows().collect::<Result<_, _>>().ok()
}

#[test]
fn every_changed_byte_is_found_at_its_row() {
    let log = Log::of(10, 5, 3);
    for (index, segment) in log.segments.iter().enumerate() {
        let mut first = index as u64 * 5;
        let ranges = records(segment);
        let counts = [3, 2, 0];
        assert_eq!(ranges.len(), counts.len());
        for (range, count) in ranges.into_iter().zip(counts) {
            let rows: Vec<_> = (first..first + count).map(plain_row).collect();
            let ends = ends(&rows);
            let body = range.start + 5;
            for at in range.clone() {
                let mut segments = log.segments.clone();
                segments[index][at] ^= 1;
                let found = log.verify(&segments, &[]).unwrap_err();
                let row = match at.checked_sub(body) {
                    // Of a checkpoint: it is found at the row that follows.
                    _ if count == 0 => first,
                    // Another length takes the record's end for something else: those before the
                    // last row are proven, or that there is no such record.
                    None if at < body - 1 => found.row.clamp(first, first + count - 1),
                    None => first,
                    // The link's bytes belong to the last row, a tag's to the row before it.
                    Some(at) => {
                        let ended = ends.iter().take_while(|end| **end + TAG <= at).count() as u64;
                        first + ended.min(count - 1)
                    }
                };
                assert_eq!(found.row, row, "byte {at} of segment {index}: {found}");
            }
            first += count;
        }
    }
}

/// A log of one record of rows, and where each of them lies with the tag behind it.
fn five_together() -> (Log, Vec<std::ops::Range<usize>>) {
    let log = Log::of(5, 10, 5);
    let rows: Vec<_> = (0..5).map(plain_row).collect();
    let body = SegmentHeader::LEN + 5;
    // The number of the first row is no part of what can be moved.
    let mut start = body + 8;
    let ranges = ends(&rows).into_iter().map(|end| {
        let range = start..body + end + TAG;
        start = range.end;
        range
    });
    let ranges = ranges.collect();
    (log, ranges)
}

/// Writes the length of the record that begins a segment anew.
fn with_length(segment: &mut [u8]) {
    let length = u32::try_from(segment.len() - SegmentHeader::LEN - 4).unwrap();
    segment[SegmentHeader::LEN..SegmentHeader::LEN + 4].copy_from_slice(&length.to_le_bytes());
}

#[test]
fn rows_removed_copied_or_moved_within_a_record_are_found() {
    let (log, rows) = five_together();
    let segment = &log.segments[0];
    let found = |changed: Vec<u8>| {
        let mut changed = changed;
        with_length(&mut changed);
        log.verify(&[changed], &[]).unwrap_err()
    };
    for at in 1..4 {
        let mut removed = segment.clone();
        removed.drain(rows[at].clone());
        assert_eq!(found(removed).row, at as u64);

        let mut copied = segment.clone();
        let copy = copied[rows[at].clone()].to_vec();
        copied.splice(rows[at].end..rows[at].end, copy);
        assert_eq!(found(copied).row, at as u64 + 1);
    }
    let mut moved = segment.clone();
    let swapped = [&moved[rows[2].clone()], &moved[rows[1].clone()]].concat();
    moved.splice(rows[1].start..rows[2].end, swapped);
    assert_eq!(found(moved).row, 1);
    // The last row has no tag behind it, but the record's link.
    let mut cut_off = segment.clone();
    cut_off.drain(rows[3].end - TAG..rows[4].end - TAG);
    assert_eq!(found(cut_off).row, 3);
}

#[test]
fn an_end_within_a_record_takes_all_its_rows_with_it() {
    let log = Log::of(7, 10, 3);
    let ranges = records(&log.segments[0]);
    for end in ranges[1].start + 1..ranges[1].end {
        let mut segments = log.segments.clone();
        segments[0].truncate(end);
        let found = log.verify(&segments, &[]).unwrap_err();
        assert_eq!((found.row, found.problem), (3, Problem::Torn), "{end}");
    }
}

#[test]
fn a_checkpoint_from_elsewhere_never_vouches_for_half_a_record() {
    let log = Log::of(6, 6, 6);
    let verifier = Verifier::new(AuditKey::new(&log.key), Vec::new());
    let fed = feed(verifier, &log.segments, usize::MAX).unwrap();
    let (log_id, link) = fed.place().unwrap();
    for rows in 1..6 {
        let within = Checkpoint {
            log: log_id,
            rows,
            at: UnixMillis(0),
            link,
        };
        let found = log.verify(&log.segments, &[within]).unwrap_err();
        assert_eq!((found.row, found.problem), (rows, Problem::Outside));
    }
}

#[test]
fn what_rows_have_in_common_stands_once() {
    let sender = Personal {
        key_id: [7; 16],
        bound: RequestId([1; 16]),
        sealed: &[0xab; 100],
    };
    let rows: Vec<_> = (0..20)
        .map(|number| Row {
            personal: Some(sender),
            ..plain_row(number)
        })
        .collect();
    let mut chain = Chain::new(LogId::generate(), AuditKey::new(&Key::random()));
    let (mut together, mut apart) = (Vec::new(), Vec::new());
    assert_eq!(chain.append(&rows, &mut together), Ok(20));
    for row in &rows {
        assert_eq!(chain.append(&[*row], &mut apart), Ok(1));
    }
    assert!(
        together.len() * 5 < apart.len(),
        "{} bytes together, {} apart",
        together.len(),
        apart.len()
    );
}

#[test]
fn what_is_more_than_a_record_holds_goes_on_in_the_next() {
    let paths: Vec<_> = (0..600).map(|number| format!("/{number:01023}")).collect();
    let long = |number: u64| Row {
        path: &paths[usize::try_from(number).unwrap()],
        ..plain_row(number)
    };
    let alike: Vec<_> = (0..600).map(plain_row).collect();
    let unlike: Vec<_> = (0..600).map(long).collect();
    for rows in [alike, unlike] {
        let key = Key::random();
        let mut chain = Chain::new(LogId::generate(), AuditKey::new(&key));
        let mut segment = Vec::new();
        chain.begin_segment(UnixMillis(0), &mut segment);
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let start = segment.len();
            let appended = chain.append(rest, &mut segment).unwrap();
            assert!((1..=255).contains(&appended), "{appended}");
            assert!(segment.len() - start <= 4 + MAX_RECORD);
            rest = &rest[appended..];
        }
        assert_eq!(chain.rows(), 600);
        let mut verifier = Verifier::new(AuditKey::new(&key), Vec::new());
        let (header, records) = segment.split_first_chunk().unwrap();
        verifier.segment(header).unwrap();
        let mut expected = rows.iter().zip(0..);
        let taken = verifier.records_with(records, |stored| {
            let (row, sequence) = expected.next().unwrap();
            assert_eq!(
                *stored,
                StoredRow {
                    sequence,
                    row: *row
                }
            );
        });
        assert_eq!(taken, Ok(records.len()));
        assert!(expected.next().is_none());
    }
}

prop_compose! {
    fn row()(
        numbers in any::<[u64; 3]>(),
        small in any::<[u32; 4]>(),
        request in any::<[u8; 16]>(),
        act in "[a-z.]{0,64}",
        key in prop::option::of("[!-~]{0,64}"),
        client in prop::option::of(any::<[u8; 16]>()),
        personal in prop::option::of((any::<[[u8; 16]; 2]>(), prop::collection::vec(any::<u8>(), 0..300))),
        place in ("[A-Z]{0,32}", "[ -~]{0,300}"),
        status in any::<u16>(),
        rule in prop::option::of(0..Rule::PIPELINE.len()),
        nonce in prop::option::of(any::<[u8; 16]>()),
        flags in any::<[bool; 2]>(),
    ) -> OwnedRow {
        OwnedRow { numbers, small, request, act, key, client, personal, place, status, rule, nonce, flags }
    }
}

#[derive(Debug, Clone)]
struct OwnedRow {
    numbers: [u64; 3],
    small: [u32; 4],
    request: [u8; 16],
    act: String,
    key: Option<String>,
    client: Option<[u8; 16]>,
    personal: Option<([[u8; 16]; 2], Vec<u8>)>,
    place: (String, String),
    status: u16,
    rule: Option<usize>,
    nonce: Option<[u8; 16]>,
    flags: [bool; 2],
}

impl OwnedRow {
    fn borrow(&self) -> Row<'_> {
        let [real, platform, expires] = self.numbers;
        let [duration_us, count, cost, secret] = self.small;
        Row {
            real: UnixMillis(real),
            platform: UnixMillis(platform),
            request: RequestId(self.request),
            act: &self.act,
            key: self.key.as_deref(),
            client: self.client.map(ClientId),
            secret: self.flags[0].then_some(SecretId(secret)),
            personal: self.personal.as_ref().map(|(ids, sealed)| Personal {
                key_id: ids[0],
                bound: RequestId(ids[1]),
                sealed,
            }),
            method: &self.place.0,
            path: &self.place.1,
            status: self.status,
            rule: self.rule.map(|at| Rule::PIPELINE[at]),
            duration_us,
            count,
            cost,
            slot_taken: self.flags[1],
            nonce: self.nonce.map(|hash| SpentNonce {
                hash: NonceHash(hash),
                expires: UnixMillis(expires),
            }),
        }
    }
}

/// Rows of which many have their key, route or sender in common with one before.
fn rows() -> impl Strategy<Value = Vec<OwnedRow>> {
    let shared = prop::collection::vec((row(), any::<[prop::sample::Index; 3]>(), 0..8u8), 1..12);
    shared.prop_map(|drawn| {
        let mut rows: Vec<OwnedRow> = Vec::new();
        for (mut row, before, which) in drawn {
            if !rows.is_empty() {
                let [subject, route, sender] = before.map(|at| rows[at.index(rows.len())].clone());
                if which & 1 != 0 {
                    (row.key, row.client) = (subject.key, subject.client);
                    (row.flags[0], row.small[3]) = (subject.flags[0], subject.small[3]);
                }
                if which & 2 != 0 {
                    (row.act, row.place, row.small[2]) = (route.act, route.place, route.small[2]);
                }
                if which & 4 != 0 {
                    row.personal = sender.personal;
                }
            }
            rows.push(row);
        }
        rows
    })
}

proptest! {
    #[test]
    fn rows_read_back(rows in prop::collection::vec(rows(), 1..4)) {
        let key = Key::random();
        let mut chain = Chain::new(LogId::generate(), AuditKey::new(&key));
        let mut segment = Vec::new();
        chain.begin_segment(UnixMillis(0), &mut segment);
        for together in &rows {
            let together: Vec<_> = together.iter().map(OwnedRow::borrow).collect();
            prop_assert_eq!(chain.append(&together, &mut segment), Ok(together.len()));
        }
        let mut verifier = Verifier::new(AuditKey::new(&key), Vec::new());
        let (header, rest) = segment.split_first_chunk().unwrap();
        verifier.segment(header).unwrap();
        let mut expected = rows.iter().flatten().zip(0..);
        let taken = verifier.records_with(rest, |stored| {
            let (row, sequence) = expected.next().unwrap();
            assert_eq!(*stored, StoredRow { sequence, row: row.borrow() });
        });
        prop_assert_eq!(taken, Ok(rest.len()));
        prop_assert!(expected.next().is_none());
    }

    #[test]
    fn hostile_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        length in any::<u32>(),
        kind in 0..5u8,
    ) {
        let _ = split_record(&bytes);
        for kind in [Kind::Row, Kind::Checkpoint, Kind::Rows] {
            let _ = read(kind, &bytes);
        }
        let prefixed = [&length.to_le_bytes()[..], &[kind], &bytes].concat();
        let _ = split_record(&prefixed);
        let log = Log::of(1, 1, 1);
        let mut verifier = Verifier::new(AuditKey::new(&log.key), Vec::new());
        verifier.segment(log.segments[0].first_chunk().unwrap()).unwrap();
        if let Ok(taken) = verifier.records(&prefixed) {
            prop_assert_eq!(taken, 0);
        }
    }

    /// One bit of a record's rows changed: they can't be read, or they read as something else, unless
    /// it is one of a tag.
    #[test]
    fn rows_never_have_the_same_bytes(
        rows in rows(),
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let rows: Vec<_> = rows.iter().map(OwnedRow::borrow).collect();
        let mut chain = Chain::new(LogId::generate(), AuditKey::new(&Key::random()));
        let mut out = Vec::new();
        chain.append(&rows, &mut out).unwrap();
        let (record, _) = split_record(&out).unwrap().unwrap();
        let original = read(Kind::Rows, record.body).unwrap();
        prop_assert_eq!(original.len(), rows.len());
        let at = at.index(record.body.len());
        let is_tag = ends(&rows).iter().any(|end| (*end..end + TAG).contains(&at));
        let mut body = record.body.to_vec();
        body[at] ^= 1 << bit;
        if let Some(changed) = read(Kind::Rows, &body) {
            prop_assert_eq!(changed == original, is_tag);
        }
        prop_assert!(read(Kind::Rows, &record.body[..record.body.len() - 1]).is_none());
        prop_assert!(read(Kind::Rows, &[record.body, &[0]].concat()).is_none());
    }
}

#[test]
fn a_record_without_rows_or_with_too_many_is_refused() {
    assert!(read(Kind::Rows, &[]).is_none());
    assert!(read(Kind::Rows, &[0; 8]).is_none());
    let rows: Vec<_> = (0..255).map(plain_row).collect();
    let mut chain = Chain::new(LogId::generate(), AuditKey::new(&Key::random()));
    let mut out = Vec::new();
    assert_eq!(chain.append(&rows, &mut out), Ok(255));
    let (record, _) = split_record(&out).unwrap().unwrap();
    assert_eq!(read(Kind::Rows, record.body).unwrap().len(), 255);
    let (before, last) = (ends(&rows[..254])[253] + TAG, record.body.len());
    let again = [record.body, &[0; TAG], &record.body[before..last]].concat();
    assert!(read(Kind::Rows, &again).is_none());
    let mut last_number = record.body.to_vec();
    last_number[..8].copy_from_slice(&(u64::MAX - 254).to_le_bytes());
    assert_eq!(read(Kind::Rows, &last_number).unwrap().len(), 255);
    last_number[..8].copy_from_slice(&(u64::MAX - 253).to_le_bytes());
    assert!(read(Kind::Rows, &last_number).is_none());
}
