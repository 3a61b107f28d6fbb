//! Items that are about to be removed.

use super::support::{NOON, Records, later, new_item};
use crate::{Changes, ItemId, ItemName, SelectError, WriteError};

fn names(vault: &crate::Unlocked) -> Vec<&str> {
    vault.items().map(crate::Item::name).collect()
}

#[test]
fn what_is_set_aside_is_hidden_and_can_be_put_back_whatever_happens_meanwhile() {
    let records = Records::new();
    let mut vault = records.open();
    for name in ["one", "two"] {
        vault.add(&new_item(name, "secret"), NOON).unwrap();
    }
    let before = vault.anchor();
    let aside = vault.set_aside("one").unwrap();
    assert_eq!((names(&vault), vault.len()), (vec!["two"], 1));
    let hidden = SelectError::NotFound("one".to_owned());
    assert_eq!(vault.find("one").err(), Some(hidden.clone()));
    assert!(vault.find(&aside.id).is_err());
    assert!(vault.secret("one", "secret", None).is_err());
    assert_eq!(
        vault.set_aside("one").err(),
        Some(WriteError::Select(hidden))
    );
    assert_eq!(vault.anchor(), before, "nothing is written");

    // Nobody takes its name, by adding or by renaming.
    let taken = Some(WriteError::NameNotYetFree("one".to_owned()));
    assert_eq!(vault.check_add("one").err(), taken);
    assert_eq!(vault.add(&new_item("one", "other"), NOON).err(), taken);
    let renamed = Changes {
        name: ItemName::parse("one").ok(),
        ..Changes::default()
    };
    assert_eq!(vault.update("two", renamed, later(1)).err(), taken);
    vault.add(&new_item("three", "secret"), NOON).unwrap();

    assert_eq!(
        vault.put_back("two").err().unwrap(),
        SelectError::NotFound("two".to_owned())
    );
    assert_eq!(vault.put_back(&aside.id).unwrap().view(), aside);
    assert_eq!(names(&vault), ["one", "three", "two"]);
    assert!(vault.secret("one", "secret", None).is_ok());
    assert!(vault.put_back("one").is_err(), "it is back already");
    assert!(vault.verify().ok);
}

#[test]
fn what_is_set_aside_is_removed_for_good_or_still_there_after_a_lock() {
    let records = Records::new();
    let mut vault = records.open();
    for name in ["one", "two"] {
        vault.add(&new_item(name, "secret"), NOON).unwrap();
    }
    let one = vault.set_aside("one").unwrap();
    vault.set_aside("two").unwrap();
    let id: ItemId = one.id.parse().unwrap();
    assert_eq!(vault.remove_aside(id).unwrap(), one);
    assert!(vault.remove_aside(id).is_err(), "it is gone");
    assert!(vault.put_back("one").is_err());
    vault.add(&new_item("one", "anew"), NOON).unwrap();
    assert!(vault.verify().ok);
    drop(vault);
    // The other one was not removed: whoever locks without doing so loses nothing.
    let vault = records.open();
    assert_eq!(names(&vault), ["one", "two"]);
    assert!(vault.verify().ok);
}
