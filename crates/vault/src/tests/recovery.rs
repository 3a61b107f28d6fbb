//! Lost factors.

use strongroom_contract::vault::Freshness;
use strongroom_crypto::totp::Step;

use super::support::{
    NOON, PASSPHRASE, Person, cheap, found_in_folder, later, new_item, scan, text,
};
use crate::{
    Anchor, Attempt, DeviceSecret, Horizon, Locked, RecoverError, RecoveryCodeError, UnlockError,
};

#[test]
fn recovering_sets_new_factors_and_erases_the_old_ones() {
    let person = Person::new();
    let mut vault = person.unlock(NOON).unwrap();
    vault.add(&new_item("one", "first"), NOON).unwrap();
    let locked = vault.lock();
    let header = locked.file.header.clone();
    let chunks: Vec<Vec<u8>> = locked
        .file
        .connection
        .prepare("SELECT sealed FROM totp")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();

    let device = DeviceSecret::random();
    let copy = DeviceSecret::from_slice(device.expose_secret()).unwrap();
    let mut draft = locked
        .recover(
            &person.enrolled.recovery_code,
            text("a new passphrase"),
            copy,
            cheap(),
            Horizon::of_steps(60),
        )
        .map_err(|refused| refused.error)
        .unwrap();
    assert_eq!(draft.vault_id(), person.enrolled.vault_id);
    assert_eq!(draft.old_generation(), person.enrolled.generation);
    assert_eq!(draft.generation().to_string(), "2");
    assert_eq!(
        draft.freshness(Some(person.enrolled.anchor)),
        Ok(Freshness::Proven)
    );
    let unknown = Anchor {
        counter: 1,
        hash: [0; 32],
    };
    assert_eq!(draft.freshness(Some(unknown)), Err(UnlockError::Diverged));
    let authenticator = scan(&draft.otpauth_uri());
    let code = |step| authenticator.codes().at(Step::at(later(step).secs()));
    let refused = draft
        .finish(Some(&code(50)), later(2), &mut |_| {})
        .err()
        .unwrap();
    assert_eq!(refused.error, RecoverError::CodeMismatch);
    draft = refused.back;
    let (locked, enrolled) = draft
        .finish(Some(&code(2)), later(2), &mut |_| {})
        .map_err(|refused| refused.error)
        .unwrap();
    assert!(enrolled.recovery_code != person.enrolled.recovery_code);

    // While the file is open, so that its journal is looked at as well.
    let old = [
        &header.root[..],
        &header.recovery.root,
        &header.enrolment,
        &header.kdf.salt,
    ];
    for secret in old
        .into_iter()
        .chain(chunks.iter().map(|chunk| &chunk[20..60]))
    {
        assert!(!found_in_folder(person.folder.path(), secret));
    }
    assert!(!locked.device_secret_fits(&person.device));
    assert!(locked.device_secret_fits(&device));
    drop(locked);

    let open = |passphrase, device: &DeviceSecret, step| {
        person.try_attempt(Attempt {
            passphrase: text(passphrase),
            code: code(step),
            device_secret: device,
            ..person.attempt(later(step), later(step))
        })
    };
    assert_eq!(
        open(PASSPHRASE, &person.device, 3).err(),
        Some(UnlockError::WrongDeviceSecret)
    );
    let wrong = UnlockError::WrongFactors { next_code_in: None };
    assert_eq!(open(PASSPHRASE, &device, 3).err(), Some(wrong));
    let vault = open("a new passphrase", &device, 3).unwrap();
    let secret = vault.secret("one", "secret", None);
    assert_eq!(
        secret.map(|s| s.expose_secret().to_owned()),
        Ok("first".to_owned())
    );
    assert!(vault.verify().ok);
    drop(vault);

    // The old code is used up; the new one opens.
    let recover = |code| {
        Locked::open(&person.path)
            .unwrap()
            .recover(
                code,
                text("p"),
                DeviceSecret::random(),
                cheap(),
                Horizon::of_steps(60),
            )
            .map_err(|refused| refused.error)
            .map(|draft| drop(draft.abandon()))
    };
    assert_eq!(
        recover(&person.enrolled.recovery_code),
        Err(RecoverError::WrongCode)
    );
    assert_eq!(recover(&enrolled.recovery_code), Ok(()));
    assert_eq!(
        recover(&text("ABC")),
        Err(RecoverError::Code(RecoveryCodeError::Length { found: 3 }))
    );
    // A recovery that is given up has changed nothing.
    assert!(open("a new passphrase", &device, 4).is_ok());
}
