//! Whoever can write the file but has no key: older copies, and rows of other times and places.

use std::fs;

use rusqlite::Connection;
use strongroom_contract::vault::{Freshness, VersionState};

use super::support::{NOON, Person, Records, later, new_item, text};
use crate::{Attempt, SecretFields, UnlockError, Unlocked};

fn records_with_two_items() -> Records {
    let records = Records::new();
    let mut vault = records.open();
    vault.add(&new_item("one", "first"), NOON).unwrap();
    vault.add(&new_item("two", "second"), NOON).unwrap();
    drop(vault);
    records
}

/// Whether the vault refuses the file after `tamper` was run on it.
fn refuses(records: &Records, tamper: &str) -> bool {
    let connection = Connection::open(&records.path).unwrap();
    connection.execute_batch(tamper).unwrap();
    drop(connection);
    records.try_open(&records.path).is_err()
}

#[test]
fn rows_that_are_swapped_copied_deleted_or_relabelled_are_found() {
    for tamper in [
        // Swapped: the bodies, or the whole rows' contents, of two items.
        "CREATE TEMP TABLE t AS SELECT id, wrap, body FROM overview;
         UPDATE overview SET (wrap, body) = (SELECT wrap, body FROM t WHERE t.id != overview.id)",
        "CREATE TEMP TABLE t AS SELECT id, wrap, body FROM secret;
         UPDATE secret SET (wrap, body) = (SELECT wrap, body FROM t WHERE t.id != secret.id)",
        "CREATE TEMP TABLE t AS SELECT id, body FROM secret;
         UPDATE secret SET body = (SELECT body FROM t WHERE t.id != secret.id)",
        // Copied: under another id, version or table.
        "INSERT INTO overview SELECT randomblob(16), version, epoch, wrap, body FROM overview LIMIT 1",
        "INSERT INTO secret SELECT id, version + 1, epoch, wrap, body FROM secret LIMIT 1",
        "INSERT INTO secret SELECT randomblob(16), version, epoch, wrap, body FROM secret LIMIT 1",
        // Deleted: one row, a whole table, a chunk of codes, the newest state, the oldest.
        "DELETE FROM overview WHERE id = (SELECT min(id) FROM overview)",
        "DELETE FROM secret WHERE id = (SELECT min(id) FROM secret)",
        "DELETE FROM overview; DELETE FROM secret",
        "DELETE FROM totp WHERE chunk = 1",
        "DELETE FROM history WHERE counter = (SELECT max(counter) FROM history)",
        "DELETE FROM history WHERE counter = 1",
        "DELETE FROM history",
        "DELETE FROM header",
        // Relabelled.
        "UPDATE overview SET version = version + 1",
        "UPDATE overview SET epoch = 2",
        "UPDATE secret SET version = 2",
        "UPDATE secret SET epoch = 2",
        "UPDATE history SET counter = counter + 1, slot = slot + 1 WHERE counter = (SELECT max(counter) FROM history)",
        "UPDATE history SET slot = slot + 100",
        "UPDATE totp SET chunk = 2 - chunk",
        "UPDATE header SET root_mac = zeroblob(32)",
        "UPDATE header SET body = zeroblob(312)",
        // Foreign things.
        "CREATE TABLE more (x)",
        "CREATE VIEW v AS SELECT * FROM secret",
        "CREATE TRIGGER t AFTER INSERT ON secret BEGIN DELETE FROM overview; END",
        "CREATE INDEX i ON overview (version)",
        "PRAGMA user_version = 2",
        "PRAGMA application_id = 7",
    ] {
        let records = records_with_two_items();
        assert!(refuses(&records, tamper), "{tamper}");
    }
    let records = records_with_two_items();
    assert!(!refuses(&records, "SELECT 1"), "an untouched vault opens");
}

#[test]
fn rows_of_an_earlier_time_are_found() {
    let records = records_with_two_items();
    let old = records.folder.path().join("old");
    fs::copy(&records.path, &old).unwrap();
    let mut vault = records.open();
    let newer = SecretFields::secret(text("third"));
    vault
        .add_version("one", &newer, VersionState::Current, later(1))
        .unwrap();
    vault.remove("two").unwrap();
    drop(vault);
    let now = fs::read(&records.path).unwrap();
    let attach = format!("ATTACH '{}' AS old; ", old.display());
    for tamper in [
        // Aged: the item as it was before its second version.
        "UPDATE overview SET (version, wrap, body) = \
         (SELECT version, wrap, body FROM old.overview o WHERE o.id = overview.id)",
        // Resurrected: what was removed comes back.
        "INSERT OR IGNORE INTO overview SELECT * FROM old.overview; \
         INSERT OR IGNORE INTO secret SELECT * FROM old.secret",
        // Mixed ages: every record of before, with the states of now, and the other way round.
        "DELETE FROM overview; DELETE FROM secret; INSERT INTO overview SELECT * FROM old.overview; \
         INSERT INTO secret SELECT * FROM old.secret",
        "DELETE FROM history; INSERT INTO history SELECT * FROM old.history",
    ] {
        fs::write(&records.path, &now).unwrap();
        assert!(refuses(&records, &format!("{attach}{tamper}")), "{tamper}");
    }
    fs::write(&records.path, &now).unwrap();
    assert!(records.try_open(&records.path).is_ok());
}

#[test]
fn an_old_header_brings_no_burnt_code_back() {
    let person = Person::new();
    let old = person.folder.path().join("old");
    fs::copy(&person.path, &old).unwrap();
    drop(person.unlock(NOON).unwrap());
    let now = fs::read(&person.path).unwrap();
    let attach = format!("ATTACH '{}' AS old; ", old.display());
    let paste = |tamper: &str| {
        fs::write(&person.path, &now).unwrap();
        let connection = Connection::open(&person.path).unwrap();
        connection
            .execute_batch(&format!("{attach}{tamper}"))
            .unwrap();
        drop(connection);
        person.unlock(NOON).map(drop)
    };
    let header = "DELETE FROM header; INSERT INTO header SELECT * FROM old.header; ";
    let codes = "DELETE FROM totp; INSERT INTO totp SELECT * FROM old.totp; ";
    // The erased offset is gone whatever the header says; with the old offsets the code opens the
    // root key, and the manifest tells.
    assert!(matches!(
        paste(header),
        Err(UnlockError::WrongFactors { .. })
    ));
    assert!(matches!(
        paste(&format!("{header}{codes}")),
        Err(UnlockError::Damaged(_))
    ));
    assert!(matches!(
        paste(codes),
        Err(UnlockError::WrongFactors {
            next_code_in: Some(_)
        })
    ));
}

#[test]
fn an_older_and_a_diverged_copy_are_recognised() {
    let person = Person::new();
    let copy = person.folder.path().join("copy");
    let open = |step: u64, anchor, accept_older| -> Result<Unlocked, UnlockError> {
        person.try_attempt(Attempt {
            anchor,
            accept_older,
            ..person.attempt(later(step), later(step))
        })
    };
    let mut vault = open(0, None, false).unwrap();
    assert_eq!(vault.freshness(), Freshness::Unproven);
    let before = vault.anchor();
    drop(vault);
    fs::copy(&person.path, &copy).unwrap();

    vault = open(1, Some(before), false).unwrap();
    assert_eq!(vault.freshness(), Freshness::Proven);
    vault.add(&new_item("one", "first"), NOON).unwrap();
    let newest = vault.anchor();
    assert_eq!(newest.counter, before.counter + 2);
    drop(vault);
    // A later state than the anchor is no older copy: the anchor is written after the change.
    assert_eq!(
        open(2, Some(before), false).map(|v| v.freshness()),
        Ok(Freshness::Proven)
    );

    fs::copy(&copy, &person.path).unwrap();
    let older = UnlockError::Older {
        file: before.counter,
        seen: newest.counter,
    };
    assert_eq!(open(3, Some(newest), false).err(), Some(older));
    // The refusal has not used the code up.
    let mut vault = open(3, Some(newest), true).unwrap();
    assert_eq!(vault.freshness(), Freshness::AcceptedOlder);
    assert!(vault.is_empty());
    for name in ["two", "three"] {
        vault.add(&new_item(name, "other"), NOON).unwrap();
    }
    assert!(vault.anchor().counter > newest.counter);
    drop(vault);
    assert_eq!(
        open(4, Some(newest), false).err(),
        Some(UnlockError::Diverged)
    );
    assert_eq!(
        open(4, Some(before), false).map(|v| v.freshness()),
        Ok(Freshness::Proven)
    );
}

#[test]
fn the_file_remembers_its_last_1024_states() {
    let records = Records::new();
    let mut vault = records.open();
    vault.add(&new_item("one", "first"), NOON).unwrap();
    let mut anchors = Vec::new();
    for turn in 0..1_030 {
        let state = [VersionState::Retiring, VersionState::Current][turn % 2];
        vault.set_version_state("one", 1, state, NOON).unwrap();
        anchors.push(vault.anchor());
    }
    drop(vault);
    let vault = records.open();
    assert!(vault.verify().ok);
    let known = |anchor| {
        let compared = vault.ledger.compare_anchor(&vault.file.connection, anchor);
        compared.unwrap().is_ok()
    };
    assert!(anchors[6..].iter().all(|anchor| known(*anchor)));
    assert!(!anchors[..6].iter().any(|anchor| known(*anchor)));
}
