//! Every byte of a small vault, changed: refused or harmless, never silently wrong, never a panic.

use std::{
    fs,
    num::NonZero,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use strongroom_contract::vault::VersionState;

use super::support::{NOON, Records, contents, folder, later, new_item, rows, text};
use crate::SecretFields;

#[derive(Debug, Default)]
struct Tally {
    /// The file does not open, or does not unlock.
    refused: AtomicUsize,
    /// It unlocks; a secret, or verifying, tells of the damage.
    told: AtomicUsize,
    /// Nothing that the vault holds has changed.
    harmless: AtomicUsize,
}

fn small_vault() -> Records {
    let records = Records::new();
    let mut vault = records.open();
    vault.add(&new_item("payments", "first"), NOON).unwrap();
    let second = SecretFields::secret(text("second"));
    vault
        .add_version("payments", &second, VersionState::Current, later(1))
        .unwrap();
    vault.add(&new_item("payouts", "other"), later(2)).unwrap();
    assert!(vault.verify().ok);
    drop(vault);
    records
}

#[test]
fn every_flipped_byte_is_refused_or_harmless() {
    let records = small_vault();
    let honest = fs::read(&records.path).unwrap();
    let known = contents(&records.open());
    let known_rows = rows(&records.path);
    let next = AtomicUsize::new(0);
    let tally = Tally::default();
    let workers = thread::available_parallelism().map_or(2, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let folder = folder();
                let path = folder.path().join("vault.strongroom");
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let mut bytes = honest.clone();
                    let Some(byte) = bytes.get_mut(at) else {
                        break;
                    };
                    // One bit for most, all bits for some: both kinds of damage happen.
                    *byte ^= if at % 9 == 8 { 0xff } else { 1 << (at % 9) };
                    fs::write(&path, &bytes).unwrap();
                    judge(at, &records, &path, &known, &known_rows, &tally);
                }
            });
        }
    });
    let [refused, told, harmless] =
        [&tally.refused, &tally.told, &tally.harmless].map(|count| count.load(Ordering::Relaxed));
    assert_eq!(refused + told + harmless, honest.len());
    // What no check can refuse is filler between and after the rows; about a third of it is none.
    assert!(refused > 1_000 && told > 100, "{tally:?}");
}

fn judge(
    at: usize,
    records: &Records,
    path: &Path,
    known: &[(strongroom_contract::vault::ItemView, Vec<Option<String>>)],
    known_rows: &[String],
    tally: &Tally,
) {
    let Ok(vault) = records.try_open(path) else {
        tally.refused.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let now = contents(&vault);
    let verified = vault.verify();
    drop(vault);
    assert_eq!(
        now.len(),
        known.len(),
        "byte {at}: an item appeared or went"
    );
    for ((view, secrets), (known_view, known_secrets)) in now.iter().zip(known) {
        assert_eq!(view, known_view, "byte {at}");
        for (secret, known) in secrets.iter().zip(known_secrets) {
            assert!(
                secret == known || secret.is_none(),
                "byte {at}: a wrong secret"
            );
            assert!(
                secret.is_some() || !verified.ok,
                "byte {at}: verifying is silent"
            );
        }
    }
    if !verified.ok {
        tally.told.fetch_add(1, Ordering::Relaxed);
        return;
    }
    assert_eq!(
        rows(path),
        known_rows,
        "byte {at}: a row changed and nothing told"
    );
    // The vault goes on working on the changed file: a write does not meet what was overlooked.
    let mut vault = records.open_at(path);
    vault.add(&new_item("one more", "third"), later(3)).unwrap();
    drop(vault);
    let vault = records.open_at(path);
    assert!(vault.verify().ok, "byte {at}: {:?}", vault.verify());
    assert_eq!(vault.len(), known.len() + 1, "byte {at}");
    tally.harmless.fetch_add(1, Ordering::Relaxed);
}

impl Records {
    fn open_at(&self, path: &Path) -> crate::Unlocked {
        self.try_open(path)
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

#[test]
fn a_file_cut_short_anywhere_is_refused_or_complete() {
    let records = small_vault();
    let honest = fs::read(&records.path).unwrap();
    let known = contents(&records.open());
    let known_rows = rows(&records.path);
    let folder = folder();
    let path = folder.path().join("vault.strongroom");
    for len in (0..honest.len()).step_by(61) {
        fs::write(&path, &honest[..len]).unwrap();
        if let Ok(vault) = records.try_open(&path) {
            // The last page may end in bytes that mean nothing.
            assert!(len > honest.len() - 512, "{len} bytes");
            assert_eq!(contents(&vault), known, "{len} bytes");
            drop(vault);
            assert_eq!(rows(&path), known_rows, "{len} bytes");
        }
    }
}
