//! Items as a caller meets them: names, ids, fields, versions.

use std::collections::BTreeMap;

use strongroom_contract::vault::{ItemKind, VersionState};

use super::support::{NOON, Records, later, new_item, text};
use crate::{
    Changes, InvalidItem, ItemName, NewItem, ReadError, SecretFields, SelectError, TooLong,
    WriteError,
};

fn read(
    vault: &crate::Unlocked,
    selector: &str,
    field: &str,
    version: Option<u32>,
) -> Result<String, ReadError> {
    let secret = vault.secret(selector, field, version)?;
    Ok(secret.expose_secret().to_owned())
}

#[test]
fn items_are_found_by_name_and_id_and_ambiguity_lists_the_candidates() {
    let records = Records::new();
    let mut vault = records.open();
    let id = vault
        .add(&new_item("payments", "first"), NOON)
        .unwrap()
        .id()
        .to_string();
    for selector in ["payments", &id, &id[..8], &id[..20], &id.to_uppercase()] {
        assert!(
            vault
                .find(selector)
                .is_ok_and(|item| item.name() == "payments"),
            "{selector}"
        );
    }
    for selector in [
        "",
        "Payments",
        "payment",
        &id[..7],
        &format!("{id}0"),
        "a/b",
    ] {
        assert_eq!(
            vault.find(selector).err(),
            Some(SelectError::NotFound(selector.to_owned()))
        );
    }
    // An item whose name is another's id.
    vault.add(&new_item(&id, "second"), NOON).unwrap();
    let Some(SelectError::Ambiguous { candidates, .. }) = vault.find(&id).err() else {
        panic!("an ambiguous selector was taken");
    };
    assert_eq!(candidates.len(), 2);
    assert!(
        candidates
            .iter()
            .any(|candidate| candidate.starts_with("payments ("))
    );
    assert!(matches!(vault.remove(&id), Err(WriteError::Select(_))));
}

#[test]
fn fields_are_read_one_at_a_time_by_the_names_of_references() {
    let records = Records::new();
    let mut vault = records.open();
    let secret = SecretFields::secret(text("s3cret"))
        .with("private_key", text("key"))
        .unwrap();
    let item = NewItem {
        public_id: Some("app-1".to_owned()),
        notes: Some("a note".to_owned()),
        ..NewItem::new(
            ItemName::parse("payments").unwrap(),
            ItemKind::Certificate,
            secret,
        )
    };
    vault.add(&item, NOON).unwrap();
    for (field, value) in [
        ("secret", "s3cret"),
        ("private_key", "key"),
        ("id", "app-1"),
        ("name", "payments"),
        ("notes", "a note"),
    ] {
        assert_eq!(read(&vault, "payments", field, None), Ok(value.to_owned()));
    }
    let missing = |field: &str| match read(&vault, "payments", field, None) {
        Err(ReadError::NoField { fields, .. }) => fields,
        other => panic!("{field}: {other:?}"),
    };
    // The secret is not opened to say that the overview's field is empty.
    assert_eq!(missing("scheme"), ["id", "name", "notes"]);
    assert_eq!(
        missing("nothing"),
        ["id", "name", "notes", "secret", "private_key"]
    );
}

#[test]
fn versions_are_kept_and_the_current_one_is_read() {
    let records = Records::new();
    let mut vault = records.open();
    vault.add(&new_item("key", "one"), NOON).unwrap();
    let mut add = |secret, state| {
        vault.add_version("key", &SecretFields::secret(text(secret)), state, later(1))
    };
    assert_eq!(add("two", VersionState::Staged), Ok(2));
    assert_eq!(add("three", VersionState::Staged), Ok(3));
    assert_eq!(read(&vault, "key", "secret", None), Ok("one".to_owned()));
    let item = vault
        .set_version_state("key", 2, VersionState::Current, later(2))
        .unwrap();
    let states: Vec<_> = item.view().versions.iter().map(|v| v.state).collect();
    let expected = [
        VersionState::Staged,
        VersionState::Current,
        VersionState::Retiring,
    ];
    assert_eq!(states, expected);
    assert_eq!(item.view().modified, later(2));
    assert_eq!(read(&vault, "key", "secret", None), Ok("two".to_owned()));
    assert_eq!(read(&vault, "key", "secret", Some(1)), Ok("one".to_owned()));
    let missing = ReadError::NoVersion {
        item: "key".to_owned(),
        version: 4,
    };
    assert_eq!(read(&vault, "key", "secret", Some(4)), Err(missing));
    vault
        .set_version_state("key", 2, VersionState::Revoked, later(3))
        .unwrap();
    assert_eq!(
        read(&vault, "key", "secret", None),
        Err(ReadError::NoneCurrent("key".to_owned()))
    );
    // Only what is revoked goes, and only when it is told to.
    assert!(matches!(
        vault.prune("key", 1, later(4)),
        Err(WriteError::MustBeKept { .. })
    ));
    assert_eq!(vault.prune("key", 2, later(4)), Ok(()));
    assert!(matches!(
        vault.prune("key", 2, later(4)),
        Err(WriteError::NoVersion { .. })
    ));
    assert!(read(&vault, "key", "secret", Some(2)).is_err());
    assert!(vault.verify().ok);
}

#[test]
fn what_cannot_be_stored_is_refused_and_changes_nothing() {
    let records = Records::new();
    let mut vault = records.open();
    vault.add(&new_item("one", "first"), NOON).unwrap();
    let before = vault.anchor();
    let with = |change: fn(&mut NewItem)| {
        let mut item = new_item("two", "second");
        change(&mut item);
        item
    };
    let long = || SecretFields::secret(text(&"x".repeat(1 << 20)));
    let refused = [
        vault.add(&new_item("one", "again"), NOON).err(),
        vault
            .add(
                &with(|item| item.hosts = vec!["https://a".to_owned()]),
                NOON,
            )
            .err(),
        vault
            .add(&with(|item| item.secret = SecretFields::default()), NOON)
            .err(),
        vault
            .add(
                &NewItem {
                    secret: long(),
                    ..new_item("two", "")
                },
                NOON,
            )
            .err(),
        vault
            .add_version("one", &long(), VersionState::Staged, NOON)
            .err(),
        vault
            .add_version("none", &long(), VersionState::Staged, NOON)
            .err(),
        vault.update("none", Changes::default(), NOON).err(),
    ];
    assert!(refused.iter().all(Option::is_some), "{refused:?}");
    assert_eq!(refused[0], Some(WriteError::NameTaken("one".to_owned())));
    assert_eq!(refused[2], Some(WriteError::Invalid(InvalidItem::NoSecret)));
    assert_eq!(refused[3], Some(WriteError::TooLong(TooLong)));
    assert_eq!(
        vault.check_add("one"),
        Err(WriteError::NameTaken("one".to_owned()))
    );
    assert!(vault.check_add("a/b").is_err() && vault.check_add("two").is_ok());
    assert_eq!(vault.anchor(), before);
    assert_eq!(vault.len(), 1);
    assert!(vault.verify().ok);
}

#[test]
fn what_a_scheme_is_told_lies_with_the_item_and_outlives_a_lock() {
    let records = Records::new();
    let mut vault = records.open();
    let region = BTreeMap::from([("region".to_owned(), "eu-west-1".to_owned())]);
    let item = NewItem {
        scheme: Some("sigv4".to_owned()),
        settings: region.clone(),
        ..new_item("aws", "secret")
    };
    vault.add(&item, NOON).unwrap();
    // A change that does not name them leaves them.
    let changes = Changes {
        notes: Some(Some("a note".to_owned())),
        ..Changes::default()
    };
    vault.update("aws", changes, later(1)).unwrap();
    drop(vault);
    let mut vault = records.open();
    assert_eq!(vault.find("aws").unwrap().settings(), &region);
    let changes = Changes {
        settings: Some(BTreeMap::new()),
        ..Changes::default()
    };
    let changed = vault.update("aws", changes, later(2)).unwrap();
    assert!(changed.view().settings.is_empty());
}
