//! Files of every format that ever was open for ever.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::{Value, json};
use strongroom_contract::{time::UnixMillis, vault::ItemView};
use strongroom_crypto::totp::Step;

use super::support::{cheap, contents, folder, scan, text};
use crate::{Attempt, Burn, DeviceSecret, Horizon, Locked, Unlocked};

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// What the vault holds, in words of this test's own.
fn told(vault: &Unlocked) -> Value {
    let item = |(view, secrets): (ItemView, Vec<Option<String>>)| {
        let notes = vault.find(&view.id).unwrap().notes();
        let versions: Vec<Value> = std::iter::zip(&view.versions, secrets)
            .map(|(v, secret)| json!([v.version, v.state, v.created, secret]))
            .collect();
        json!({
            "id": view.id,
            "name": view.name,
            "kind": view.kind,
            "provider": view.provider,
            "environment": view.environment,
            "public_id": view.public_id,
            "base_url": view.base_url,
            "hosts": view.hosts,
            "scheme": view.scheme,
            "tags": view.tags,
            "notes": notes,
            "created": view.created,
            "modified": view.modified,
            "expires": view.expires,
            "versions": versions,
        })
    };
    contents(vault).into_iter().map(item).collect()
}

#[test]
fn the_vault_of_format_1_opens() {
    let facts: Value = serde_json::from_str(&fs::read_to_string(data("v1.json")).unwrap()).unwrap();
    let fact = |name: &str| facts[name].as_str().unwrap();
    let folder = folder();
    let path = folder.path().join("vault.strongroom");
    // Written anew: a copy would have the mode that the checkout gave to the file.
    fs::write(&path, fs::read(data("v1.strongroom")).unwrap()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let device = DeviceSecret::from_slice(&hex::decode(fact("device_secret")).unwrap()).unwrap();
    let now: UnixMillis = fact("now").parse().unwrap();
    let code = scan(&text(fact("otpauth_uri")))
        .codes()
        .at(Step::at(now.secs()));
    let attempt = Attempt {
        passphrase: text(fact("passphrase")),
        code,
        device_secret: &device,
        now,
        at: None,
        anchor: fact("anchor").parse().ok(),
        accept_older: false,
    };
    let locked = Locked::open(&path).unwrap();
    assert_eq!(locked.status().vault_id.to_string(), fact("vault_id"));
    let vault = locked.unlock(attempt, &mut |_| {});
    let vault = vault.map_err(|refused| refused.error).unwrap();
    assert_eq!(*vault.burn(), Burn::Done);
    let verified = vault.verify();
    assert!(verified.ok, "{verified:?}");
    assert_eq!(told(&vault), facts["contents"]);
    let recovered = vault.lock().recover(
        &text(fact("recovery_code")),
        text("another"),
        DeviceSecret::random(),
        cheap(),
        Horizon::default(),
    );
    assert!(recovered.is_ok());
}
