//! The audit log against whoever edits, removes, reorders or cuts off rows, and hostile bytes.

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::Key;
use strongroom_policy::{
    audit::{
        AuditKey, Bad, Chain, Checkpoint, Cut, Kind, LogId, Personal, Problem, Report, RequestId,
        Row, RowError, SegmentHeader, Verifier, split_record,
    },
    credential::SecretId,
    key::ClientId,
};

pub(crate) fn plain_row(number: u64) -> Row<'static> {
    Row {
        real: UnixMillis(1_793_534_400_000 + number),
        platform: UnixMillis(1_793_534_500_000 + number),
        request: RequestId(u128::from(number).to_be_bytes()),
        act: "request",
        key: Some("sr_app_test_0123456789ABCDEFGHIJKLabcdef"),
        client: Some(ClientId([7; 16])),
        secret: Some(SecretId(1)),
        personal: None,
        method: "POST",
        path: "/api/v2/payins",
        status: 200,
        rule: None,
        duration_us: 150,
        count: 1,
        cost: 1,
        slot_taken: true,
        nonce: None,
    }
}

/// A log of `rows` rows in segments of `per_segment`, a checkpoint at the end of each segment.
pub(crate) struct Log {
    pub(crate) key: Key,
    pub(crate) segments: Vec<Vec<u8>>,
    checkpoints: Vec<Checkpoint>,
}

impl Log {
    /// Each row in a record of its own.
    fn new(rows: u64, per_segment: u64) -> Self {
        Self::of(rows, per_segment, 1)
    }

    /// As many rows as `together` in a record.
    pub(crate) fn of(rows: u64, per_segment: u64, together: u64) -> Self {
        let key = Key::random();
        let mut chain = Chain::new(LogId::generate(), AuditKey::new(&key));
        let mut segments: Vec<Vec<u8>> = Vec::new();
        let mut checkpoints = Vec::new();
        let mut first = 0;
        while first < rows {
            if first % per_segment == 0 {
                let mut header = Vec::new();
                let begun = chain.begin_segment(UnixMillis(first), &mut header);
                assert_eq!(begun, segments.len() as u64);
                segments.push(header);
            }
            let segment = segments.last_mut().unwrap();
            let segment_end = first - first % per_segment + per_segment;
            let end = (first + together).min(rows).min(segment_end);
            let written: Vec<_> = (first..end).map(plain_row).collect();
            assert_eq!(chain.append(&written, segment), Ok(written.len()));
            if end == segment_end {
                checkpoints.extend(chain.checkpoint(UnixMillis(end), segment));
            }
            first = end;
        }
        Self {
            key,
            segments,
            checkpoints,
        }
    }

    pub(crate) fn verify(
        &self,
        segments: &[Vec<u8>],
        outside: &[Checkpoint],
    ) -> Result<Report, Bad> {
        let verifier = Verifier::new(AuditKey::new(&self.key), outside.to_vec());
        feed(verifier, segments, usize::MAX)?.finish()
    }
}

/// Feeds segments in pieces of at most `piece` bytes.
pub(crate) fn feed(
    mut verifier: Verifier,
    segments: &[Vec<u8>],
    piece: usize,
) -> Result<Verifier, Bad> {
    for segment in segments {
        let (header, mut rest) = segment.split_first_chunk().unwrap();
        verifier.segment(header)?;
        let mut shown = 0;
        loop {
            shown = rest.len().min(shown + piece.min(rest.len()));
            let taken = verifier.records(&rest[..shown])?;
            rest = &rest[taken..];
            shown -= taken;
            if shown == rest.len() {
                break;
            }
        }
        verifier.end_segment(rest)?;
    }
    Ok(verifier)
}

/// Which row each byte of a segment belongs to, as a finding counts: a header to the first row
/// behind it, a checkpoint to the next one.
fn rows_of_bytes(segment: &[u8], first_row: u64) -> Vec<u64> {
    let mut rows = vec![first_row; SegmentHeader::LEN];
    let mut next = first_row;
    let mut rest = &segment[SegmentHeader::LEN..];
    while let Some((record, after)) = split_record(rest).unwrap() {
        rows.extend(std::iter::repeat_n(next, rest.len() - after.len()));
        next += u64::from(record.kind == Kind::Rows);
        rest = after;
    }
    rows
}

#[test]
fn a_log_holds_together_however_it_is_fed() {
    let log = Log::new(10, 4);
    let report = Report {
        rows: 10,
        checkpoints: 2,
    };
    assert_eq!(log.verify(&log.segments, &[]), Ok(report));
    for piece in [1, 7, 64, 500] {
        let verifier = Verifier::new(AuditKey::new(&log.key), Vec::new());
        let fed = feed(verifier, &log.segments, piece).unwrap();
        assert_eq!(fed.finish(), Ok(report), "{piece}");
    }
}

#[test]
fn every_changed_byte_is_found_at_its_row() {
    let log = Log::new(6, 3);
    for (index, segment) in log.segments.iter().enumerate() {
        let rows = rows_of_bytes(segment, index as u64 * 3);
        assert_eq!(rows.len(), segment.len());
        for (at, row) in rows.into_iter().enumerate() {
            for bit in [0x01, 0x80] {
                let mut segments = log.segments.clone();
                segments[index][at] ^= bit;
                let found = log.verify(&segments, &[]).unwrap_err();
                assert_eq!(found.row, row, "byte {at} of segment {index}: {found}");
            }
        }
    }
}

/// The records of a segment, as ranges.
pub(crate) fn records(segment: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = SegmentHeader::LEN;
    while let Some((_, after)) = split_record(&segment[start..]).unwrap() {
        let end = segment.len() - after.len();
        ranges.push(start..end);
        start = end;
    }
    ranges
}

#[test]
fn a_removed_record_is_found_where_it_stood() {
    let log = Log::new(8, 4);
    for (at, range) in records(&log.segments[0]).into_iter().enumerate() {
        let mut segments = log.segments.clone();
        segments[0].drain(range);
        let found = log.verify(&segments, &[]).unwrap_err();
        // The last record is a checkpoint: what follows it is row 4, in the next segment.
        assert_eq!(found.row, at as u64, "{found}");
    }
}

#[test]
fn rows_in_another_order_are_found() {
    let log = Log::new(5, 5);
    let ranges = records(&log.segments[0]);
    let [first, second] = [ranges[1].clone(), ranges[2].clone()];
    let mut segments = log.segments.clone();
    let swapped = [&segments[0][second.clone()], &segments[0][first.clone()]].concat();
    segments[0].splice(first.start..second.end, swapped);
    let found = log.verify(&segments, &[]).unwrap_err();
    assert_eq!(
        (found.row, found.problem),
        (1, Problem::Sequence { found: 2 })
    );
}

#[test]
fn a_row_copied_in_twice_is_found() {
    let log = Log::new(5, 5);
    let range = records(&log.segments[0])[1].clone();
    let mut segments = log.segments.clone();
    let copy = segments[0][range.clone()].to_vec();
    segments[0].splice(range.end..range.end, copy);
    assert_eq!(log.verify(&segments, &[]).unwrap_err().row, 2);
}

#[test]
fn segments_that_are_missing_or_foreign_are_found() {
    let log = Log::new(12, 4);
    let missing = [log.segments[0].clone(), log.segments[2].clone()];
    let found = log.verify(&missing, &[]).unwrap_err();
    assert_eq!(
        (found.row, found.problem),
        (
            4,
            Problem::Segment {
                expected: 1,
                found: 2
            }
        )
    );
    let beheaded = &log.segments[1..];
    assert_eq!(log.verify(beheaded, &[]).unwrap_err().row, 0);
    let other = Log::new(12, 4);
    let mixed = [log.segments[0].clone(), other.segments[1].clone()];
    let found = log.verify(&mixed, &[]).unwrap_err();
    assert!(matches!(found.problem, Problem::OtherLog { .. }), "{found}");
    assert_eq!(log.verify(&other.segments, &[]).unwrap_err().row, 0);
}

#[test]
fn a_cut_off_end_is_found_up_to_the_newest_checkpoint_from_elsewhere() {
    let log = Log::new(8, 4);
    let outside = &log.checkpoints[1..];
    assert_eq!(
        log.verify(&log.segments, outside),
        Ok(Report {
            rows: 8,
            checkpoints: 3
        })
    );
    // Without one, a log that ends between two records is as good as any.
    let ranges = records(&log.segments[1]);
    for (kept, range) in ranges.iter().enumerate().take(4) {
        let mut segments = log.segments.clone();
        segments[1].truncate(range.start);
        let rows = 4 + kept as u64;
        assert_eq!(log.verify(&segments, &[]).map(|it| it.rows), Ok(rows));
        let found = log.verify(&segments, outside).unwrap_err();
        assert_eq!(
            (found.row, found.problem),
            (rows, Problem::Truncated { vouched: 8 })
        );
        assert_eq!(
            log.verify(&segments, &log.checkpoints[..1])
                .map(|it| it.rows),
            Ok(rows)
        );
    }
    assert_eq!(log.verify(&log.segments[..1], outside).unwrap_err().row, 4);
    assert_eq!(log.verify(&[], outside).unwrap_err().row, 0);
}

#[test]
fn an_end_within_a_record_is_found() {
    let log = Log::new(3, 10);
    let ranges = records(&log.segments[0]);
    for end in ranges[2].start + 1..ranges[2].end {
        let mut segments = log.segments.clone();
        segments[0].truncate(end);
        let found = log.verify(&segments, &[]).unwrap_err();
        assert_eq!((found.row, found.problem), (2, Problem::Torn), "{end}");
    }
}

#[test]
fn a_checkpoint_of_another_history_is_found() {
    let log = Log::new(8, 4);
    let mut wrong = log.checkpoints[0];
    wrong.link.0[0] ^= 1;
    let found = log.verify(&log.segments, &[wrong]).unwrap_err();
    assert_eq!((found.row, found.problem), (4, Problem::Outside));
    wrong.rows = 8;
    let found = log.verify(&log.segments, &[wrong]).unwrap_err();
    assert_eq!(found.row, 8);
    let foreign = Log::new(8, 4).checkpoints;
    let found = log.verify(&log.segments, &foreign).unwrap_err();
    assert!(matches!(found.problem, Problem::OtherLog { .. }), "{found}");
}

#[test]
fn the_chain_goes_on_after_a_restart() {
    let log = Log::new(5, 4);
    let verifier = Verifier::new(AuditKey::new(&log.key), Vec::new());
    let mut chain = feed(verifier, &log.segments, 64)
        .unwrap()
        .into_chain()
        .unwrap();
    assert_eq!(chain.rows(), 5);
    let mut segments = log.segments.clone();
    assert_eq!(chain.append(&[plain_row(5)], &mut segments[1]), Ok(1));
    let mut third = Vec::new();
    assert_eq!(chain.begin_segment(UnixMillis(9), &mut third), 2);
    let checkpoint = chain.checkpoint(UnixMillis(10), &mut third).unwrap();
    assert_eq!(checkpoint.rows, 6);
    assert!(chain.checkpoint(UnixMillis(11), &mut third).is_none());
    segments.push(third);
    let all = [log.checkpoints[0], checkpoint];
    assert_eq!(
        log.verify(&segments, &all),
        Ok(Report {
            rows: 6,
            checkpoints: 4
        })
    );
}

#[test]
fn what_was_taken_back_leaves_no_gap() {
    let mut log = Log::new(3, 10);
    let verifier = Verifier::new(AuditKey::new(&log.key), Vec::new());
    let mut chain = feed(verifier, &log.segments, 64)
        .unwrap()
        .into_chain()
        .unwrap();
    let before = chain.mark();
    let mut lost = Vec::new();
    chain.append(&[plain_row(99)], &mut lost).unwrap();
    assert!(chain.checkpoint(UnixMillis(1), &mut lost).is_some());
    chain.begin_segment(UnixMillis(1), &mut lost);
    chain.rewind(before);
    assert_eq!(chain.append(&[plain_row(3)], &mut log.segments[0]), Ok(1));
    let checkpoint = chain.checkpoint(UnixMillis(2), &mut log.segments[0]);
    assert_eq!(checkpoint.unwrap().rows, 4);
    let report = Report {
        rows: 4,
        checkpoints: 1,
    };
    assert_eq!(log.verify(&log.segments, &[]), Ok(report));
}

#[test]
fn a_cut_log_goes_on_from_its_cut() {
    let log = Log::new(12, 4);
    let key = AuditKey::new(&log.key);
    let header = SegmentHeader::decode(log.segments[1].first_chunk().unwrap()).unwrap();
    let cut = Cut {
        log: header.log,
        segment: header.number,
        first_row: header.first_row,
        at: UnixMillis(1),
        link: header.previous,
    };
    let signed = cut.sign(&key);
    assert_eq!(Cut::open(&signed, &key), Ok(cut));
    let verify = |segments: &[Vec<u8>], cut: &Cut| {
        let verifier = Verifier::after_cut(AuditKey::new(&log.key), cut, log.checkpoints.clone());
        feed(verifier, segments, 64)?.finish()
    };
    assert_eq!(
        verify(&log.segments[1..], &cut),
        Ok(Report {
            rows: 12,
            checkpoints: 4
        })
    );
    assert_eq!(verify(&log.segments[2..], &cut).unwrap_err().row, 4);
    let elsewhere = Cut {
        first_row: 5,
        ..cut
    };
    assert_eq!(verify(&log.segments[1..], &elsewhere).unwrap_err().row, 5);
}

#[test]
fn what_is_signed_is_opened_by_its_key_alone_and_as_what_it_is() {
    let (key, other) = (AuditKey::new(&Key::random()), AuditKey::new(&Key::random()));
    let log = Log::new(4, 4);
    let signed = log.checkpoints[0].sign(&key);
    assert_eq!(Checkpoint::open(&signed, &key), Ok(log.checkpoints[0]));
    assert!(Checkpoint::open(&signed, &other).is_err());
    assert!(Cut::open(&signed, &key).is_err());
    for at in 0..signed.len() {
        let mut changed = signed;
        changed[at] ^= 0x10;
        assert!(Checkpoint::open(&changed, &key).is_err(), "{at}");
        assert!(Checkpoint::open(&signed[..at], &key).is_err(), "{at}");
    }
}

#[test]
fn a_row_that_cannot_be_written_leaves_the_chain_as_it_was() {
    let mut chain = Chain::new(LogId::generate(), AuditKey::new(&Key::random()));
    let mut out = Vec::new();
    chain.begin_segment(UnixMillis(0), &mut out);
    let before = out.clone();
    let long = "x".repeat(2_000);
    for (row, expected) in [
        (
            Row {
                path: &long,
                ..plain_row(0)
            },
            RowError::TooLong {
                field: "path",
                found: 2_000,
                max: 1_024,
            },
        ),
        (
            Row {
                act: "a\nb",
                ..plain_row(0)
            },
            RowError::NotPrintable("act"),
        ),
        (
            Row {
                personal: Some(Personal {
                    key_id: [0; 16],
                    bound: RequestId([0; 16]),
                    sealed: &[0; 2_049],
                }),
                ..plain_row(0)
            },
            RowError::TooLong {
                field: "personal",
                found: 2_049,
                max: 2_048,
            },
        ),
    ] {
        assert_eq!(chain.append(&[plain_row(0), row], &mut out), Err(expected));
        assert_eq!((chain.rows(), &out), (0, &before));
    }
    assert_eq!(chain.append(&[], &mut out), Ok(0));
    assert_eq!(out, before);
    assert_eq!(chain.append(&[plain_row(0)], &mut out), Ok(1));
}

#[test]
fn appending_to_a_buffer_with_room_does_not_move_it() {
    let mut chain = Chain::new(LogId::generate(), AuditKey::new(&Key::random()));
    let mut out = Vec::with_capacity(64 * 1_024);
    let place = out.as_ptr();
    for number in 0..100 {
        chain.append(&[plain_row(number)], &mut out).unwrap();
    }
    assert_eq!(out.as_ptr(), place);
}

#[test]
fn impossible_lengths_are_refused_at_once() {
    for length in [0, 1, 32, 65_537, 1 << 20, u32::MAX] {
        for kind in 1..=3 {
            let bytes = [&u32::to_le_bytes(length)[..], &[kind]].concat();
            assert!(split_record(&bytes).is_err(), "{length} of kind {kind}");
        }
    }
    for (kind, longest) in [(1, 4_096), (2, 4_096), (3, 65_536)] {
        let record = |length| [&u32::to_le_bytes(length)[..], &[kind]].concat();
        assert!(split_record(&record(longest)).unwrap().is_none(), "{kind}");
        assert!(split_record(&record(longest + 1)).is_err(), "{kind}");
    }
    for kind in [0, 4, 255] {
        assert!(split_record(&[200, 0, 0, 0, kind]).is_err(), "{kind}");
    }
    assert!(split_record(&[200, 0, 0]).unwrap().is_none());
}
