//! Items over the socket: added, listed, revealed only with leave, removed.

use strongroom_contract::{
    agent::{
        KeyAdd, KeyCheck, KeyList, KeyName, KeyRemove, KeyShow, Lock, Nothing, Read, ReadArgs,
    },
    error::ErrorCode,
    vault::{ItemKind, NewKey},
};
use strongroom_workbench::activity::Act;

use crate::scene::{SECRET, Scene, Vault, call, in_file, key, secret};

fn name(name: &str) -> KeyName {
    KeyName {
        name: name.to_owned(),
    }
}

fn reference(text: &str) -> ReadArgs {
    ReadArgs {
        reference: text.to_owned(),
    }
}

#[test]
fn keys_are_added_listed_shown_and_removed_and_survive_a_lock() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    for refused in [
        call::<KeyAdd>(&mut client, &key("payments", &[]))
            .err()
            .unwrap(),
        call::<KeyList>(&mut client, &Nothing {}).err().unwrap(),
        call::<KeyCheck>(&mut client, &name("payments"))
            .err()
            .unwrap(),
        call::<Read>(&mut client, &reference("sr://payments/id"))
            .err()
            .unwrap(),
    ] {
        assert_eq!(refused.code, ErrorCode::Locked);
        assert!(refused.hint.unwrap().contains("unlock"));
    }
    vault.unlock(&mut client);
    call::<KeyCheck>(&mut client, &name("payments")).unwrap();
    let added = call::<KeyAdd>(&mut client, &key("payments", &["localhost"])).unwrap();
    assert_eq!(added.kind, ItemKind::ApiKey);
    call::<KeyAdd>(&mut client, &key("another", &["localhost:8443"])).unwrap();
    for refused in [
        call::<KeyAdd>(&mut client, &key("payments", &[]))
            .err()
            .unwrap(),
        call::<KeyCheck>(&mut client, &name("payments"))
            .err()
            .unwrap(),
    ] {
        assert_eq!(refused.code, ErrorCode::Conflict);
    }
    call::<Lock>(&mut client, &Nothing {}).unwrap();
    vault.unlock(&mut client);
    let list = call::<KeyList>(&mut client, &Nothing {}).unwrap();
    let names: Vec<&str> = list.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["another", "payments"]);
    assert_eq!(
        call::<KeyShow>(&mut client, &name(&added.id)).unwrap(),
        added
    );
    assert_eq!(
        call::<KeyRemove>(&mut client, &name("payments")).unwrap(),
        added
    );
    let gone = call::<KeyShow>(&mut client, &name("payments")).unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
}

#[test]
fn what_cannot_be_a_key_is_refused() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    for wrong in [
        key("", &[]),
        key("a/b", &[]),
        key("k", &["https://example.com/path"]),
        key("k", &["*.example.com"]),
        NewKey {
            scheme: Some("magic".into()),
            ..key("k", &[])
        },
        NewKey {
            secret: secret(""),
            ..key("k", &[])
        },
    ] {
        let refused = call::<KeyAdd>(&mut client, &wrong).err().unwrap();
        assert_eq!(refused.code, ErrorCode::Usage, "{refused}");
    }
    assert!(
        call::<KeyList>(&mut client, &Nothing {})
            .unwrap()
            .items
            .is_empty()
    );
}

#[test]
fn a_secret_is_revealed_only_with_leave_given_at_unlock() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    call::<KeyAdd>(&mut client, &key("payments", &["localhost"])).unwrap();
    let refused = call::<Read>(&mut client, &reference("sr://payments/secret"))
        .err()
        .unwrap();
    assert_eq!(refused.code, ErrorCode::Refused);
    assert!(refused.hint.unwrap().contains("--allow-read"));
    // What `key show` shows needs no leave.
    let id = call::<Read>(&mut client, &reference("sr://payments/id")).unwrap();
    assert_eq!(id.value.expose_secret(), "app_1");

    let unlocked = vault.unlock_allowing_read(&mut client);
    assert!(unlocked.status.reveal_allowed);
    let revealed = call::<Read>(&mut client, &reference("sr://payments/secret")).unwrap();
    assert_eq!(revealed.value.expose_secret(), SECRET);
    for (wrong, code) in [
        ("sr://payments/nothing", ErrorCode::NotFound),
        ("sr://nobody/secret", ErrorCode::NotFound),
        ("payments/secret", ErrorCode::Usage),
    ] {
        let refused = call::<Read>(&mut client, &reference(wrong)).err().unwrap();
        assert_eq!(refused.code, code, "{wrong}");
    }

    // Leave ends with the lock.
    call::<Lock>(&mut client, &Nothing {}).unwrap();
    vault.unlock(&mut client);
    let refused = call::<Read>(&mut client, &reference("sr://payments/secret"))
        .err()
        .unwrap();
    assert_eq!(refused.code, ErrorCode::Refused);

    let entries = scene.session.activity().entries();
    let of = |act| entries.iter().filter(|entry| entry.act == act).count();
    assert_eq!(
        (of(Act::Revealed), of(Act::RevealRefused), of(Act::Added)),
        (1, 2, 1)
    );
    let revealed = entries
        .iter()
        .find(|entry| entry.act == Act::Revealed)
        .unwrap();
    assert_eq!(revealed.subject.as_deref(), Some("sr://payments/secret"));
    assert!(!revealed.client.is_empty());
    let everything = format!("{entries:?}");
    assert!(!everything.contains("CANARY"), "{everything}");
}
