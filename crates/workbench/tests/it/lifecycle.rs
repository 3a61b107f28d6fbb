//! From creation to locking, with a key file.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use strongroom_contract::{
    agent::{Lock, Nothing, RecoverArgs, RecoverBegin, Unlock, UnlockArgs, Verify},
    error::ErrorCode,
    vault::{Freshness, VaultState},
};
use strongroom_workbench::{activity::Act, agent::Options};

use crate::scene::{PATIENT, Scene, Vault, call, enrolment, in_file, secret, state, status};

#[test]
fn a_vault_is_created_opened_and_locked() {
    let scene = Scene::new();
    let mut client = scene.client();
    assert_eq!(state(&mut client), VaultState::None);
    let missing = call::<Unlock>(&mut client, &nonsense()).err().unwrap();
    assert_eq!(missing.code, ErrorCode::NotFound);

    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    let locked = status(&mut client);
    assert_eq!(locked.state, VaultState::Locked);
    assert_eq!(
        locked.vault_id.as_deref(),
        Some(vault.enrolled.vault_id.as_str())
    );
    assert_eq!(locked.items, None);

    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&scene.home.vault_file()), 0o600);
    assert_eq!(mode(&scene.key_file()), 0o600);

    let unlocked = vault.unlock(&mut client);
    assert_eq!(unlocked.status.state, VaultState::Unlocked);
    assert_eq!(unlocked.status.items, Some(0));
    assert!(!unlocked.status.reveal_allowed);
    assert!(unlocked.status.last_code_day.is_some());

    let verified = call::<Verify>(&mut client, &Nothing {}).unwrap();
    assert!(verified.ok && verified.unlocked, "{:?}", verified.findings);

    let locked = call::<Lock>(&mut client, &Nothing {}).unwrap();
    assert_eq!(locked.state, VaultState::Locked);
    let verified = call::<Verify>(&mut client, &Nothing {}).unwrap();
    assert!(verified.ok && !verified.unlocked, "{:?}", verified.findings);

    let acts: Vec<Act> = scene
        .session
        .activity()
        .entries()
        .iter()
        .map(|entry| entry.act)
        .collect();
    assert_eq!(acts, [Act::Created, Act::Unlocked, Act::Locked]);
}

#[test]
fn a_new_owner_finds_the_device_secret_and_the_anchor_by_itself() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let scene = scene.restarted();
    let mut client = scene.client();
    let unlocked = vault.unlock(&mut client);
    assert_eq!(unlocked.status.freshness, Some(Freshness::Proven));
}

#[test]
fn a_code_works_once_and_wrong_factors_say_nothing_more() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    let args = vault.unlock_args();
    let (at, code) = (args.at, args.code.expose_secret().to_owned());
    call::<Unlock>(&mut client, &args).unwrap();
    call::<Lock>(&mut client, &Nothing {}).unwrap();
    let replayed = UnlockArgs {
        at,
        code: secret(&code),
        ..vault.unlock_args()
    };
    let replayed = call::<Unlock>(&mut client, &replayed).unwrap_err();
    assert_eq!(replayed.code, ErrorCode::WrongFactors);

    let passphrase = UnlockArgs {
        passphrase: secret("wrong"),
        ..vault.unlock_args()
    };
    let passphrase = call::<Unlock>(&mut client, &passphrase).unwrap_err();
    let args = vault.unlock_args();
    let other = if args.code.expose_secret() == "000000" {
        "000001"
    } else {
        "000000"
    };
    let args = UnlockArgs {
        code: secret(other),
        ..args
    };
    let code = call::<Unlock>(&mut client, &args).unwrap_err();
    assert_eq!(passphrase.code, ErrorCode::WrongFactors);
    assert_eq!(passphrase.message, code.message);

    let malformed = UnlockArgs {
        code: secret("12345"),
        ..vault.unlock_args()
    };
    assert_eq!(
        call::<Unlock>(&mut client, &malformed).unwrap_err().code,
        ErrorCode::Usage
    );
    assert_eq!(state(&mut client), VaultState::Locked);
    vault.unlock(&mut client);
}

#[test]
fn a_missing_or_strange_device_secret_is_named_before_the_factors_are_tried() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    let kept = fs::read(scene.key_file()).unwrap();
    fs::remove_file(scene.key_file()).unwrap();
    let missing = call::<Unlock>(&mut client, &vault.unlock_args()).unwrap_err();
    assert_eq!(missing.code, ErrorCode::DeviceSecret);
    assert!(missing.message.contains(scene.key_file().to_str().unwrap()));
    fs::write(scene.key_file(), "not a key file").unwrap();
    let damaged = call::<Unlock>(&mut client, &vault.unlock_args()).unwrap_err();
    assert_eq!(damaged.code, ErrorCode::DeviceSecret);
    fs::write(scene.key_file(), kept).unwrap();
    vault.unlock(&mut client);
}

#[test]
fn an_older_copy_is_recognised_and_accepted_only_explicitly() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    let older = fs::read(scene.home.vault_file()).unwrap();
    vault.unlock(&mut client);
    let scene = scene.restarted();
    fs::write(scene.home.vault_file(), older).unwrap();
    let mut client = scene.client();
    let refused = call::<Unlock>(&mut client, &vault.unlock_args()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RolledBack);
    assert_eq!(state(&mut client), VaultState::Locked);
    let args = UnlockArgs {
        accept_older: true,
        ..vault.unlock_args()
    };
    let unlocked = call::<Unlock>(&mut client, &args).unwrap();
    assert_eq!(unlocked.status.freshness, Some(Freshness::AcceptedOlder));
    call::<Lock>(&mut client, &Nothing {}).unwrap();
    // From here on, this copy is the newest one.
    let unlocked = vault.unlock(&mut client);
    assert_eq!(unlocked.status.freshness, Some(Freshness::Proven));
}

#[test]
fn a_recovery_of_an_older_copy_is_accepted_only_explicitly() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    let older = fs::read(scene.home.vault_file()).unwrap();
    vault.unlock(&mut client);
    let scene = scene.restarted();
    fs::write(scene.home.vault_file(), older).unwrap();
    let mut client = scene.client();
    let args = |accept_older| RecoverArgs {
        recovery_code: secret(vault.enrolled.recovery_code.expose_secret()),
        enrolment: enrolment(in_file(&scene.dir.path().join("new.key"))),
        accept_older,
    };
    let refused = call::<RecoverBegin>(&mut client, &args(false))
        .err()
        .unwrap();
    assert_eq!(refused.code, ErrorCode::RolledBack, "{refused}");
    call::<RecoverBegin>(&mut client, &args(true)).unwrap();
}

#[test]
fn without_an_anchor_freshness_is_unproven_and_nothing_is_refused() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    let scene = scene.restarted();
    let mut anchor = scene.key_file().into_os_string();
    anchor.push(".anchor");
    fs::remove_file(anchor).unwrap();
    let unlocked = vault.unlock(&mut scene.client());
    assert_eq!(unlocked.status.freshness, Some(Freshness::Unproven));
    assert!(!unlocked.warnings.is_empty());
}

#[test]
fn a_damaged_file_is_named_as_such() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    let scene = scene.restarted();
    fs::write(scene.home.vault_file(), vec![0x55; 8_192]).unwrap();
    let mut client = scene.client();
    let damaged = call::<Unlock>(&mut client, &vault.unlock_args()).unwrap_err();
    assert_eq!(damaged.code, ErrorCode::Damaged);
    assert!(damaged.hint.is_some());
}

#[test]
fn an_unused_vault_locks_itself_and_the_owner_ends_after_a_while() {
    let scene = Scene::with(Options {
        idle: Duration::from_millis(300),
        linger: Duration::from_millis(300),
    });
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let home = scene.home.clone();
    // The connection stays open: it alone keeps nothing alive.
    let session = std::sync::Arc::clone(&scene.session);
    let _dir = scene.ended();
    let acts: Vec<Act> = session
        .activity()
        .entries()
        .iter()
        .map(|entry| entry.act)
        .collect();
    assert_eq!(acts, [Act::Created, Act::Unlocked, Act::Locked]);
    assert!(
        strongroom_workbench::client::Client::connect(&home)
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_client_that_goes_while_its_unlock_is_under_way_leaves_the_vault_locked() {
    let scene = Scene::with(PATIENT);
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    crate::hostile::send_and_go(&scene, "vault.unlock", &vault.unlock_args());
    let mut client = scene.client();
    // Answered once the unlock that nobody waits for is over.
    assert_eq!(state(&mut client), VaultState::Locked);
    vault.unlock(&mut client);
}

fn nonsense() -> UnlockArgs {
    UnlockArgs {
        passphrase: secret("p"),
        code: secret("000000"),
        at: None,
        allow_read: false,
        accept_older: false,
    }
}
