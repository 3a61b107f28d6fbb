//! A code works once.

use std::fs;

use rusqlite::Connection;
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{password::Cost, totp::Code};

use super::support::{
    NOON, PASSPHRASE, Person, cheap, folder, found_in_folder, later, new_item, scan, text,
};
use crate::{
    Attempt, Burn, CreateError, DeviceSecret, Draft, Horizon, Locked, OpenError, PassphraseError,
    UnlockError, header::Header,
};

fn wrong(next_code_in: Option<u64>) -> Option<UnlockError> {
    Some(UnlockError::WrongFactors { next_code_in })
}

#[test]
fn a_code_opens_once_and_the_steps_beside_the_current_one_open_too() {
    let person = Person::new();
    let mut vault = person.unlock(later(2)).unwrap();
    assert_eq!(*vault.burn(), Burn::Done);
    vault.add(&new_item("one", "first"), NOON).unwrap();
    drop(vault);
    // Replayed: at once, in the next step, and by a clock that is behind.
    let replay = |now| person.try_attempt(person.attempt(later(2), now)).err();
    assert_eq!(replay(later(2)), wrong(Some(30)));
    assert_eq!(replay(UnixMillis(later(2).0 + 18_000)), wrong(Some(12)));
    assert_eq!(replay(later(3)), wrong(None));
    assert_eq!(replay(later(1)), wrong(Some(60)));
    // The next code, by a clock that is one step behind; then the one before, by one that is ahead.
    assert!(
        person
            .try_attempt(person.attempt(later(3), later(2)))
            .is_ok()
    );
    assert!(
        person
            .try_attempt(person.attempt(later(5), later(6)))
            .is_ok()
    );
    // What was skipped is burnt as well.
    assert_eq!(
        person.try_attempt(person.attempt(later(4), later(5))).err(),
        wrong(Some(30))
    );
    let vault = person.unlock(later(6)).unwrap();
    assert_eq!(
        vault
            .secret("one", "secret", None)
            .map(|s| s.expose_secret().to_owned()),
        Ok("first".to_owned())
    );
    assert!(vault.verify().ok, "{:?}", vault.verify());
}

#[test]
fn a_wrong_passphrase_and_a_wrong_code_give_the_same_error_and_spend_nothing() {
    let person = Person::new();
    let honest = || person.attempt(later(1), later(1));
    let number = (honest().code.expose_secret() + 1) % 1_000_000;
    let code = || Code::parse(&format!("{number:06}")).unwrap();
    let before = fs::read(&person.path).unwrap();
    for (attempt, expected) in [
        (
            Attempt {
                passphrase: text("wrong"),
                ..honest()
            },
            wrong(None),
        ),
        (
            Attempt {
                passphrase: text("a\u{378}"),
                ..honest()
            },
            wrong(None),
        ),
        (
            Attempt {
                code: code(),
                ..honest()
            },
            wrong(None),
        ),
        (
            Attempt {
                device_secret: &DeviceSecret::random(),
                ..honest()
            },
            Some(UnlockError::WrongDeviceSecret),
        ),
    ] {
        assert_eq!(person.try_attempt(attempt).err(), expected);
    }
    assert_eq!(fs::read(&person.path).unwrap(), before);
    let locked = Locked::open(&person.path).unwrap();
    assert!(locked.device_secret_fits(&person.device));
    assert!(!locked.device_secret_fits(&DeviceSecret::random()));
    // The refused vault comes back, and opens without being opened anew.
    let refused = locked
        .unlock(
            Attempt {
                passphrase: text("wrong"),
                ..honest()
            },
            &mut |_| {},
        )
        .err()
        .unwrap();
    let vault = refused.back.unlock(honest(), &mut |_| {});
    assert!(vault.is_ok_and(|vault| vault.lock().verify().ok));
}

#[test]
fn the_passphrase_is_the_same_in_every_normal_form() {
    let folder = folder();
    let path = folder.path().join("vault.strongroom");
    let device = DeviceSecret::from_slice(&[7; 32]).unwrap();
    let copy = DeviceSecret::from_slice(&[7; 32]).unwrap();
    let draft = Draft::new(text("Schlüssel ﬁx"), copy, cheap(), Horizon::of_steps(60)).unwrap();
    let authenticator = scan(&draft.otpauth_uri());
    draft.create(&path, None, NOON, &mut |_| {}).unwrap();
    let person = Person {
        folder,
        path,
        device,
        authenticator,
        enrolled: Person::new().enrolled,
    };
    let attempt = Attempt {
        passphrase: text("Schlu\u{308}ssel fix"),
        ..person.attempt(NOON, NOON)
    };
    assert!(person.try_attempt(attempt).is_ok());
}

#[test]
fn burnt_offsets_are_found_nowhere_in_the_file_or_its_journal() {
    let person = Person::new();
    let chunk = |number: i64| -> Option<Vec<u8>> {
        let connection = Connection::open(&person.path).unwrap();
        let mut statement = connection
            .prepare("SELECT sealed FROM totp WHERE chunk = ?1")
            .unwrap();
        statement.query_row([number], |row| row.get(0)).ok()
    };
    let (first, second) = (chunk(0).unwrap(), chunk(1).unwrap());
    let header = crate::file::read_header(&Connection::open(&person.path).unwrap())
        .unwrap()
        .0;
    assert!(found_in_folder(person.folder.path(), &first[20..60]));
    // While it is unlocked, so that the journal of the open file is looked at as well.
    let vault = person.unlock(later(10)).unwrap();
    for piece in [&first[..40], &first[20..60], &first[first.len() - 40..]] {
        assert!(!found_in_folder(person.folder.path(), piece));
    }
    assert!(!found_in_folder(person.folder.path(), &header.root_mac));
    assert!(found_in_folder(person.folder.path(), &second[20..60]));
    drop(vault);
    let burnt = chunk(0).unwrap();
    // Into the next chunk: the one before goes whole.
    let vault = person.unlock(later(70)).unwrap();
    for gone in [&burnt, &second] {
        assert!(!found_in_folder(person.folder.path(), &gone[20..60]));
    }
    drop(vault);
    assert_eq!(chunk(0), None);
}

#[test]
fn the_table_is_extended_at_half_and_lapses_when_it_is_not_used() {
    let person = Person::new();
    // 120 steps, of which 60 are left: not yet.
    drop(person.unlock(later(59)).unwrap());
    let layout = || Locked::open(&person.path).unwrap().file.header.layout;
    let end = layout().end;
    let vault = person.unlock(later(60)).unwrap();
    assert_eq!(layout_len(&vault.file.header), 240);
    assert!(vault.verify().ok, "{:?}", vault.verify());
    drop(vault);
    assert!(layout().end > end);
    // A code of the new part, and the last one of all, which a dead clock may name with `at`.
    drop(person.unlock(later(150)).unwrap());
    let last = layout().end.0 - 1 - NOON.secs() / 30;
    let attempt = Attempt {
        at: Some(later(last)),
        ..person.attempt(later(last), UnixMillis(0))
    };
    drop(person.try_attempt(attempt).unwrap());
    let end = layout().end.0 - NOON.secs() / 30;
    let lapsed = person.unlock(later(end + 1)).err();
    let day = Locked::open(&person.path).unwrap().status().last_code_day;
    assert_eq!(day, "2026-11-01");
    assert_eq!(
        lapsed,
        Some(UnlockError::HorizonLapsed { last_code_day: day })
    );
}

fn layout_len(header: &Header) -> u64 {
    header.layout.end.0 - header.layout.base.0
}

#[test]
fn a_code_typed_at_creation_is_checked_and_spent() {
    let folder = folder();
    let path = folder.path().join("vault.strongroom");
    let device = DeviceSecret::from_slice(&[7; 32]).unwrap();
    let draft = Draft::new(text(PASSPHRASE), device, cheap(), Horizon::of_steps(60)).unwrap();
    let authenticator = scan(&draft.otpauth_uri());
    let code = |time: UnixMillis| {
        authenticator
            .codes()
            .at(strongroom_crypto::totp::Step::at(time.secs()))
    };
    let create = |code: &Code| draft.create(&path, Some(code), later(5), &mut |_| {});
    assert_eq!(
        create(&code(later(2))).err(),
        Some(CreateError::CodeMismatch)
    );
    assert!(!path.exists(), "nothing is created for a wrong code");
    // The authenticator's clock is a step behind; its step is where the table begins.
    let mut stages = Vec::new();
    let enrolled = draft
        .create(&path, Some(&code(later(4))), later(5), &mut |progress| {
            stages.push(progress.stage);
        })
        .unwrap();
    assert!(stages.contains(&"deriving the key") && stages.contains(&"preparing the codes"));
    assert_eq!(enrolled.vault_id, draft.vault_id());
    assert_eq!(
        create(&code(later(5))).err(),
        Some(CreateError::Exists(fs::canonicalize(&path).unwrap()))
    );
    let device = DeviceSecret::from_slice(&[7; 32]).unwrap();
    let person = Person {
        folder,
        path,
        device,
        authenticator,
        enrolled,
    };
    let replay = person.try_attempt(person.attempt(later(4), later(5)));
    assert_eq!(replay.err(), wrong(None));
    assert!(person.unlock(later(5)).is_ok());
}

#[test]
fn hostile_costs_are_refused_before_argon2_runs() {
    let person = Person::new();
    let (sealed, header) =
        crate::file::read_header(&Connection::open(&person.path).unwrap()).unwrap();
    let honest = header.kdf.cost.parameters();
    let place = sealed
        .body
        .windows(4)
        .position(|w| w == honest.memory_kib.to_le_bytes())
        .unwrap();
    for cost in [
        Cost {
            memory_kib: u32::MAX,
            ..honest
        },
        Cost {
            memory_kib: 8,
            ..honest
        },
        Cost {
            passes: 1,
            ..honest
        },
        Cost {
            passes: u32::MAX,
            ..honest
        },
        Cost {
            lanes: 0x00ff_ffff,
            ..honest
        },
    ] {
        // With the right checksum: only the bounds stand between this and Argon2id.
        let mut hostile = sealed.clone();
        let numbers = [cost.memory_kib, cost.passes, cost.lanes].map(u32::to_le_bytes);
        hostile.body[place..place + 12].copy_from_slice(numbers.as_flattened());
        Connection::open(&person.path)
            .unwrap()
            .execute(
                "UPDATE header SET body = ?1, sha256 = ?2",
                rusqlite::params![hostile.body, hostile.checksum()],
            )
            .unwrap();
        let refused = Locked::open(&person.path).err();
        assert!(
            matches!(&refused, Some(OpenError::Damaged(d)) if d.problem.contains("Argon2id cost")),
            "{cost:?}: {refused:?}"
        );
    }
}

#[test]
fn no_vault_has_an_empty_or_unstable_passphrase() {
    let new = |passphrase| {
        let device = DeviceSecret::random();
        Draft::new(text(passphrase), device, cheap(), Horizon::default()).err()
    };
    assert_eq!(new(""), Some(PassphraseError::Empty));
    assert!(matches!(
        new("a\u{378}"),
        Some(PassphraseError::Unassigned(_))
    ));
}
