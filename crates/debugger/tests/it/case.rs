//! A request of the corpus, and what is known of its key.

use std::{collections::BTreeMap, fs, path::PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use strongroom_contract::{diagnosis::Diagnosis, time::UnixMillis};
use strongroom_crypto::{Key, SecretText};
use strongroom_debugger::{Exhibit, HeldKey, Knowledge, PlatformFacts, Slot, diagnose};
use strongroom_policy::{
    allowlist::Allowlist,
    credential::{AppId, Secret, SecretId, SecretKey},
    key::{ClientId, KeyRecord, Secrets},
    limiter::Limit,
    platform::{Platform, PlatformKeys},
    rate::{Meter, Wanted},
    replay::NonceAnswer,
    scopes::Scopes,
    source::Proxies,
    token::RevokedTokens,
};
use strongroom_signing::Target;

/// One file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) what: String,
    now: u64,
    pub(crate) request: Pasted,
    key: TypedKey,
    #[serde(default)]
    other: Vec<TypedKey>,
    platform: Option<Kept>,
    pub(crate) expect: Expected,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pasted {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) body: String,
    body_base64: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedKey {
    name: String,
    id: String,
    secret: String,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    scheme: Option<String>,
}

/// What the platform keeps of the key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    scopes: Vec<String>,
    may_sign: bool,
    #[serde(default)]
    allow: Vec<String>,
    peer: Option<String>,
    limit: Option<u32>,
    #[serde(default)]
    used: u32,
    nonce: Option<String>,
    not_before: Option<u64>,
    expires: Option<u64>,
    revoked: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) decision: String,
    pub(crate) rule: Option<String>,
    pub(crate) changes: Vec<String>,
    pub(crate) cause: Option<String>,
}

/// Every case of a folder, by name.
#[expect(clippy::disallowed_methods, reason = "a test reads its data")]
pub(crate) fn all(folder: &str) -> Vec<(String, Case)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(folder);
    let mut cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, case)
        })
        .collect();
    cases.sort_by(|(left, _), (right, _)| left.cmp(right));
    cases
}

impl Pasted {
    pub(crate) fn exhibit(&self) -> Exhibit {
        Exhibit {
            method: self.method.clone(),
            target: Target::parse(&self.url).unwrap(),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
                .collect(),
            body: match &self.body_base64 {
                Some(body) => BASE64_STANDARD.decode(body).unwrap(),
                None => self.body.clone().into_bytes(),
            },
            peer: None,
            at: None,
        }
    }
}

impl TypedKey {
    fn held(&self) -> HeldKey {
        HeldKey {
            name: self.name.clone(),
            id: Some(self.id.clone()),
            secret: Some(SecretText::new(self.secret.clone())),
            settings: self.settings.clone().into_iter().collect(),
            scheme: self.scheme.as_deref().map(|id| id.parse().unwrap()),
        }
    }
}

impl Case {
    /// The secrets that must stand nowhere in what comes out.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        let keys = std::iter::once(&self.key).chain(&self.other);
        keys.map(|key| key.secret.as_str()).collect()
    }

    pub(crate) fn diagnose(&self) -> Diagnosis {
        self.diagnose_as(self.request.exhibit())
    }

    /// The diagnosis of another request, with the same keys.
    pub(crate) fn diagnose_as(&self, mut exhibit: Exhibit) -> Diagnosis {
        let now = UnixMillis::from_secs(self.now);
        let Some(kept) = &self.platform else {
            let key = self.key.held();
            let others: Vec<_> = self.other.iter().map(TypedKey::held).collect();
            let knowledge = Knowledge::Held {
                key: Some(&key),
                others: &others,
            };
            return diagnose(&exhibit, &knowledge, now);
        };
        exhibit.peer = kept.peer.as_deref().map(|peer| peer.parse().unwrap());
        let (pepper, store, token) = (Key::random(), Key::random(), Key::random());
        let keys = PlatformKeys {
            pepper: &pepper,
            store: &store,
            token: &token,
        };
        let platform = Platform::new(keys, Proxies::none());
        let record = self.record(kept, &platform);
        let facts = PlatformFacts {
            allow_all: None,
            platform: &platform,
            records: &[&record],
            nonce: &|_| {
                Some(match kept.nonce.as_deref() {
                    Some(_) => NonceAnswer::Seen,
                    None => NonceAnswer::Fresh,
                })
            },
            cost: &|route| route.cost,
            slot: &|record, cost| {
                let mut meter = Meter::new(record.limit);
                for _ in 0..kept.used {
                    meter.restore(cost, now);
                }
                let wanted = Wanted::new(cost, record.daily_quota);
                Slot::Known(meter.peek(wanted, None, now))
            },
        };
        diagnose(&exhibit, &Knowledge::Platform(facts), now)
    }

    fn record(&self, kept: &Kept, platform: &Platform) -> KeyRecord {
        let app_id: AppId = self.key.id.parse().unwrap();
        let secret = SecretKey::parse(SecretText::new(self.key.secret.clone())).unwrap();
        let id = SecretId(1);
        let at = |seconds: Option<u64>| seconds.map(UnixMillis::from_secs);
        KeyRecord {
            app_id,
            client: ClientId([7; 16]),
            name: self.key.name.clone(),
            note: String::new(),
            created: UnixMillis(0),
            not_before: at(kept.not_before),
            expires: at(kept.expires),
            revoked: at(kept.revoked),
            secrets: Secrets::first(Secret {
                id,
                tag: platform.pepper().stored_tag(secret.expose_secret()),
                sealed: kept
                    .may_sign
                    .then(|| platform.sealer().seal(app_id, id, &secret)),
                created: UnixMillis(0),
                retire_at: None,
            }),
            limit: kept
                .limit
                .map_or(Limit::DEFAULT, |limit| Limit::new(limit).unwrap()),
            daily_quota: None,
            delay: None,
            allow: Allowlist::parse(&kept.allow).unwrap(),
            scopes: Scopes::parse(&kept.scopes).unwrap(),
            may_sign: kept.may_sign,
            revoked_tokens: RevokedTokens::default(),
        }
    }
}
