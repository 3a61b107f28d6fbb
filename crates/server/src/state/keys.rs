//! The server's own keys: each random, each in a file of its own, made on first start.

use std::path::Path;

use strongroom_crypto::{Key, SecretBytes};

use super::{Directory, read_private, write_private};
use crate::error::StartError;

/// The server's own keys.
pub(crate) struct Keys {
    /// API secrets are stored as HMAC-SHA256 under this one.
    pub(crate) pepper: Key,
    /// Seals secrets of signing keys, and the personal keys of clients.
    pub(crate) store: Key,
    /// Signs access tokens.
    pub(crate) token: Key,
    /// Signs audit checkpoints.
    pub(crate) checkpoint: Key,
}

impl Keys {
    /// Reads the keys; those that are not there yet are made.
    ///
    /// A directory that has a database but lacks a key is damaged: a fresh pepper would refuse
    /// every key that was issued, and a fresh checkpoint key would hide what the old one proves.
    pub(crate) fn open(directory: &Directory) -> Result<Self, StartError> {
        let is_new = !directory.file("platform.db").exists();
        let key = |name: &str| random_key(&directory.file(name), is_new);
        Ok(Self {
            pepper: key("pepper.key")?,
            store: key("store.key")?,
            token: key("token.key")?,
            checkpoint: key("checkpoint.key")?,
        })
    }
}

/// Reads a 256-bit key, or makes one if `may_create`.
fn random_key(path: &Path, may_create: bool) -> Result<Key, StartError> {
    let damaged = |problem: &str| StartError::Damaged {
        path: path.to_owned(),
        problem: problem.to_owned(),
    };
    match read_private(path)?.map(SecretBytes::new) {
        Some(bytes) => Key::from_slice(bytes.expose_secret())
            .ok_or_else(|| damaged("a key has 32 bytes, and this file has another length")),
        None if may_create => {
            let key = Key::random();
            write_private(path, key.expose_secret())?;
            Ok(key)
        }
        None => Err(damaged(
            "it is missing, but the store that needs it is there",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_never_replaced_in_silence() {
        let home = tempfile::tempdir().unwrap();
        let directory = Directory::take(home.path()).unwrap();
        let first = Keys::open(&directory).unwrap();
        let again = Keys::open(&directory).unwrap();
        assert!(first.pepper == again.pepper && first.checkpoint == again.checkpoint);
        assert!(first.pepper != first.store && first.token != first.checkpoint);

        std::fs::write(directory.file("platform.db"), b"").unwrap();
        std::fs::remove_file(directory.file("pepper.key")).unwrap();
        let missing = Keys::open(&directory).map(|_| ()).unwrap_err();
        assert!(missing.to_string().contains("pepper.key"), "{missing}");
        write_private(&directory.file("pepper.key"), b"short").unwrap();
        assert!(Keys::open(&directory).is_err());
    }
}
