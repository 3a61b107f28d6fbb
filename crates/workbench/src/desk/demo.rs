//! "Look around": a throw-away home with sample items, and a platform with keys and requests of every
//! kind in it. Its vault is a real one, with factors that nobody is told.

mod folder;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use strongroom_contract::{
    agent::{CreateBegin, CreateFinish, EnrolFinish, KeyAdd},
    error::{ErrorCode, Failure},
    secret::Revealed,
    vault::{DeviceSecretPlace, Enrolment, Environment, NewKey},
    window::{BodyKind, Draft, DraftBody, IssueKey, Settings},
};
use strongroom_crypto::random;
use tempfile::TempDir;

use super::Desk;
use crate::{home::Home, platform::ServeOptions};

/// Argon2id's memory: the least that is allowed, since nobody is to be kept out.
const KDF_MEMORY_MIB: u32 = 64;
/// The shortest horizon, for the same reason.
const HORIZON_DAYS: u32 = 365;

/// An item that only has to be looked at.
struct Sample {
    name: &'static str,
    provider: &'static str,
    environment: Environment,
    public_id: &'static str,
    base_url: &'static str,
    host: &'static str,
    scheme: Option<&'static str>,
    tag: &'static str,
}

const SAMPLES: [Sample; 7] = [
    Sample {
        name: "payments-live",
        provider: "hello-clever",
        environment: Environment::Production,
        public_id: "app-e02b-sample-14d8",
        base_url: "https://api-merchant.helloclever.co",
        host: "api-merchant.helloclever.co",
        scheme: Some("header-pair"),
        tag: "payments",
    },
    Sample {
        name: "payments-sandbox",
        provider: "hello-clever",
        environment: Environment::Sandbox,
        public_id: "app-51c9-sample-7be0",
        base_url: "https://api.cleverhub.co",
        host: "api.cleverhub.co",
        scheme: Some("header-pair"),
        tag: "payments",
    },
    Sample {
        name: "payouts-live",
        provider: "hello-clever",
        environment: Environment::Production,
        public_id: "app-90aa-sample-2f61",
        base_url: "https://api-merchant.helloclever.co",
        host: "api-merchant.helloclever.co",
        scheme: Some("header-pair"),
        tag: "payouts",
    },
    Sample {
        name: "ledger-export",
        provider: "amazon-web-services",
        environment: Environment::Production,
        public_id: "AKIA-sample-Q7PL",
        base_url: "https://s3.ap-southeast-2.amazonaws.com",
        host: "s3.ap-southeast-2.amazonaws.com",
        scheme: None,
        tag: "finance",
    },
    Sample {
        name: "ci-artifacts",
        provider: "amazon-web-services",
        environment: Environment::Sandbox,
        public_id: "AKIA-sample-M2XD",
        base_url: "https://s3.ap-southeast-2.amazonaws.com",
        host: "s3.ap-southeast-2.amazonaws.com",
        scheme: None,
        tag: "ci",
    },
    Sample {
        name: "billing-test",
        provider: "stripe",
        environment: Environment::Sandbox,
        public_id: "rk-test-sample-Vb2",
        base_url: "https://api.stripe.com",
        host: "api.stripe.com",
        scheme: Some("bearer"),
        tag: "billing",
    },
    Sample {
        name: "billing-restricted",
        provider: "stripe",
        environment: Environment::Production,
        public_id: "rk-live-sample-k9T",
        base_url: "https://api.stripe.com",
        host: "api.stripe.com",
        scheme: Some("bearer"),
        tag: "billing",
    },
];

/// A key of the demo's own platform.
struct Issued {
    name: &'static str,
    scopes: &'static [&'static str],
    limit_per_minute: u32,
    allow: &'static [&'static str],
    may_sign: bool,
    daily_quota: Option<u32>,
    note: &'static str,
}

const ISSUED: [Issued; 5] = [
    Issued {
        name: "payments-dev",
        scopes: &["payins:read", "payins:write"],
        limit_per_minute: 60,
        allow: &["127.0.0.0/8", "::1/128"],
        may_sign: true,
        daily_quota: None,
        note: "The checkout of the shop",
    },
    Issued {
        name: "payouts-dev",
        scopes: &["payins:read"],
        limit_per_minute: 120,
        allow: &[],
        may_sign: false,
        daily_quota: None,
        note: "",
    },
    Issued {
        name: "office-only",
        scopes: &["payins:read"],
        limit_per_minute: 60,
        allow: &["203.0.113.0/24"],
        may_sign: true,
        daily_quota: None,
        note: "Used from the office's network alone",
    },
    Issued {
        name: "nightly-batch",
        scopes: &["payins:read"],
        limit_per_minute: 3,
        allow: &[],
        may_sign: false,
        daily_quota: Some(1_000),
        note: "Runs at 02:00 UTC",
    },
    Issued {
        name: "old-laptop",
        scopes: &["payins:read"],
        limit_per_minute: 60,
        allow: &[],
        may_sign: false,
        daily_quota: None,
        note: "",
    },
];

/// For how long the older secret of the key that is rotated goes on: six hours.
const OVERLAP_MS: u64 = 6 * 3_600_000;

const PAYIN: &str = r#"{
  "currency": "AUD",
  "gst": true,
  "amount": 42.5,
  "name": "Ada Lovelace",
  "email": "ada@example.com",
  "payin_method_name": "au_payid_npp_aud",
  "external_id": "order-1042"
}"#;

/// What is sent, in this order: method, path, key.
const REQUESTS: [(&str, &str, Option<&str>); 14] = [
    ("GET", "/api/v1/ping", Some("payments-dev")),
    ("POST", "/api/v2/payins", Some("payments-dev")),
    ("GET", "/api/v1/ping", Some("payouts-dev")),
    // 403: the scope is missing.
    ("POST", "/api/v2/payouts", Some("payouts-dev")),
    // 403: this machine is not in the office.
    ("GET", "/api/v1/ping", Some("office-only")),
    ("GET", "/api/v1/ping", Some("nightly-batch")),
    ("GET", "/api/v1/ping", Some("nightly-batch")),
    ("GET", "/api/v1/ping", Some("nightly-batch")),
    // 429: a fourth one within the minute.
    ("GET", "/api/v1/ping", Some("nightly-batch")),
    // 401: it was revoked.
    ("GET", "/api/v1/ping", Some("old-laptop")),
    // 401: nobody said who it is.
    ("GET", "/api/v1/ping", None),
    // 404: but the key is known.
    ("GET", "/api/v2/refunds", Some("payments-dev")),
    ("POST", "/api/v2/payins", Some("payments-dev")),
    ("GET", "/api/v1/ping", Some("payments-dev")),
];

impl Desk {
    /// Opens a throw-away home that is filled with samples: the vault is open, the platform runs.
    /// [`Desk::close`] removes it; so does dropping the last clone. Nobody knows its factors, so that
    /// once it is locked it stays so.
    ///
    /// # Errors
    ///
    /// There is no room for it on the disk; what else keeps a vault or a platform from being made.
    pub async fn look_around() -> Result<Self, Failure> {
        let folder = temporary().map_err(|error| no_place(&error))?;
        let root = folder.path().to_owned();
        let home = Home::at(&root.join("home"))?;
        let any_port = ServeOptions {
            port: 0,
            capture_bodies: true,
            ..ServeOptions::default()
        };
        let desk = Self::at(home, &Settings::default(), any_port, Some(folder)).await?;
        match desk.fill(&root).await {
            Ok(()) => Ok(desk),
            Err(failure) => {
                desk.close().await;
                Err(failure)
            }
        }
    }

    async fn fill(&self, root: &Path) -> Result<(), Failure> {
        let key_file = root.join("device.key");
        let (created, started) = tokio::join!(self.create(key_file), self.start_platform());
        created?;
        started?;
        for sample in SAMPLES {
            self.call::<KeyAdd>(sample.into_new()).await?;
        }
        for issued in ISSUED {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            self.issue_key(IssueKey {
                name: issued.name.to_owned(),
                scopes: owned(issued.scopes),
                limit_per_minute: issued.limit_per_minute,
                allow: owned(issued.allow),
                may_sign: issued.may_sign,
                store: issued.name.to_owned(),
                daily_quota: issued.daily_quota,
                note: issued.note.to_owned(),
                ..IssueKey::default()
            })
            .await?;
        }
        let platform = self.manage().await?;
        let keys = platform.list_keys().await?.keys;
        for old in keys.iter().filter(|key| key.name == "old-laptop") {
            platform.revoke(&old.app_id).await?;
        }
        for renewed in keys.iter().filter(|key| key.name == "payouts-dev") {
            self.rotate_key(&renewed.app_id, OVERLAP_MS).await?;
        }
        for (method, path, key) in REQUESTS {
            let body = match method {
                "POST" => DraftBody {
                    kind: BodyKind::Json,
                    text: PAYIN.to_owned(),
                    ..DraftBody::default()
                },
                _ => DraftBody::default(),
            };
            self.send(Draft {
                method: method.to_owned(),
                url: format!("{}{path}", platform.url()),
                body,
                key: key.map(str::to_owned),
                ..Draft::default()
            })
            .await?;
        }
        let saved = folder::write(root, platform.url()).map_err(|error| no_place(&error))?;
        self.choose_folder(saved);
        Ok(())
    }

    async fn create(&self, key_file: PathBuf) -> Result<(), Failure> {
        let passphrase = BASE64.encode(random::bytes::<32>());
        self.call::<CreateBegin>(Enrolment {
            passphrase: Revealed::new(passphrase),
            device_secret: DeviceSecretPlace::File(key_file.display().to_string()),
            kdf_memory_mib: Some(KDF_MEMORY_MIB),
            totp_horizon_days: HORIZON_DAYS,
        })
        .await?;
        let finish = EnrolFinish {
            code: None,
            open: true,
        };
        self.call::<CreateFinish>(finish).await?;
        Ok(())
    }
}

fn no_place(error: &io::Error) -> Failure {
    Failure::new(
        ErrorCode::Storage,
        format!("there is no place for a throw-away home: {error}"),
    )
    .hint("free some space in the temporary directory, or set TMPDIR to another one")
}

impl Sample {
    fn into_new(self) -> NewKey {
        NewKey {
            name: self.name.to_owned(),
            provider: Some(self.provider.to_owned()),
            environment: Some(self.environment),
            public_id: Some(self.public_id.to_owned()),
            base_url: Some(self.base_url.to_owned()),
            hosts: vec![self.host.to_owned()],
            scheme: self.scheme.map(str::to_owned),
            settings: BTreeMap::new(),
            preset: None,
            tags: vec![self.tag.to_owned()],
            // Nobody's secret, and nobody could take it for one.
            secret: Revealed::new(format!("sample-{}", BASE64.encode(random::bytes::<15>()))),
            certificate: None,
        }
    }
}

/// In memory where the session has a place for that: nothing is left on a disk.
fn temporary() -> io::Result<TempDir> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let place = runtime.filter(|place| place.is_dir());
    let place = place.unwrap_or_else(std::env::temp_dir);
    let mut builder = tempfile::Builder::new();
    builder.prefix("strongroom-demo-");
    builder.tempdir_in(&place).or_else(|_| builder.tempdir())
}
