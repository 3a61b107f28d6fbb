//! What a key is genuine by: a secret of its own environment, or its own public key.

use strongroom_contract::explain::Rule;
use strongroom_policy::{
    credential::{Environment, SecretId, SecretKey},
    public_key,
};

use crate::{
    pipeline::{refused, signed},
    world::{NOON, Sent, World},
};

#[test]
fn a_signature_counts_by_the_algorithm_of_its_own_key_alone() {
    let mut world = World::new();
    let as_ed25519 = |sent: Sent| {
        sent.changed("signature-input", |value| {
            value.replace("hmac-sha256", "ed25519")
        })
    };
    let sent = as_ed25519(signed(&world, 1));
    refused(&mut world, &sent, Rule::Authenticate, "no public key");
    // A public key is public: a MAC made with it must never count.
    let public = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let key = public_key::parse(public).unwrap();
    world.key.record.secrets.register(key, NOON);
    let app_id = world.key.record.app_id;
    let own = world.key.secret.expose_secret().to_owned();
    for secret in [public, own.as_str()] {
        let sent = as_ed25519(Sent::new().signed(app_id, secret, 2));
        refused(&mut world, &sent, Rule::Authenticate, "does not match");
    }
    let sent = Sent::new().signed(app_id, public, 3);
    refused(&mut world, &sent, Rule::Authenticate, "does not match");
    // The secret goes on beside the public key.
    let sent = signed(&world, 4);
    assert_eq!(world.decide(&sent).unwrap().secret, SecretId(1));
}

#[test]
fn a_secret_of_the_other_environment_is_told() {
    let mut world = World::new();
    let live = SecretKey::generate(Environment::Live);
    let sent = Sent::new().pair(world.key.record.app_id, live.expose_secret());
    let says = "of the live environment with an app-id of the test environment";
    refused(&mut world, &sent, Rule::Authenticate, says);
}
