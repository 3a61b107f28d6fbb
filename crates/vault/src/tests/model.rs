//! Random operations against a model, with the vault opened anew in between.

use std::collections::{BTreeMap, btree_map::Entry};

use proptest::prelude::*;
use strongroom_contract::vault::VersionState;

use super::support::{Records, contents, later, new_item, text};
use crate::{Changes, ItemName, SecretFields, WriteError};

#[derive(Debug, Clone)]
enum Operation {
    Add(u8, String),
    Rename(u8, u8),
    AddVersion(u8, String, VersionState),
    SetState(u8, u32, VersionState),
    Prune(u8, u32),
    Remove(u8),
    Reopen,
}

fn state() -> impl Strategy<Value = VersionState> {
    prop::sample::select(vec![
        VersionState::Staged,
        VersionState::Current,
        VersionState::Retiring,
        VersionState::Revoked,
    ])
}

fn operation() -> impl Strategy<Value = Operation> {
    let name = || 0..5u8;
    let secret = || "[a-zé ]{1,300}";
    prop_oneof![
        4 => (name(), secret()).prop_map(|(name, secret)| Operation::Add(name, secret)),
        1 => (name(), name()).prop_map(|(from, to)| Operation::Rename(from, to)),
        3 => (name(), secret(), state()).prop_map(|(n, s, state)| Operation::AddVersion(n, s, state)),
        2 => (name(), 1..4u32, state()).prop_map(|(n, v, state)| Operation::SetState(n, v, state)),
        1 => (name(), 1..4u32).prop_map(|(name, version)| Operation::Prune(name, version)),
        2 => name().prop_map(Operation::Remove),
        2 => Just(Operation::Reopen),
    ]
}

/// Version to its state and secret.
type Versions = BTreeMap<u32, (VersionState, String)>;

fn set(versions: &mut Versions, version: u32, state: VersionState) {
    for (known, (old, _)) in versions.iter_mut() {
        if *known == version {
            *old = state;
        } else if state == VersionState::Current && *old == VersionState::Current {
            *old = VersionState::Retiring;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_vault_does_what_the_model_does(operations in prop::collection::vec(operation(), 1..30)) {
        let records = Records::new();
        let mut vault = records.open();
        let mut model: BTreeMap<u8, Versions> = BTreeMap::new();
        let name = |name: u8| format!("item {name}");
        for (turn, operation) in (0..).zip(operations) {
            let now = later(turn);
            match operation {
                Operation::Add(item, secret) => {
                    let result = vault.add(&new_item(&name(item), &secret), now).map(drop);
                    match model.entry(item) {
                        Entry::Occupied(_) => {
                            prop_assert_eq!(result, Err(WriteError::NameTaken(name(item))));
                        }
                        Entry::Vacant(place) => {
                            prop_assert_eq!(result, Ok(()));
                            place.insert([(1, (VersionState::Current, secret))].into());
                        }
                    }
                }
                Operation::Rename(from, to) => {
                    let changes = Changes {
                        name: ItemName::parse(&name(to)).ok(),
                        ..Changes::default()
                    };
                    let done = vault.update(&name(from), changes, now).is_ok();
                    let allowed = model.contains_key(&from) && (from == to || !model.contains_key(&to));
                    prop_assert_eq!(done, allowed);
                    if allowed && let Some(versions) = model.remove(&from) {
                        model.insert(to, versions);
                    }
                }
                Operation::AddVersion(item, secret, state) => {
                    let fields = SecretFields::secret(text(&secret));
                    let result = vault.add_version(&name(item), &fields, state, now);
                    match model.get_mut(&item) {
                        Some(versions) => {
                            let version = versions.keys().last().unwrap() + 1;
                            prop_assert_eq!(result, Ok(version));
                            versions.insert(version, (VersionState::Staged, secret));
                            set(versions, version, state);
                        }
                        None => prop_assert!(matches!(result, Err(WriteError::Select(_)))),
                    }
                }
                Operation::SetState(item, version, state) => {
                    let done = vault.set_version_state(&name(item), version, state, now).is_ok();
                    let versions = model.get_mut(&item).filter(|v| v.contains_key(&version));
                    prop_assert_eq!(done, versions.is_some());
                    if let Some(versions) = versions {
                        set(versions, version, state);
                    }
                }
                Operation::Prune(item, version) => {
                    let done = vault.prune(&name(item), version, now).is_ok();
                    let versions = model.get_mut(&item);
                    let allowed = versions.as_ref().is_some_and(|versions| {
                        let newest = versions.keys().last() == Some(&version);
                        let state = versions.get(&version).map(|(state, _)| *state);
                        state == Some(VersionState::Revoked) && !newest
                    });
                    prop_assert_eq!(done, allowed);
                    if allowed && let Some(versions) = versions {
                        versions.remove(&version);
                    }
                }
                Operation::Remove(item) => {
                    prop_assert_eq!(vault.remove(&name(item)).is_ok(), model.remove(&item).is_some());
                }
                Operation::Reopen => {
                    let anchor = vault.anchor();
                    drop(vault);
                    vault = records.open();
                    prop_assert_eq!(vault.anchor(), anchor);
                }
            }
        }
        drop(vault);
        let vault = records.open();
        let verified = vault.verify();
        prop_assert!(verified.ok, "{:?}", verified);
        let expected: Vec<_> = model
            .iter()
            .map(|(item, versions)| {
                let newest_first = versions.iter().rev();
                let states = newest_first.map(|(v, (state, secret))| (*v, *state, Some(secret.clone())));
                (name(*item), states.collect::<Vec<_>>())
            })
            .collect();
        let found: Vec<_> = contents(&vault)
            .into_iter()
            .map(|(view, secrets)| {
                let versions = view.versions.iter().map(|v| (v.version, v.state));
                let versions = versions.zip(secrets).map(|((v, state), secret)| (v, state, secret));
                (view.name.clone(), versions.collect::<Vec<_>>())
            })
            .collect();
        prop_assert_eq!(found, expected);
    }
}
