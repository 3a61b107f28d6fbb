//! That secrets are really wiped: the process reads its own memory where a secret lay.
//!
//! Linux alone lets it do so without unsafe code (`/proc/self/mem`).
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_types,
    reason = "the test reads its own memory as a file"
)]

use std::{fs::File, os::unix::fs::FileExt as _};

use strongroom_crypto::{Key, SecretBytes, SecretText};

/// A pattern that is nowhere else, long enough that an allocator's notes don't hide it all.
const MARK: &[u8; 64] = b"the-mark-of-the-memory-test-0123456789-abcdefghijklmnopqrstuvwxy";

/// What lies at `address` now, as far as it is still mapped.
fn memory(address: *const u8, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let file = File::open("/proc/self/mem").unwrap();
    match file.read_exact_at(&mut bytes, address.addr() as u64) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// Whether any eight bytes of the mark can be seen.
fn shows_mark(memory: &[u8]) -> bool {
    memory
        .windows(8)
        .any(|seen| MARK.windows(8).any(|part| part == seen))
}

#[test]
fn this_test_can_see_what_is_not_wiped() {
    let plain = MARK.to_vec();
    assert_eq!(memory(plain.as_ptr(), MARK.len()), MARK);
    assert!(shows_mark(&memory(plain.as_ptr(), MARK.len())));
}

#[test]
fn truncating_wipes_what_is_cut_off() {
    let mut secret = SecretBytes::copy_of(MARK);
    let address = secret.expose_secret().as_ptr();
    secret.truncate(4);
    assert_eq!(secret.expose_secret(), &MARK[..4]);
    // The allocation is still the secret's own.
    assert_eq!(secret.expose_secret().as_ptr(), address);
    assert_eq!(memory(address, MARK.len())[4..], [0; 60]);
    secret.truncate(10);
    assert_eq!(secret.len(), 4);
}

#[test]
fn secrets_are_wiped_when_they_are_dropped() {
    let secret = SecretBytes::copy_of(MARK);
    let address = secret.expose_secret().as_ptr();
    drop(secret);
    assert!(!shows_mark(&memory(address, MARK.len())));

    let secret = SecretText::new(str::from_utf8(MARK).unwrap().to_owned());
    let address = secret.expose_secret().as_ptr();
    drop(secret);
    assert!(!shows_mark(&memory(address, MARK.len())));

    let key = Box::new(Key::from_slice(&MARK[..Key::LEN]).unwrap());
    let address = key.expose_secret().as_ptr();
    drop(key);
    assert!(!shows_mark(&memory(address, Key::LEN)));
}

#[test]
fn bytes_that_are_not_text_are_wiped() {
    let mut bytes = MARK.to_vec();
    bytes[63] = 0xff;
    let secret = SecretBytes::new(bytes);
    let address = secret.expose_secret().as_ptr();
    assert!(secret.into_text().is_err());
    assert!(!shows_mark(&memory(address, MARK.len())));
}

#[test]
fn turning_bytes_into_text_and_back_copies_nothing() {
    let secret = SecretBytes::copy_of(MARK);
    let address = secret.expose_secret().as_ptr();
    let text = secret.into_text().unwrap();
    assert_eq!(text.expose_secret().as_ptr(), address);
    let text = text.without_final_line_end();
    assert_eq!(text.expose_secret().as_ptr(), address);
    let bytes = text.into_bytes();
    assert_eq!(bytes.expose_secret().as_ptr(), address);
    assert_eq!(bytes.expose_secret(), MARK);
}
