//! The device secret in a file of the user's, on a USB stick for example.
//!
//! ```text
//! # Strongroom device secret.
//! # … what to do with it …
//! strongroom-device-secret = 1
//! vault = 3f2a…              the vault's id, 32 hex digits
//! generation = 1
//! secret = …                 32 bytes, base64
//! check = 9c0d4e21           the first 4 bytes of SHA-256(frame("strongroom key file", vault,
//!                            generation) | secret), hex: finds a typing error or damage
//! ```
//!
//! Lines that begin with `#` and empty lines mean nothing; each other line stands once, in any order.
//! The anchor lies in `FILE.anchor`: `vault = …` and `anchor = …` (base64), replaced as a whole.
//! A key file is written once (0600) and never overwritten.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::error::{ErrorCode, Failure};
use strongroom_crypto::{Key, SecretBytes, framing::Frame, hash};
use zeroize::Zeroizing;

use super::SecretName;
use crate::os::files;

const MARKER: &str = "strongroom-device-secret";
/// Longer than any key file that a person comments on.
const LONGEST: u64 = 64 * 1024;

pub(super) fn check_free(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(taken(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = path.parent().unwrap_or(Path::new("/"));
            match fs::metadata(parent) {
                Ok(found) if found.is_dir() => Ok(()),
                Ok(_) => Err(unwritable(path, &io::ErrorKind::NotADirectory.into())),
                Err(error) => Err(unwritable(path, &error)),
            }
        }
        Err(error) => Err(unwritable(path, &error)),
    }
}

pub(super) fn store(path: &Path, name: &SecretName, secret: &Key) -> Result<(), Failure> {
    let encoded = Zeroizing::new(BASE64.encode(secret.expose_secret()));
    let SecretName {
        vault_id,
        generation,
    } = name;
    let check = checksum(name, secret);
    let text = Zeroizing::new(format!(
        "# Strongroom device secret.\n\
         # It opens its vault together with the passphrase and a code; without it, only the recovery\n\
         # code does. Keep this file to yourself, and a copy of it in another place.\n\
         {MARKER} = 1\n\
         vault = {vault_id}\n\
         generation = {generation}\n\
         secret = {}\n\
         check = {check}\n",
        encoded.as_str(),
    ));
    files::write_new_private(path, text.as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        _ => unwritable(path, &error),
    })
}

pub(super) fn load(path: &Path, name: &SecretName) -> Result<Key, Failure> {
    let text = read(path)?.ok_or_else(|| missing(path))?;
    let fields = fields(&text).map_err(|problem| damaged(path, &problem))?;
    let field = |wanted: &str| {
        let value = fields.get(wanted).copied();
        value.ok_or_else(|| damaged(path, &format!("the line `{wanted} = …` is missing")))
    };
    if field(MARKER)? != "1" {
        return Err(damaged(
            path,
            "it is of a newer version than this program knows",
        ));
    }
    let found = SecretName {
        vault_id: field("vault")?.to_owned(),
        generation: field("generation")?.to_owned(),
    };
    let secret = Zeroizing::new(BASE64.decode(field("secret")?).unwrap_or_default());
    let secret = Key::from_slice(&secret)
        .ok_or_else(|| damaged(path, "the secret is not 32 bytes in base64"))?;
    if checksum(&found, &secret) != field("check")? {
        return Err(damaged(
            path,
            "its check does not fit: something was changed or mistyped",
        ));
    }
    if found == *name {
        Ok(secret)
    } else {
        Err(another(path, &found, name))
    }
}

/// Deletes the file only if it holds this very secret.
pub(super) fn delete(path: &Path, name: &SecretName) -> Result<(), Failure> {
    match load(path, name) {
        Ok(_) => fs::remove_file(path).map_err(|error| unwritable(path, &error)),
        Err(failure) if failure.code == ErrorCode::DeviceSecret => Ok(()),
        Err(failure) => Err(failure),
    }
}

pub(super) fn load_anchor(path: &Path, vault_id: &str) -> Result<Option<SecretBytes>, Failure> {
    let path = anchor_path(path);
    let Some(text) = read(&path)? else {
        return Ok(None);
    };
    let fields = fields(&text).map_err(|problem| damaged(&path, &problem))?;
    if fields.get("vault") != Some(&vault_id) {
        return Ok(None);
    }
    let anchor = fields
        .get("anchor")
        .and_then(|text| BASE64.decode(text).ok());
    match anchor {
        Some(anchor) => Ok(Some(SecretBytes::new(anchor))),
        None => Err(damaged(
            &path,
            "the line `anchor = …` is missing or not base64",
        )),
    }
}

pub(super) fn store_anchor(path: &Path, vault_id: &str, anchor: &[u8]) -> Result<(), Failure> {
    let path = anchor_path(path);
    let text = format!(
        "# The newest state of the vault that was seen with the key file beside this one.\n\
         vault = {vault_id}\n\
         anchor = {}\n",
        BASE64.encode(anchor)
    );
    files::replace_private(&path, text.as_bytes()).map_err(|error| unwritable(&path, &error))
}

fn anchor_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".anchor");
    PathBuf::from(name)
}

fn checksum(name: &SecretName, secret: &Key) -> String {
    let frame = Frame::of("strongroom key file")
        .bytes(name.vault_id.as_bytes())
        .bytes(name.generation.as_bytes());
    // The secret goes in on its own: a frame's buffer is not wiped.
    let hash = hash::sha256(&[frame.as_bytes(), secret.expose_secret()]);
    hash.iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The file's text, wiped when dropped; `None` if there is no file.
fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let read = || {
        let length = fs::metadata(path)?.len();
        if length > LONGEST {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{length} bytes are more than a key file has"),
            ));
        }
        fs::read(path).map(Zeroizing::new)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(
            ErrorCode::DeviceSecret,
            format!("the key file {} cannot be read: {error}", path.display()),
        )),
    }
}

fn fields(text: &[u8]) -> Result<BTreeMap<&str, &str>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not text".to_owned())?;
    let mut fields = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = number + 1;
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| format!("line {at} is not `name = value`"))?;
        if fields.insert(name.trim(), value.trim()).is_some() {
            return Err(format!("line {at} stands there twice"));
        }
    }
    Ok(fields)
}

fn missing(path: &Path) -> Failure {
    Failure::new(
        ErrorCode::DeviceSecret,
        format!("the vault's device secret is not at {}", path.display()),
    )
    .hint("plug in what it lies on, put a copy of it there, or use `strongroom vault recover`")
}

fn damaged(path: &Path, problem: &str) -> Failure {
    Failure::new(
        ErrorCode::DeviceSecret,
        format!("the key file {} cannot be used: {problem}", path.display()),
    )
    .hint("put a good copy of it there, or use `strongroom vault recover`")
}

fn another(path: &Path, found: &SecretName, wanted: &SecretName) -> Failure {
    let message = if found.vault_id == wanted.vault_id {
        format!(
            "the key file {} holds generation {} of the device secret, the vault needs generation {}",
            path.display(),
            found.generation,
            wanted.generation
        )
    } else {
        format!(
            "the key file {} belongs to vault {}, not to vault {}",
            path.display(),
            found.vault_id,
            wanted.vault_id
        )
    };
    Failure::new(ErrorCode::DeviceSecret, message)
        .hint("put this vault's key file there, or use `strongroom vault recover`")
}

fn taken(path: &Path) -> Failure {
    Failure::new(
        ErrorCode::Conflict,
        format!(
            "{} exists, and a key file is never overwritten",
            path.display()
        ),
    )
    .hint("choose another path with --device-secret file:PATH")
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        ErrorCode::Storage,
        format!("{} cannot be written: {error}", path.display()),
    )
    .hint("choose another path with --device-secret file:PATH")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use proptest::prelude::*;

    use super::*;

    fn name(generation: u32) -> SecretName {
        SecretName {
            vault_id: "0123456789abcdef0123456789abcdef".into(),
            generation: generation.to_string(),
        }
    }

    #[test]
    fn a_key_file_is_private_reads_back_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stick.key");
        let secret = Key::random();
        check_free(&path).unwrap();
        store(&path, &name(1), &secret).unwrap();
        assert!(load(&path, &name(1)).unwrap() == secret);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for refused in [check_free(&path), store(&path, &name(2), &Key::random())] {
            assert_eq!(refused.unwrap_err().code, ErrorCode::Conflict);
        }
        assert!(load(&path, &name(1)).unwrap() == secret);
    }

    #[test]
    fn another_vaults_or_generations_file_is_named_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        store(&path, &name(1), &Key::random()).unwrap();
        let other = load(&path, &name(2)).err().unwrap();
        assert_eq!(other.code, ErrorCode::DeviceSecret);
        assert!(other.message.contains("generation 1"), "{other}");
        let stranger = SecretName {
            vault_id: "ff".repeat(16),
            generation: "1".into(),
        };
        assert!(
            load(&path, &stranger)
                .err()
                .unwrap()
                .message
                .contains("belongs to vault")
        );
        // And it is not deleted in another's name.
        delete(&path, &name(2)).unwrap();
        assert!(path.exists());
        delete(&path, &name(1)).unwrap();
        assert!(!path.exists());
        assert_eq!(
            load(&path, &name(1)).err().unwrap().code,
            ErrorCode::DeviceSecret
        );
    }

    #[test]
    fn every_changed_character_of_its_content_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let secret = Key::random();
        store(&path, &name(1), &secret).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let start = text.find(MARKER).unwrap();
        for at in start..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
            fs::write(&path, &changed).unwrap();
            match load(&path, &name(1)) {
                Err(failure) => assert_eq!(failure.code, ErrorCode::DeviceSecret),
                // White space around a name or value carries no meaning.
                Ok(read) => assert!(read == secret, "byte {at}"),
            }
        }
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
        assert!(load(&path, &name(1)).unwrap() == secret);
    }

    #[test]
    fn anchors_are_replaced_and_belong_to_one_vault() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        assert!(load_anchor(&path, "aa").unwrap().is_none());
        store_anchor(&path, "aa", b"one").unwrap();
        store_anchor(&path, "aa", b"two").unwrap();
        assert_eq!(
            load_anchor(&path, "aa").unwrap().unwrap().expose_secret(),
            b"two"
        );
        assert!(load_anchor(&path, "bb").unwrap().is_none());
    }

    #[test]
    fn a_place_that_cannot_be_is_refused_before_anything_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let refused = check_free(&dir.path().join("missing/key")).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Storage);
        assert!(refused.hint.unwrap().contains("--device-secret"));
    }

    proptest! {
        #[test]
        fn hostile_files_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("key");
            fs::write(&path, bytes).unwrap();
            prop_assert!(load(&path, &name(1)).is_err());
        }
    }
}
