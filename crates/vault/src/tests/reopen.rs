//! Opening what was just written, without another code.

use strongroom_contract::vault::Freshness;
use strongroom_crypto::totp::Step;

use super::support::{NOON, PASSPHRASE, Person, cheap, folder, later, new_item, scan, text};
use crate::{Burn, DeviceSecret, Draft, Horizon, Locked, UnlockError};

#[test]
fn a_new_vault_opens_although_its_code_is_spent() {
    let folder = folder();
    let path = folder.path().join("vault.strongroom");
    let horizon = Horizon::of_steps(120);
    let draft = Draft::new(text(PASSPHRASE), DeviceSecret::random(), cheap(), horizon).unwrap();
    let code = scan(&draft.otpauth_uri()).codes().at(Step::at(NOON.secs()));
    let enrolled = draft.create(&path, Some(&code), NOON, &mut |_| {}).unwrap();
    let mut vault = Locked::open(&path)
        .unwrap()
        .reopen(enrolled.reopener)
        .map_err(|refused| refused.error)
        .unwrap();
    assert_eq!(vault.freshness(), Freshness::Proven);
    assert_eq!(vault.burn(), &Burn::NoCode);
    assert_eq!(vault.anchor(), enrolled.anchor);
    vault.add(&new_item("one", "secret"), NOON).unwrap();
    // The table of codes is checked as well: its key is at hand.
    assert!(vault.verify().ok);
}

#[test]
fn a_recovered_vault_opens_and_another_one_does_not() {
    let person = Person::new();
    let recover = |person: &Person| {
        Locked::open(&person.path)
            .unwrap()
            .recover(
                &person.enrolled.recovery_code,
                text("a new passphrase"),
                DeviceSecret::random(),
                cheap(),
                Horizon::of_steps(60),
            )
            .map_err(|refused| refused.error)
            .unwrap()
            .finish(None, later(1), &mut |_| {})
            .map_err(|refused| refused.error)
            .unwrap()
    };
    let (locked, enrolled) = recover(&person);
    let vault = locked
        .reopen(enrolled.reopener)
        .map_err(|refused| refused.error)
        .unwrap();
    assert!(vault.verify().ok);
    drop(vault);

    // What the creation has left opens neither the recovered vault nor another one.
    let other = Person::new().enrolled.reopener;
    for stale in [person.enrolled.reopener, other] {
        let refused = Locked::open(&person.path)
            .unwrap()
            .reopen(stale)
            .err()
            .unwrap();
        assert_eq!(refused.error, UnlockError::WrongDeviceSecret);
    }
}

#[test]
fn another_vault_of_the_same_factors_is_refused() {
    let folder = folder();
    let path = folder.path().join("vault.strongroom");
    let horizon = Horizon::of_steps(120);
    let draft = Draft::new(text(PASSPHRASE), DeviceSecret::random(), cheap(), horizon).unwrap();
    let first = draft.create(&path, None, NOON, &mut |_| {}).unwrap();
    std::fs::remove_file(&path).unwrap();
    // The same factors and device secret around another root key.
    draft.create(&path, None, NOON, &mut |_| {}).unwrap();
    let refused = Locked::open(&path)
        .unwrap()
        .reopen(first.reopener)
        .err()
        .unwrap();
    assert!(
        matches!(refused.error, UnlockError::Damaged(_)),
        "{:?}",
        refused.error
    );
}
