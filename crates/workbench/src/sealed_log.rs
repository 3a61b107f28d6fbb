//! A file of sealed records that grows at its end, beside the vault and under a key of its root.
//!
//! ```text
//! file   = "SRHIST1\n" | vault id [16] | u32le(epoch) | record*
//! record = u64le(number) | u32le(len of row) | u32le(len of detail) | row | detail
//! row, detail = sealed, AAD = frame("strongroom/v1/history", vault id, epoch, number, "row" | "detail")
//! ```
//!
//! Plaintexts are JSON, filled up with spaces to 256 bytes or a power of two. Rows are opened when the file
//! is, details on demand. A last record that was cut off by a crash is dropped; one that does not open is
//! counted and passed over: the others are of use without it. What is removed is gone from the file at once,
//! since that is written anew; what was taken out is held, sealed as it was, until the log is closed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use strongroom_crypto::{Key, SecretBytes, aead::Cipher, framing::Frame};

use crate::os::files;

const MAGIC: &[u8; 8] = b"SRHIST1\n";
/// Bytes in front of the first record.
const HEAD: usize = 8 + 16 + 4;
/// Bytes in front of a record's row.
const PREFIX: usize = 8 + 4 + 4;
/// The longest part that is believed; none of ours comes near it.
const MOST_BYTES: u32 = 64 * 1024 * 1024;
/// The shortest plaintext.
const SMALLEST: usize = 256;
/// How many records that were taken out can be put back: the newest.
const TAKEN: usize = 50;

/// The file, with its rows in memory.
pub(crate) struct SealedLog {
    path: PathBuf,
    cipher: Cipher,
    /// Vault and epoch, in front of every AAD.
    context: Frame,
    head: Vec<u8>,
    records: Vec<Record>,
    /// Where the next record goes.
    end: u64,
    unreadable: u64,
    next: u64,
    /// Records that were taken out, as they lay in the file.
    taken: Vec<(u64, Vec<u8>)>,
}

struct Record {
    number: u64,
    at: u64,
    row_len: u32,
    detail_len: u32,
    row: SecretBytes,
}

impl Record {
    fn len(&self) -> u64 {
        PREFIX as u64 + u64::from(self.row_len) + u64::from(self.detail_len)
    }

    /// The record as it lies in the file.
    fn sealed<'file>(&self, file: &'file [u8]) -> io::Result<&'file [u8]> {
        let from = usize::try_from(self.at).unwrap_or(usize::MAX);
        let to = usize::try_from(self.at + self.len()).unwrap_or(usize::MAX);
        file.get(from..to)
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}

impl SealedLog {
    /// Opens the file at `path`, which need not be there. One of another vault or epoch, or that is none of
    /// ours, is put aside as `NAME.old`.
    ///
    /// # Errors
    ///
    /// The system's own.
    pub(crate) fn open(path: &Path, key: &Key, vault: &[u8; 16], epoch: u32) -> io::Result<Self> {
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(vault);
        head.extend_from_slice(&epoch.to_le_bytes());
        let mut log = Self {
            path: path.to_owned(),
            cipher: Cipher::new(key),
            context: Frame::of("strongroom/v1/history")
                .bytes(vault)
                .number(epoch.into()),
            head,
            records: Vec::new(),
            end: HEAD as u64,
            unreadable: 0,
            next: 1,
            taken: Vec::new(),
        };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(log),
            Err(error) => return Err(error),
        };
        if bytes.get(..HEAD) == Some(log.head.as_slice()) {
            log.read(&bytes);
        } else if !bytes.is_empty() {
            let mut old = path.as_os_str().to_owned();
            old.push(".old");
            fs::rename(path, old)?;
        }
        Ok(log)
    }

    /// Numbers and rows, the oldest first.
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = (u64, &[u8])> {
        self.records
            .iter()
            .map(|record| (record.number, record.row.expose_secret()))
    }

    /// How many records could not be opened.
    pub(crate) const fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// How many bytes the file has.
    pub(crate) const fn len_bytes(&self) -> u64 {
        self.end
    }

    /// The row of a record.
    pub(crate) fn row(&self, number: u64) -> Option<&[u8]> {
        Some(self.find(number)?.row.expose_secret())
    }

    /// The detail of a record; `None` if there is no such record.
    ///
    /// # Errors
    ///
    /// The system's own; [`io::ErrorKind::InvalidData`] if it does not open.
    pub(crate) fn detail(&self, number: u64) -> io::Result<Option<SecretBytes>> {
        let Some(record) = self.find(number) else {
            return Ok(None);
        };
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(
            record.at + PREFIX as u64 + u64::from(record.row_len),
        ))?;
        let mut sealed = Vec::new();
        file.take(record.detail_len.into())
            .read_to_end(&mut sealed)?;
        self.cipher
            .open(self.aad(number, "detail").as_bytes(), &sealed)
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Adds a record, and says its number.
    ///
    /// # Errors
    ///
    /// The system's own; the file is as it was before.
    pub(crate) fn append(&mut self, row: &[u8], detail: &[u8]) -> io::Result<u64> {
        let number = self.next;
        let padded = filled_up(row);
        let sealed_row = self
            .cipher
            .seal(self.aad(number, "row").as_bytes(), padded.expose_secret());
        let sealed_detail = self.cipher.seal(
            self.aad(number, "detail").as_bytes(),
            filled_up(detail).expose_secret(),
        );
        let lengths = (length(&sealed_row)?, length(&sealed_detail)?);
        let mut record = Vec::with_capacity(PREFIX + sealed_row.len() + sealed_detail.len());
        record.extend_from_slice(&number.to_le_bytes());
        record.extend_from_slice(&lengths.0.to_le_bytes());
        record.extend_from_slice(&lengths.1.to_le_bytes());
        record.extend_from_slice(&sealed_row);
        record.extend_from_slice(&sealed_detail);
        self.write_at_the_end(&record)?;
        self.records.push(Record {
            number,
            at: self.end,
            row_len: lengths.0,
            detail_len: lengths.1,
            row: padded,
        });
        self.end += record.len() as u64;
        self.next += 1;
        Ok(number)
    }

    /// Keeps the records that `keep` names, and says how many went.
    ///
    /// # Errors
    ///
    /// The system's own; the file is as it was before.
    pub(crate) fn retain(&mut self, keep: impl Fn(u64) -> bool) -> io::Result<u64> {
        let going = self
            .records
            .iter()
            .filter(|record| !keep(record.number))
            .count();
        if going == 0 {
            return Ok(0);
        }
        let old = fs::read(&self.path)?;
        let mut kept = self.head.clone();
        let mut places = Vec::new();
        for record in self.records.iter().filter(|record| keep(record.number)) {
            places.push(kept.len() as u64);
            kept.extend_from_slice(record.sealed(&old)?);
        }
        files::replace_private(&self.path, &kept)?;
        self.records.retain(|record| keep(record.number));
        for (record, place) in self.records.iter_mut().zip(places) {
            record.at = place;
        }
        self.end = kept.len() as u64;
        self.unreadable = 0;
        Ok(going as u64)
    }

    /// Removes the records of these numbers, and says how many went. The newest of them can be put back.
    ///
    /// # Errors
    ///
    /// The system's own; the file is as it was before.
    pub(crate) fn take_out(&mut self, numbers: &[u64]) -> io::Result<u64> {
        let going = || {
            let of_these = |record: &&Record| numbers.contains(&record.number);
            self.records.iter().filter(of_these)
        };
        if going().next().is_none() {
            return Ok(0);
        }
        let old = fs::read(&self.path)?;
        let sealed = going().map(|record| Ok((record.number, record.sealed(&old)?.to_vec())));
        let sealed: Vec<(u64, Vec<u8>)> = sealed.collect::<io::Result<_>>()?;
        let going = self.retain(|number| !numbers.contains(&number))?;
        self.taken.extend(sealed);
        let surplus = self.taken.len().saturating_sub(TAKEN);
        self.taken.drain(..surplus);
        Ok(going)
    }

    /// Puts records back to where they were, and says how many: those that were taken out since the log was
    /// opened, and are held still.
    ///
    /// # Errors
    ///
    /// The system's own; the file is as it was before.
    pub(crate) fn put_back(&mut self, numbers: &[u64]) -> io::Result<u64> {
        let is_meant = |(number, _): &&(u64, Vec<u8>)| numbers.contains(number);
        let returning: Vec<_> = self.taken.iter().filter(is_meant).collect();
        let count = returning.len() as u64;
        if count == 0 {
            return Ok(0);
        }
        let old = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut all: Vec<(u64, &[u8])> = Vec::new();
        for record in &self.records {
            all.push((record.number, record.sealed(&old)?));
        }
        all.extend(
            returning
                .iter()
                .map(|(number, sealed)| (*number, sealed.as_slice())),
        );
        all.sort_by_key(|(number, _)| *number);
        let mut bytes = self.head.clone();
        for (_, sealed) in all {
            bytes.extend_from_slice(sealed);
        }
        files::replace_private(&self.path, &bytes)?;
        self.taken.retain(|(number, _)| !numbers.contains(number));
        let next = self.next;
        self.records.clear();
        (self.end, self.unreadable, self.next) = (HEAD as u64, 0, 1);
        self.read(&bytes);
        self.next = self.next.max(next);
        Ok(count)
    }

    /// Removes every record, readable or not, and says how many there were.
    ///
    /// # Errors
    ///
    /// The system's own; the file is as it was before.
    pub(crate) fn clear(&mut self) -> io::Result<u64> {
        let going = self.records.len() as u64 + self.unreadable;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.records.clear();
        self.taken.clear();
        self.end = HEAD as u64;
        self.unreadable = 0;
        Ok(going)
    }

    fn find(&self, number: u64) -> Option<&Record> {
        let at = self
            .records
            .binary_search_by_key(&number, |record| record.number)
            .ok()?;
        self.records.get(at)
    }

    fn read(&mut self, bytes: &[u8]) {
        let mut rest = bytes.get(HEAD..).unwrap_or_default();
        while let Some(found) = FoundRecord::first(rest) {
            let FoundRecord {
                number,
                row_len,
                detail_len,
                row,
                after,
            } = found;
            match self.cipher.open(self.aad(number, "row").as_bytes(), row) {
                // Numbers only rise: one that does not is a record that was copied.
                Ok(row) if number >= self.next => self.records.push(Record {
                    number,
                    at: self.end,
                    row_len,
                    detail_len,
                    row,
                }),
                _ => self.unreadable += 1,
            }
            self.next = self.next.max(number.saturating_add(1));
            self.end += (rest.len() - after.len()) as u64;
            rest = after;
        }
    }

    fn write_at_the_end(&self, record: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path)?;
        // Half a record of a crash is overwritten.
        file.set_len(self.end)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&self.head)?;
        file.seek(SeekFrom::Start(self.end))?;
        let written = file.write_all(record);
        if written.is_err() {
            file.set_len(self.end)?;
        }
        written
    }

    fn aad(&self, number: u64, part: &str) -> Frame {
        self.context.clone().number(number).bytes(part.as_bytes())
    }
}

/// A record as it lies in the file.
struct FoundRecord<'a> {
    number: u64,
    row_len: u32,
    detail_len: u32,
    /// Sealed.
    row: &'a [u8],
    /// What comes behind the record.
    after: &'a [u8],
}

impl<'a> FoundRecord<'a> {
    /// The first of `bytes`, if it is whole.
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let (number, rest) = bytes.split_first_chunk()?;
        let (row_len, rest) = rest.split_first_chunk()?;
        let (detail_len, rest) = rest.split_first_chunk()?;
        let (row_len, detail_len) = (
            u32::from_le_bytes(*row_len),
            u32::from_le_bytes(*detail_len),
        );
        if row_len > MOST_BYTES || detail_len > MOST_BYTES {
            return None;
        }
        let (row, rest) = rest.split_at_checked(usize::try_from(row_len).ok()?)?;
        let (_, after) = rest.split_at_checked(usize::try_from(detail_len).ok()?)?;
        Some(Self {
            number: u64::from_le_bytes(*number),
            row_len,
            detail_len,
            row,
            after,
        })
    }
}

/// JSON with spaces behind it, so that its length tells little.
fn filled_up(json: &[u8]) -> SecretBytes {
    let length = json.len().max(SMALLEST).next_power_of_two();
    let mut padded = Vec::with_capacity(length);
    padded.extend_from_slice(json);
    padded.resize(length, b' ');
    SecretBytes::new(padded)
}

fn length(sealed: &[u8]) -> io::Result<u32> {
    u32::try_from(sealed.len())
        .ok()
        .filter(|length| *length <= MOST_BYTES)
        .ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: [u8; 16] = [7; 16];

    struct Place {
        _dir: tempfile::TempDir,
        path: PathBuf,
        key: Key,
    }

    impl Place {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("history.strongroom");
            Self {
                _dir: dir,
                path,
                key: Key::random(),
            }
        }

        fn open(&self) -> SealedLog {
            SealedLog::open(&self.path, &self.key, &VAULT, 1).unwrap()
        }

        fn filled(&self) -> SealedLog {
            let mut log = self.open();
            for number in 1..=3 {
                let row = format!("{{\"row\":{number}}}");
                let detail = format!("{{\"detail\":{number}}}");
                assert_eq!(
                    log.append(row.as_bytes(), detail.as_bytes()).unwrap(),
                    number
                );
            }
            log
        }
    }

    fn texts(log: &SealedLog) -> Vec<(u64, String)> {
        log.rows()
            .map(|(number, row)| {
                (
                    number,
                    String::from_utf8(row.trim_ascii().to_vec()).unwrap(),
                )
            })
            .collect()
    }

    fn detail(log: &SealedLog, number: u64) -> String {
        let detail = log.detail(number).unwrap().unwrap();
        String::from_utf8(detail.expose_secret().trim_ascii().to_vec()).unwrap()
    }

    #[test]
    fn what_was_added_is_there_again_and_nothing_of_it_is_readable_on_disk() {
        let place = Place::new();
        let log = place.filled();
        for log in [log, place.open()] {
            assert_eq!(texts(&log)[2], (3, "{\"row\":3}".to_owned()));
            assert_eq!(detail(&log, 2), "{\"detail\":2}");
            assert!(log.detail(4).unwrap().is_none());
        }
        let bytes = fs::read(&place.path).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"detail"));
        assert!(!bytes.windows(3).any(|window| window == b"row"));
    }

    #[test]
    fn what_is_removed_is_gone_and_the_rest_stays() {
        let place = Place::new();
        let mut log = place.filled();
        assert_eq!(log.retain(|number| number != 2).unwrap(), 1);
        assert_eq!(log.append(b"{}", b"{}").unwrap(), 4);
        for log in [log, place.open()] {
            let numbers: Vec<u64> = log.rows().map(|(number, _)| number).collect();
            assert_eq!(numbers, [1, 3, 4]);
            assert_eq!(detail(&log, 3), "{\"detail\":3}");
        }
        let mut log = place.open();
        assert_eq!(log.clear().unwrap(), 3);
        assert!(!place.path.exists());
        assert_eq!(place.open().rows().count(), 0);
    }

    #[test]
    fn what_was_taken_out_is_not_in_the_file_and_comes_back_to_its_place() {
        let place = Place::new();
        let mut log = place.filled();
        let whole = fs::read(&place.path).unwrap();
        assert_eq!(log.take_out(&[2, 3, 9]).unwrap(), 2);
        assert_eq!(texts(&place.open()).len(), 1, "the file has one");
        assert_eq!(log.append(b"{\"row\":4}", b"{}").unwrap(), 4);
        assert_eq!(log.put_back(&[2]).unwrap(), 1);
        assert_eq!(log.put_back(&[2]).unwrap(), 0, "it is there");
        assert_eq!(log.put_back(&[3, 9]).unwrap(), 1);
        for log in [&log, &place.open()] {
            let numbers: Vec<u64> = log.rows().map(|(number, _)| number).collect();
            assert_eq!(numbers, [1, 2, 3, 4]);
            assert_eq!(detail(log, 2), "{\"detail\":2}");
            assert_eq!(log.unreadable(), 0);
        }
        assert!(fs::read(&place.path).unwrap().starts_with(&whole));
        assert_eq!(log.append(b"{}", b"{}").unwrap(), 5);

        // The newest that was taken out keeps its number to itself, and what is cleared is gone.
        assert_eq!(log.take_out(&[5]).unwrap(), 1);
        assert_eq!(log.append(b"{}", b"{}").unwrap(), 6);
        log.clear().unwrap();
        assert_eq!(log.put_back(&[5]).unwrap(), 0);
    }

    #[test]
    fn half_a_record_of_a_crash_is_dropped_and_overwritten() {
        let place = Place::new();
        drop(place.filled());
        let whole = fs::read(&place.path).unwrap();
        for cut in [1, PREFIX - 1, PREFIX, 300] {
            fs::write(&place.path, &whole[..whole.len() - cut]).unwrap();
            let mut log = place.open();
            assert_eq!(texts(&log).len(), 2, "cut {cut}");
            log.append(b"{\"row\":9}", b"{}").unwrap();
            let again = place.open();
            assert_eq!(texts(&again).last().unwrap().1, "{\"row\":9}");
            assert_eq!(again.unreadable(), 0);
        }
    }

    #[test]
    fn a_damaged_record_is_counted_and_the_others_are_of_use() {
        let place = Place::new();
        let log = place.filled();
        let second = usize::try_from(log.records[1].at).unwrap();
        let mut bytes = fs::read(&place.path).unwrap();
        bytes[second + PREFIX + 20] ^= 1;
        // The third one a second time.
        let third = usize::try_from(log.records[2].at).unwrap();
        bytes.extend_from_within(third..);
        fs::write(&place.path, bytes).unwrap();
        let mut log = place.open();
        assert_eq!(log.unreadable(), 2);
        let numbers: Vec<u64> = log.rows().map(|(number, _)| number).collect();
        assert_eq!(numbers, [1, 3]);
        log.retain(|number| number == 3).unwrap();
        assert_eq!(place.open().unreadable(), 0);
    }

    #[test]
    fn a_file_of_another_vault_is_put_aside() {
        let place = Place::new();
        drop(place.filled());
        let other = SealedLog::open(&place.path, &place.key, &[8; 16], 1).unwrap();
        assert_eq!(other.rows().count(), 0);
        assert!(place.path.with_extension("strongroom.old").exists());
    }

    #[test]
    fn another_key_opens_nothing() {
        let place = Place::new();
        drop(place.filled());
        let log = SealedLog::open(&place.path, &Key::random(), &VAULT, 1).unwrap();
        assert_eq!((log.rows().count(), log.unreadable()), (0, 3));
    }
}
