use std::num::NonZeroU32;

use ipnet::IpNet;
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Value, json};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::signature::PublicKey;
use strongroom_policy::{
    credential::{AppId, Environment, Secret, SecretId, StoredTag},
    delay::Delay,
    key::{ClientId, KeyRecord, Secrets},
    limiter::Limit,
    public_key::RegisteredKey,
    scopes::{Scope, Scopes},
    token::{RevokedToken, TokenId},
};

use super::{LastUses, resting::Resting};
use crate::{store::StoredKey, testing::Stage};

/// A secret's tag, the secret sealed, when it was made and when it is retired.
type DrawnSecret = ([u8; 32], Option<Vec<u8>>, u64, Option<u64>);

/// What a key is made of. Records show none of it to whoever prints them.
#[derive(Debug)]
struct Drawn {
    client: [u8; 16],
    texts: [String; 2],
    created: u64,
    times: [Option<u64>; 3],
    secrets: Vec<DrawnSecret>,
    registered: Option<(u64, Option<u64>)>,
    limits: (u32, Option<NonZeroU32>, Option<u64>),
    allow: Vec<IpNet>,
    scopes: Vec<Scope>,
    may_sign: bool,
    revoked_tokens: Vec<([u8; 16], u64)>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let texts = any::<[String; 2]>();
    let times = any::<(u64, [Option<u64>; 3])>();
    let secret = any::<DrawnSecret>();
    let secrets = (vec(secret, 0..=2), any::<Option<(u64, Option<u64>)>>());
    let secrets = secrets.prop_filter("a key has something", |(secrets, registered)| {
        !secrets.is_empty() || registered.is_some()
    });
    let limits = (
        1..=Limit::MAX,
        any::<Option<NonZeroU32>>(),
        option::of(1..=5_000_u64),
    );
    let network = (any::<std::net::IpAddr>(), 0..=32_u8);
    let network =
        network.prop_map(|(address, prefix)| IpNet::new(address, prefix).unwrap().trunc());
    let scopes = proptest::sample::subsequence(Scope::ALL, 0..=Scope::ALL.len());
    let tokens = vec(any::<([u8; 16], u64)>(), 0..3);
    let lists = (vec(network, 0..5), scopes, tokens);
    let all = (
        any::<([u8; 16], bool)>(),
        texts,
        times,
        secrets,
        limits,
        lists,
    );
    all.prop_map(
        |((client, may_sign), texts, times, secrets, limits, lists)| Drawn {
            client,
            texts,
            created: times.0,
            times: times.1,
            secrets: secrets.0,
            registered: secrets.1,
            limits,
            allow: lists.0,
            scopes: lists.1,
            may_sign,
            revoked_tokens: lists.2,
        },
    )
}

impl Drawn {
    fn record(self) -> KeyRecord {
        let count = self.secrets.len() as u32;
        let secrets = self.secrets.into_iter().zip((1..=count).rev());
        let secrets = secrets.map(|((tag, sealed, created, retire_at), id)| Secret {
            id: SecretId(id),
            tag: StoredTag::from_bytes(tag),
            sealed,
            created: UnixMillis(created),
            retire_at: retire_at.map(UnixMillis),
        });
        // RFC 8037, appendix A.2.
        let public =
            hex::decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let key = PublicKey::ed25519(&public.unwrap()).unwrap();
        let registered = self.registered.map(|(created, ended)| RegisteredKey {
            id: SecretId(9),
            key,
            created: UnixMillis(created),
            ended: ended.map(UnixMillis),
        });
        let revoked_tokens = self.revoked_tokens.into_iter();
        let revoked_tokens = revoked_tokens.map(|(id, expires)| RevokedToken {
            id: TokenId(id),
            expires,
        });
        let [name, note] = self.texts;
        let [not_before, expires, revoked] = self.times.map(|time| time.map(UnixMillis));
        let (limit, daily_quota, delay) = self.limits;
        KeyRecord {
            app_id: AppId::generate(Environment::Test),
            client: ClientId(self.client),
            name,
            note,
            created: UnixMillis(self.created),
            not_before,
            expires,
            revoked,
            secrets: Secrets::kept(secrets.collect(), registered).unwrap(),
            limit: Limit::new(limit).unwrap(),
            daily_quota,
            delay: delay.map(|millis| Delay::from_millis(millis).unwrap()),
            allow: self.allow.into_iter().collect(),
            scopes: self.scopes.into_iter().collect::<Scopes>(),
            may_sign: self.may_sign,
            revoked_tokens: revoked_tokens.collect(),
        }
    }
}

/// All that a record says, to be compared.
fn told(record: &KeyRecord) -> impl PartialEq + std::fmt::Debug + use<> {
    let secrets = record.secrets.iter();
    let secrets = secrets.map(|it| {
        let tag = *it.tag.as_bytes();
        (it.id, tag, it.sealed.clone(), it.created, it.retire_at)
    });
    let registered = record.secrets.registered();
    let registered = registered.map(|it| (it.id, it.key.clone(), it.created, it.ended));
    (
        (record.app_id, record.client, record.name.clone()),
        (record.note.clone(), record.created, record.not_before),
        (record.expires, record.revoked, record.limit.per_minute()),
        (record.daily_quota, record.delay, record.allow.clone()),
        (record.scopes, record.may_sign),
        secrets.collect::<Vec<_>>(),
        registered,
        record.revoked_tokens.iter().collect::<Vec<_>>(),
    )
}

proptest! {
    #[test]
    fn a_key_is_the_same_after_it_rested(
        drawn in drawn(),
        before in any::<Option<u64>>(),
        used in vec(any::<(u32, u64)>(), 0..=2),
    ) {
        let record = drawn.record();
        let app_id = record.app_id;
        let used = used.into_iter().map(|(id, at)| (SecretId(id), UnixMillis(at)));
        let uses = LastUses::stored(before.map(UnixMillis), used);
        let stored = StoredKey { record, uses };
        let packed = Resting::pack(&stored).unwrap();
        prop_assert_eq!(packed.client(), Some(stored.record.client));
        let unpacked = packed.unpack(app_id).unwrap();
        prop_assert_eq!(told(&unpacked.record), told(&stored.record));
        prop_assert_eq!(unpacked.uses, stored.uses);
    }
}

const PING: &str = "/api/v1/ping";

impl Stage {
    fn awake(&self) -> usize {
        self.running.platform.keys.read().awake.len()
    }

    async fn ping(&self, (app_id, secret): &(String, String)) -> u16 {
        let pair = [("app-id", app_id.as_str()), ("secret-key", secret)];
        self.send("GET", PING, &pair, b"").await.status
    }

    async fn listed(&self) -> Value {
        self.manage("GET", "/keys", Value::Null).await.json()
    }

    async fn client(&self, name: &str) -> String {
        let list = self.manage("GET", "/clients", Value::Null).await.json();
        let mut clients = list["clients"].as_array().unwrap().iter();
        let client = clients.find(|client| client["name"] == name).unwrap();
        assert_eq!(client["keys"], 2);
        client["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn keys_rest_after_a_restart_until_they_are_used() {
    let stage = Stage::new().await;
    let full = json!({
        "name": "all", "client": "Acme", "note": "of Acme", "allow": ["127.0.0.0/8", "::1"],
        "scopes": ["payins:read"], "expires": "2100-01-01T00:00:00Z", "daily_quota": 5_000,
        "may_sign": true, "delay_ms": 20,
    });
    let keys = [
        stage.key(full).await,
        stage
            .key(json!({ "name": "plain", "client": "Acme" }))
            .await,
        stage
            .key(json!({ "name": "other", "client": "Other" }))
            .await,
    ];
    let path = format!("/keys/{}/rotate", keys[0].0);
    let rotated = stage
        .manage("POST", &path, json!({ "overlap_ms": 604_800_000 }))
        .await;
    assert_eq!(rotated.status, 201, "{:?}", rotated.body);
    let before = stage.listed().await;
    let stage = stage.restarted().await;
    let acme = stage.client("Acme").await;
    assert_eq!(stage.listed().await, before);
    assert_eq!(stage.awake(), 0);

    assert_eq!(stage.ping(&keys[0]).await, 200);
    assert_eq!(stage.awake(), 1);
    // What is set for a client counts for its keys that rest, and for what the others have used.
    let path = format!("/clients/{acme}/limit");
    let limit = json!({ "per_minute": 2 });
    let limited = stage.manage("PUT", &path, limit).await;
    assert_eq!(limited.status, 200, "{:?}", limited.body);
    assert_eq!(stage.awake(), 1);
    assert_eq!(stage.ping(&keys[1]).await, 200);
    assert_eq!(stage.ping(&keys[1]).await, 429);
    assert_eq!(stage.awake(), 2);
    assert_eq!(stage.ping(&keys[2]).await, 200);
    let nobody = AppId::generate(Environment::Test).to_string();
    assert_eq!(stage.ping(&(nobody, keys[2].1.clone())).await, 401);
}

#[tokio::test]
async fn keys_that_rest_are_erased_with_their_client() {
    let stage = Stage::new().await;
    let key = stage
        .key(json!({ "client": "Acme", "note": "of Acme" }))
        .await;
    let _second = stage.key(json!({ "client": "Acme" })).await;
    let stage = stage.restarted().await;
    let acme = stage.client("Acme").await;
    let path = format!("/clients/{acme}/erase");
    let erased = stage.manage("POST", &path, Value::Null).await;
    assert_eq!(erased.json()["keys"], 2, "{:?}", erased.body);
    assert_eq!(stage.ping(&key).await, 401);
    let listed = stage.listed().await.to_string();
    assert!(!listed.contains("of Acme"), "{listed}");
    assert!(listed.contains("\"revoked\""), "{listed}");
}
