//! Items over the socket: added, listed, revealed only with leave, removed.

use std::collections::BTreeMap;

use strongroom_contract::{
    agent::{
        KeyAdd, KeyCheck, KeyEdit, KeyEditArgs, KeyList, KeyName, KeyRemove, KeySet, KeySetArgs,
        KeyShow, Lock, Nothing, Read, ReadArgs, RequestSign,
    },
    error::ErrorCode,
    exchange::{SendOptions, SendRequest, SignArgs, SignedRequest},
    time::UnixMillis,
    vault::{EditKey, ItemKind, ItemView, NewKey},
};
use strongroom_workbench::{
    activity::{Act, Subject},
    client::Client,
};

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
            settings: pairs(&[("region", "eu-west-1")]),
            ..key("k", &[])
        },
        NewKey {
            scheme: None,
            settings: pairs(&[("region", "eu-west-1")]),
            ..key("k", &[])
        },
        NewKey {
            preset: Some("nobodys".into()),
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
    let subject = Subject::Known("sr://payments/secret".into());
    assert_eq!(revealed.subject, Some(subject));
    assert!(!revealed.client.is_empty());
    let everything = format!("{entries:?}");
    assert!(!everything.contains("CANARY"), "{everything}");
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn set(name: &str, given: &[(&str, &str)], unset: &[&str], scheme: Option<&str>) -> KeySetArgs {
    KeySetArgs {
        name: name.to_owned(),
        scheme: scheme.map(str::to_owned),
        set: pairs(given),
        unset: unset.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// The scope of the AWS signature that the key makes when a command says `scheme` and `settings`.
fn signed(
    client: &mut Client,
    scheme: Option<&str>,
    settings: &[(&str, &str)],
) -> Result<String, ErrorCode> {
    let args = SignArgs {
        request: SendRequest {
            method: "GET".into(),
            url: "https://localhost/".into(),
            headers: Vec::new(),
            body_base64: String::new(),
            key: Some("aws".into()),
            scheme: scheme.map(str::to_owned),
            settings: pairs(settings),
            ca_pem: Vec::new(),
            timeout_ms: 1,
            body_limit: 0,
            allow_plain_http: false,
            options: SendOptions::default(),
        },
        at: Some(UnixMillis::from_secs(1_618_884_473)),
        nonce: None,
    };
    let signed: SignedRequest =
        call::<RequestSign>(client, &args).map_err(|refused| refused.code)?;
    let added = signed.headers.last().unwrap().1.expose_secret();
    Ok(added.split(", ").next().unwrap().to_owned())
}

#[test]
fn what_a_key_tells_its_scheme_is_used_and_a_command_has_the_last_word() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let aws = NewKey {
        scheme: None,
        settings: pairs(&[("region", "eu-west-1")]),
        preset: Some("aws".into()),
        ..key("aws", &["localhost"])
    };
    let added = call::<KeyAdd>(&mut client, &aws).unwrap();
    assert_eq!(added.scheme.as_deref(), Some("sigv4"));
    assert_eq!(
        added.settings,
        pairs(&[("region", "eu-west-1"), ("service", "execute-api")])
    );
    let scope = |region: &str, service: &str| {
        let day = "AWS4-HMAC-SHA256 Credential=app_1/20210420";
        Ok(format!("{day}/{region}/{service}/aws4_request"))
    };
    assert_eq!(
        signed(&mut client, None, &[]),
        scope("eu-west-1", "execute-api")
    );
    assert_eq!(
        signed(&mut client, Some("sigv4"), &[("service", "s3")]),
        scope("eu-west-1", "s3")
    );
    // What one scheme is told means nothing to another.
    assert_eq!(
        signed(&mut client, Some("api-key"), &[]),
        Ok("sr://aws/secret".to_owned())
    );

    call::<KeySet>(
        &mut client,
        &set("aws", &[("region", "us-east-2")], &[], None),
    )
    .unwrap();
    call::<Lock>(&mut client, &Nothing {}).unwrap();
    vault.unlock(&mut client);
    assert_eq!(
        signed(&mut client, None, &[]),
        scope("us-east-2", "execute-api")
    );
    call::<KeySet>(&mut client, &set("aws", &[], &["service"], None)).unwrap();
    assert_eq!(signed(&mut client, None, &[]), Err(ErrorCode::Usage));

    for (wrong, code) in [
        (set("aws", &[("regoin", "x")], &[], None), ErrorCode::Usage),
        (set("aws", &[], &["service"], None), ErrorCode::NotFound),
        (
            set(
                "aws",
                &[("sign_body", "perhaps"), ("service", "s3")],
                &[],
                None,
            ),
            ErrorCode::Usage,
        ),
        (set("aws", &[], &[], Some("magic")), ErrorCode::Usage),
        (set("nobody", &[], &[], None), ErrorCode::NotFound),
    ] {
        let refused = call::<KeySet>(&mut client, &wrong).err().unwrap();
        assert_eq!(refused.code, code, "{refused}");
    }
    let told: ItemView = call::<KeyShow>(&mut client, &name("aws")).unwrap();
    assert_eq!(told.settings, pairs(&[("region", "us-east-2")]));

    // A form that knows nothing of settings leaves them, as far as the scheme knows them.
    let edit = |scheme: &str| KeyEditArgs {
        name: "aws".into(),
        key: EditKey {
            name: "aws".into(),
            provider: None,
            environment: None,
            public_id: None,
            base_url: None,
            hosts: Vec::new(),
            scheme: Some(scheme.into()),
            settings: None,
            tags: Vec::new(),
        },
    };
    let edited = call::<KeyEdit>(&mut client, &edit("sigv4")).unwrap();
    assert_eq!(edited.settings, told.settings);
    let edited = call::<KeyEdit>(&mut client, &edit("bearer")).unwrap();
    assert!(edited.settings.is_empty());
}
