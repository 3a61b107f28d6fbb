//! Creating and recovering: what is asked, what is refused, what a code does.

use std::fs;

use strongroom_contract::{
    agent::{
        CreateBegin, CreateFinish, EnrolFinish, KeyAdd, Lock, Nothing, RecoverArgs, RecoverBegin,
        RecoverFinish, Unlock, UnlockArgs,
    },
    error::ErrorCode,
    time::UnixMillis,
    vault::{DeviceSecretPlace, Enrolment, VaultState},
};
use strongroom_crypto::totp::{STEP_SECONDS, Step};
use strongroom_workbench::os::clock;

use crate::scene::{Scene, Vault, call, code, codes, enrolment, in_file, key, secret, state};

fn now() -> Step {
    Step::at(clock::now().secs())
}

#[test]
fn a_typed_code_is_checked_and_spent() {
    let scene = Scene::new();
    let mut client = scene.client();
    let place = || in_file(&scene.key_file());
    let started = call::<CreateBegin>(&mut client, &enrolment(place())).unwrap();
    let codes = codes(&started.otpauth_uri);
    let current = now();
    let mut wrong = (0..10).map(|n| format!("00000{n}"));
    let wrong = wrong
        .find(|wrong| {
            (current.0 - 2..current.0 + 4)
                .all(|step| code(&codes, Step(step)).expose_secret() != wrong)
        })
        .unwrap();
    let refused = call::<CreateFinish>(
        &mut client,
        &EnrolFinish {
            code: Some(secret(&wrong)),
            open: false,
        },
    );
    let refused = refused.err().unwrap();
    assert_eq!(refused.code, ErrorCode::WrongFactors);
    assert_eq!(state(&mut client), VaultState::None);
    assert!(
        !scene.key_file().exists(),
        "nothing is left of what was not created"
    );

    // The draft is still there: a typing error does not ask for another scan.
    let typed = EnrolFinish {
        code: Some(code(&codes, now())),
        open: false,
    };
    let enrolled = call::<CreateFinish>(&mut client, &typed).unwrap();
    assert!(enrolled.otpauth_uri.is_none());
    assert!(!enrolled.recovery_code.expose_secret().is_empty());
    let again = UnlockArgs {
        passphrase: secret(crate::scene::PASSPHRASE),
        code: typed.code.unwrap(),
        at: None,
        allow_read: false,
        accept_older: false,
    };
    assert_eq!(
        call::<Unlock>(&mut client, &again).unwrap_err().code,
        ErrorCode::WrongFactors
    );
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_made() {
    let scene = Scene::new();
    let mut client = scene.client();
    let place = || in_file(&scene.key_file());
    let sound = || enrolment(place());
    let unfinished = call::<CreateFinish>(
        &mut client,
        &EnrolFinish {
            code: None,
            open: false,
        },
    )
    .err()
    .unwrap();
    assert_eq!(unfinished.code, ErrorCode::Usage);
    for (wrong, expected) in [
        (
            Enrolment {
                kdf_memory_mib: Some(63),
                ..sound()
            },
            ErrorCode::Usage,
        ),
        (
            Enrolment {
                kdf_memory_mib: Some(4096),
                ..sound()
            },
            ErrorCode::Usage,
        ),
        (
            Enrolment {
                totp_horizon_days: 364,
                ..sound()
            },
            ErrorCode::Usage,
        ),
        (
            Enrolment {
                totp_horizon_days: 3651,
                ..sound()
            },
            ErrorCode::Usage,
        ),
        (
            Enrolment {
                passphrase: secret(""),
                ..sound()
            },
            ErrorCode::Usage,
        ),
        (
            Enrolment {
                device_secret: DeviceSecretPlace::File("key".into()),
                ..sound()
            },
            ErrorCode::Usage,
        ),
        (
            Enrolment {
                device_secret: in_file(&scene.dir.path().join("no/key")),
                ..sound()
            },
            ErrorCode::Storage,
        ),
    ] {
        let refused = call::<CreateBegin>(&mut client, &wrong).err().unwrap();
        assert_eq!(refused.code, expected, "{refused}");
    }
    fs::write(scene.key_file(), "precious").unwrap();
    let taken = call::<CreateBegin>(&mut client, &sound()).err().unwrap();
    assert_eq!(taken.code, ErrorCode::Conflict);
    assert_eq!(fs::read(scene.key_file()).unwrap(), b"precious");
    assert_eq!(state(&mut client), VaultState::None);
}

#[test]
fn a_second_vault_is_not_created_over_the_first() {
    let scene = Scene::new();
    let mut client = scene.client();
    Vault::create(&mut client, in_file(&scene.key_file()));
    let other = in_file(&scene.dir.path().join("other.key"));
    let refused = call::<CreateBegin>(&mut client, &enrolment(other))
        .err()
        .unwrap();
    assert_eq!(refused.code, ErrorCode::Conflict);
}

#[test]
fn a_draft_ends_with_its_connection() {
    let scene = Scene::new();
    let mut client = scene.client();
    call::<CreateBegin>(&mut client, &enrolment(in_file(&scene.key_file()))).unwrap();
    let mut other = scene.client();
    let refused = call::<CreateFinish>(
        &mut other,
        &EnrolFinish {
            code: None,
            open: false,
        },
    )
    .err()
    .unwrap();
    assert_eq!(refused.code, ErrorCode::Usage);
    // A draft of the other kind is none either, and it stays.
    let refused = call::<RecoverFinish>(
        &mut client,
        &EnrolFinish {
            code: None,
            open: false,
        },
    )
    .err()
    .unwrap();
    assert!(refused.message.contains("vault.recover.begin"), "{refused}");
    call::<CreateFinish>(
        &mut client,
        &EnrolFinish {
            code: None,
            open: false,
        },
    )
    .unwrap();
}

#[test]
fn a_recovery_gives_new_factors_and_keeps_the_items() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    call::<KeyAdd>(&mut client, &key("payments", &["localhost"])).unwrap();
    call::<Lock>(&mut client, &Nothing {}).unwrap();

    let new_key_file = scene.dir.path().join("new.key");
    let args = |recovery_code: &str| RecoverArgs {
        recovery_code: secret(recovery_code),
        enrolment: Enrolment {
            passphrase: secret("another passphrase"),
            ..enrolment(in_file(&new_key_file))
        },
        accept_older: false,
    };
    let typo = call::<RecoverBegin>(&mut client, &args("ABCD-EFGH"))
        .err()
        .unwrap();
    assert_eq!(typo.code, ErrorCode::Usage);
    let right = vault.enrolled.recovery_code.expose_secret().to_lowercase();
    let started = call::<RecoverBegin>(&mut client, &args(&right)).unwrap();
    let codes = codes(&started.otpauth_uri);
    let enrolled = call::<RecoverFinish>(
        &mut client,
        &EnrolFinish {
            code: None,
            open: false,
        },
    )
    .unwrap();
    assert_eq!(enrolled.vault_id, vault.enrolled.vault_id);
    assert_ne!(
        enrolled.recovery_code.expose_secret(),
        vault.enrolled.recovery_code.expose_secret()
    );
    assert!(new_key_file.exists());
    assert!(
        !scene.key_file().exists(),
        "the old device secret is of no use any more"
    );

    let old = call::<Unlock>(&mut client, &vault.unlock_args()).unwrap_err();
    assert_eq!(old.code, ErrorCode::WrongFactors);
    let step = Step(now().0 + 100);
    let unlocked = call::<Unlock>(
        &mut client,
        &UnlockArgs {
            passphrase: secret("another passphrase"),
            code: code(&codes, step),
            at: Some(UnixMillis::from_secs(step.begins() + STEP_SECONDS / 2)),
            allow_read: false,
            accept_older: false,
        },
    )
    .unwrap();
    assert_eq!(unlocked.status.items, Some(1));
    let again = call::<RecoverBegin>(&mut client, &args(&right))
        .err()
        .unwrap();
    assert_ne!(again.code, ErrorCode::Usage, "{again}");
}
