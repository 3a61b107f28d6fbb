//! Opening a log that is there: its end is proven, what a crash has torn is cut off, and what the
//! process had in memory is given back.

use std::{
    collections::HashMap,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use strongroom_contract::{manage::AuditRowView, time::UnixMillis};
use strongroom_crypto::Key;
use strongroom_policy::{
    audit::{
        AuditKey, Chain, Cut, LogId, SegmentHeader, SpentNonce, StoredRow, Verifier, split_record,
    },
    credential::{AppId, SecretId},
    limiter::Cost,
    rate::day_of,
};

use super::{
    AuditLog, OutsideCheckpoints, block::Runs, log::Writer, queue::Queue, retain::read_cut,
    segments,
};
use crate::{
    clock::Clock,
    error::StartError,
    store::{Block, PersonalKeys},
};

/// How far back rows are read: as long as a nonce can be live, and a window is shorter. Platform
/// time never runs slower than real time.
const LOOK_BACK: Duration = Duration::from_secs(2 * 301);

/// What keys' requests had used before the restart.
pub(crate) struct Recovered {
    /// From the rows of the last minutes.
    pub(crate) uses: Vec<Use>,
    /// The day, counted from 1970-01-01.
    pub(crate) today: u64,
    /// The slots of that day from rows that the store has not counted yet.
    pub(crate) uncounted: HashMap<AppId, u32>,
    /// When secrets were last used, from the same rows.
    pub(crate) last_used: HashMap<(AppId, SecretId), UnixMillis>,
}

/// What a key's requests had used, from one row.
pub(crate) struct Use {
    /// The key.
    pub(crate) app_id: AppId,
    /// The platform's time of the row.
    pub(crate) at: UnixMillis,
    /// The slots that were taken.
    pub(crate) cost: Option<Cost>,
    /// The nonce that was spent.
    pub(crate) nonce: Option<SpentNonce>,
}

/// Where a log lies, and what it is opened with.
pub(crate) struct Opening {
    /// Its directory.
    pub(crate) directory: PathBuf,
    /// The platform's checkpoint key.
    pub(crate) key: Key,
    /// The platform's clock.
    pub(crate) clock: Arc<Clock>,
    /// The size from which on a next segment is begun.
    pub(crate) segment_bytes: u64,
    /// Where checkpoints are copied to.
    pub(crate) outside: Option<OutsideCheckpoints>,
    /// The last run of rows that the store's index has.
    pub(crate) indexed: Option<Block>,
    /// What opens source addresses, for the index.
    pub(crate) personal: Arc<PersonalKeys>,
}

impl Opening {
    /// The first row that the store has neither indexed nor counted.
    fn next(&self) -> u64 {
        self.indexed.map_or(0, |block| block.first + block.rows)
    }
}

/// Opens the log, or begins one.
///
/// # Errors
///
/// [`StartError::Damaged`] names the first row that is bad; [`StartError::File`] if a file can't be
/// read or written.
pub(crate) fn open(opening: Opening) -> Result<(AuditLog, Recovered), StartError> {
    let directory = opening.directory.as_path();
    let file_error = |source: io::Error| StartError::File {
        path: directory.to_owned(),
        source,
    };
    let cut = read_cut(directory, &AuditKey::new(&opening.key))?;
    let mut numbers = segments::numbers(directory).map_err(file_error)?;
    // A header that is not whole was never followed by a row.
    while let Some(last) = numbers.last().copied()
        && header(directory, last).map_err(file_error)?.is_none()
    {
        fs::remove_file(segments::path(directory, last)).map_err(file_error)?;
        numbers.pop();
    }
    let recovered = Recovered {
        uses: Vec::new(),
        today: day_of(opening.clock.now()),
        uncounted: HashMap::new(),
        last_used: HashMap::new(),
    };
    let (writer, recovered) = match numbers.as_slice() {
        [] => (begin(&opening).map_err(file_error)?, recovered),
        numbers => resume(&opening, numbers, recovered)?,
    };
    let Opening {
        directory,
        key,
        clock,
        segment_bytes,
        outside,
        ..
    } = opening;
    let log = AuditLog::new(directory, key, clock, segment_bytes, outside, cut, writer);
    Ok((log, recovered))
}

/// Begins a new log.
fn begin(opening: &Opening) -> io::Result<Writer> {
    let key = AuditKey::new(&opening.key);
    let mut chain = Chain::new(LogId::generate(), key);
    let mut header = Vec::new();
    let segment = chain.begin_segment(opening.clock.real(), &mut header);
    let mut file = segments::create(&opening.directory, segment)?;
    file.write_all(&header)?;
    file.sync_all()?;
    Ok(Writer {
        chain,
        file: Arc::new(file),
        segment,
        len: header.len() as u64,
        ragged: false,
        runs: Runs::default(),
        queue: Queue::default(),
        unsynced: 0,
        much: Arc::default(),
    })
}

/// Goes on with a log.
fn resume(
    opening: &Opening,
    numbers: &[u64],
    recovered: Recovered,
) -> Result<(Writer, Recovered), StartError> {
    let directory = opening.directory.as_path();
    let mut reading = Reading {
        opening,
        runs: Runs::default(),
        recovered,
    };
    let start = first_needed(opening, numbers).map_err(|source| StartError::File {
        path: directory.to_owned(),
        source,
    })?;
    let mut verifier = verifier_from(opening, start)?;
    let last = numbers.last().copied().unwrap_or(start);
    let mut len = 0;
    for number in numbers.iter().copied().filter(|number| *number >= start) {
        len = reading.segment(&mut verifier, number, number == last)?;
        if number != last {
            reading.runs.close();
        }
    }
    let file = segments::append(directory, last).map_err(|source| StartError::File {
        path: segments::path(directory, last),
        source,
    })?;
    let damaged = || StartError::Damaged {
        path: directory.to_owned(),
        problem: "it has no segment".to_owned(),
    };
    let mut writer = Writer {
        chain: verifier.into_chain().ok_or_else(damaged)?,
        file: Arc::new(file),
        segment: last,
        len,
        ragged: true,
        runs: reading.runs,
        queue: Queue::default(),
        // Whoever wrote it last may not have brought it to the disk.
        unsynced: len.max(1),
        much: Arc::default(),
    };
    writer.smooth().map_err(|source| StartError::File {
        path: segments::path(directory, last),
        source,
    })?;
    Ok((writer, reading.recovered))
}

/// The number of the first segment that the log still has, and of its first row.
pub(crate) fn first_row(directory: &Path) -> (u64, u64) {
    let numbers = segments::numbers(directory).unwrap_or_default();
    let first = numbers.first().copied();
    let header = first.and_then(|first| header(directory, first).ok()?);
    header.map_or((0, 0), |header| (header.number, header.first_row))
}

/// The first segment that has to be read: for the index, and for windows and nonces.
fn first_needed(opening: &Opening, numbers: &[u64]) -> io::Result<u64> {
    let first = numbers.first().copied().unwrap_or(0);
    let for_index = opening.indexed.map_or(first, |block| block.segment);
    let now = opening.clock.real();
    let mut for_windows = first;
    for number in numbers.iter().rev().copied() {
        let old = header(&opening.directory, number)?
            .is_some_and(|header| now.since(header.opened) > LOOK_BACK);
        if old {
            for_windows = number;
            break;
        }
    }
    Ok(for_index.min(for_windows).max(first))
}

/// A verifier that begins with segment `start`. What is before it is not read: its header, whose
/// link is under our key, says what it follows.
fn verifier_from(opening: &Opening, start: u64) -> Result<Verifier, StartError> {
    let key = AuditKey::new(&opening.key);
    let path = segments::path(&opening.directory, start);
    if start == 0 {
        return Ok(Verifier::new(key, Vec::new()));
    }
    let found = header(&opening.directory, start).map_err(|source| StartError::File {
        path: path.clone(),
        source,
    })?;
    let header = found.ok_or_else(|| StartError::Damaged {
        path,
        problem: "its header is incomplete".to_owned(),
    })?;
    let cut = Cut {
        log: header.log,
        segment: header.number,
        first_row: header.first_row,
        at: header.opened,
        link: header.previous,
    };
    Ok(Verifier::after_cut(key, &cut, Vec::new()))
}

/// The header of a segment; `None` if it is not whole or none.
fn header(directory: &Path, number: u64) -> io::Result<Option<SegmentHeader>> {
    use io::Read as _;
    let mut bytes = [0; SegmentHeader::LEN];
    let mut file = fs::File::open(segments::path(directory, number))?;
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(SegmentHeader::decode(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

struct Reading<'a> {
    opening: &'a Opening,
    runs: Runs,
    recovered: Recovered,
}

impl Reading<'_> {
    /// Proves a segment and takes in its rows. Says how many of its bytes are good.
    fn segment(
        &mut self,
        verifier: &mut Verifier,
        number: u64,
        is_last: bool,
    ) -> Result<u64, StartError> {
        let path = segments::path(&self.opening.directory, number);
        let bytes = fs::read(&path).map_err(|source| StartError::File {
            path: path.clone(),
            source,
        })?;
        let damaged = |problem: String| StartError::Damaged {
            path: path.clone(),
            problem,
        };
        let (header, records) = bytes
            .split_first_chunk::<{ SegmentHeader::LEN }>()
            .ok_or_else(|| damaged("its header is incomplete".to_owned()))?;
        verifier
            .segment(header)
            .map_err(|bad| damaged(bad.to_string()))?;
        let (good, ends_well) = self.index(records, number);
        let torn = records.get(good..).unwrap_or_default();
        // What a power cut leaves behind the last row: part of one, or nothing but zeros.
        let is_torn = is_last && (ends_well || torn.iter().all(|byte| *byte == 0));
        let proven = verifier.records_with(records.get(..good).unwrap_or_default(), |row| {
            self.take(row);
        });
        proven.map_err(|bad| damaged(bad.to_string()))?;
        if !torn.is_empty() {
            if !is_torn {
                let row = verifier.rows();
                return Err(damaged(format!("row {row} can't be read")));
            }
            tracing::warn!(
                bytes = torn.len(),
                "the audit log ended within a row, which was never answered for: cut off"
            );
        }
        Ok((SegmentHeader::LEN + good) as u64)
    }

    /// Notes where rows lie that the store's index has not. Says how many bytes are whole records,
    /// and whether what follows could be the beginning of one.
    fn index(&mut self, records: &[u8], segment: u64) -> (usize, bool) {
        let next = self.opening.next();
        let mut rest = records;
        loop {
            let offset = records.len() - rest.len();
            match split_record(rest) {
                Ok(Some((record, after))) => {
                    let bytes = rest.len() - after.len();
                    let offset = (SegmentHeader::LEN + offset) as u64;
                    let keys = &self.opening.personal;
                    let rows = record.rows().flatten();
                    for row in rows.filter(|row| row.sequence >= next) {
                        self.runs
                            .add_read(segment, offset, bytes as u64, &row, keys);
                    }
                    rest = after;
                }
                Ok(None) => return (offset, true),
                Err(_) => return (offset, false),
            }
        }
    }

    fn take(&mut self, stored: &StoredRow<'_>) {
        let row = &stored.row;
        let now = self.opening.clock.now();
        let Some(app_id) = row.key.and_then(|key| key.parse().ok()) else {
            return;
        };
        let Recovered {
            uses,
            today,
            uncounted,
            last_used,
        } = &mut self.recovered;
        let is_uncounted = stored.sequence >= self.opening.next();
        if let Some(secret) = row.secret
            && is_uncounted
            && row.act == AuditRowView::REQUEST
        {
            last_used.insert((app_id, secret), row.platform);
        }
        if row.slot_taken && is_uncounted && day_of(row.platform) == *today {
            let slots = uncounted.entry(app_id).or_default();
            *slots = slots.saturating_add(row.cost);
        }
        // A row from the future is of a clock that has been set back since: its window is over.
        let in_window = row.platform <= now && now.since(row.platform) < LOOK_BACK;
        let cost = (row.slot_taken && in_window)
            .then(|| Cost::new(row.cost))
            .flatten();
        let nonce = row.nonce.filter(|nonce| nonce.expires > now);
        if cost.is_some() || nonce.is_some() {
            uses.push(Use {
                app_id,
                at: row.platform,
                cost,
                nonce,
            });
        }
    }
}
