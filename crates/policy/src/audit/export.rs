//! What is signed of an export: which rows were looked through, what was asked for, and the digest of
//! the bytes that were handed out.

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::framing::Frame;

use super::{
    chain::{AuditKey, Link, LogId},
    checkpoint::NotSigned,
};

/// Says that the rows from `first` to before `end` of a log were looked through for some filters,
/// and that those that fit make up bytes with this digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The log.
    pub log: LogId,
    /// The first row that was looked at.
    pub first: u64,
    /// The row behind the last one that was looked at.
    pub end: u64,
    /// The chain's link before row `first`.
    pub before: Link,
    /// The chain's link before row `end`.
    pub after: Link,
    /// The real time at which it was signed.
    pub at: UnixMillis,
    /// How the bytes are written, such as `csv`.
    pub format: String,
    /// What rows had to fit: names and values, in the order of the names.
    pub filters: Vec<(String, String)>,
    /// How many rows fit.
    pub rows: u64,
    /// How many bytes they are.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

impl Export {
    /// Signs it.
    #[must_use]
    pub fn sign(&self, key: &AuditKey) -> [u8; Link::LEN] {
        key.checkpoint
            .tag(&[self.signed().as_bytes()])
            .into_public()
    }

    /// Checks a signature.
    ///
    /// # Errors
    ///
    /// [`NotSigned`] if something of it was changed, or it was signed with another key.
    pub fn verify(&self, signature: &[u8], key: &AuditKey) -> Result<(), NotSigned> {
        let is_signed = key
            .checkpoint
            .verify(&[self.signed().as_bytes()], signature);
        is_signed.then_some(()).ok_or(NotSigned)
    }

    /// What is signed.
    fn signed(&self) -> Frame {
        let fixed = Frame::of("strongroom audit export v1")
            .bytes(&self.log.0)
            .number(self.first)
            .number(self.end)
            .bytes(&self.before.0)
            .bytes(&self.after.0)
            .number(self.at.0)
            .bytes(self.format.as_bytes())
            .number(self.rows)
            .number(self.bytes)
            .bytes(&self.sha256);
        let filters = self.filters.iter();
        filters.fold(fixed, |frame, (name, value)| {
            frame.bytes(name.as_bytes()).bytes(value.as_bytes())
        })
    }
}

#[cfg(test)]
mod tests {
    use strongroom_crypto::Key;

    use super::*;

    fn key(byte: u8) -> AuditKey {
        AuditKey::new(&Key::from_slice(&[byte; 32]).unwrap())
    }

    fn export() -> Export {
        Export {
            log: LogId([1; 16]),
            first: 2,
            end: 7,
            before: Link([3; 32]),
            after: Link([4; 32]),
            at: UnixMillis(1_793_534_400_123),
            format: "csv".to_owned(),
            filters: vec![("key".to_owned(), "sr_app_test_1".to_owned())],
            rows: 5,
            bytes: 600,
            sha256: [5; 32],
        }
    }

    #[test]
    fn whatever_is_changed_is_not_signed_any_more() {
        let signature = export().sign(&key(6));
        assert_eq!(export().verify(&signature, &key(6)), Ok(()));
        assert_eq!(export().verify(&signature, &key(7)), Err(NotSigned));
        assert_eq!(export().verify(&signature[..31], &key(6)), Err(NotSigned));
        let changes: [fn(&mut Export); 12] = [
            |it| it.log.0[0] ^= 1,
            |it| it.first += 1,
            |it| it.end += 1,
            |it| it.before.0[31] ^= 1,
            |it| it.after.0[31] ^= 1,
            |it| it.at.0 += 1,
            |it| it.format = "jsonl".to_owned(),
            |it| it.filters.clear(),
            |it| it.filters = vec![("keysr".to_owned(), "_app_test_1".to_owned())],
            |it| it.rows += 1,
            |it| it.bytes += 1,
            |it| it.sha256[0] ^= 1,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = export();
            change(&mut changed);
            assert_eq!(
                changed.verify(&signature, &key(6)),
                Err(NotSigned),
                "change {number}"
            );
        }
    }
}
