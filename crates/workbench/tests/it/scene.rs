//! A home with its owner in this process, and a vault in it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use strongroom_contract::{
    agent::{
        CreateBegin, CreateFinish, EnrolFinish, Nothing, Operation, Status, Unlock, UnlockArgs,
    },
    error::Failure,
    secret::Revealed,
    time::UnixMillis,
    vault::{
        DeviceSecretPlace, Enrolled, Enrolment, Environment, NewKey, Unlocked, VaultState,
        VaultStatus,
    },
};
use strongroom_crypto::totp::{Codes, STEP_SECONDS, Seed, Step};
use strongroom_workbench::{
    agent::{Agent, Options},
    client::Client,
    home::Home,
    os::clock,
    session::Session,
};
use tempfile::TempDir;

pub(crate) const PASSPHRASE: &str = "PASSPHRASE-CANARY correct horse";
pub(crate) const SECRET: &str = "sk_SECRET-CANARY_0123456789abcdef";

/// Long enough that no test meets them.
pub(crate) const PATIENT: Options = Options {
    idle: Duration::from_secs(600),
    linger: Duration::from_secs(600),
};

/// A home whose vault is owned by a thread of this process.
pub(crate) struct Scene {
    pub(crate) dir: TempDir,
    pub(crate) home: Home,
    pub(crate) session: Arc<Session>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    owner: Option<JoinHandle<Result<(), Failure>>>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(PATIENT)
    }

    pub(crate) fn with(options: Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(&dir.path().join("home")).unwrap();
        Self::of(dir, home, options)
    }

    fn of(dir: TempDir, home: Home, options: Options) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (ready, session) = std::sync::mpsc::channel();
        let owned = home.clone();
        let owner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let agent = Agent::bind(owned, options)?;
                ready.send(agent.session()).unwrap();
                agent
                    .serve(async {
                        drop(stopped.await);
                    })
                    .await
            })
        });
        let session = session.recv().unwrap();
        Self {
            dir,
            home,
            session,
            stop: Some(stop),
            owner: Some(owner),
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.home).unwrap().unwrap()
    }

    /// Ends the owner and starts another one for the same home.
    pub(crate) fn restarted(mut self) -> Self {
        self.end();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        Self::of(dir, self.home.clone(), PATIENT)
    }

    /// Waits for the owner to end by itself.
    pub(crate) fn ended(mut self) -> TempDir {
        self.owner.take().unwrap().join().unwrap().unwrap();
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.dir.path().join("device.key")
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(owner) = self.owner.take() {
            owner.join().unwrap().unwrap();
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(owner) = self.owner.take()
            && owner.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the owner broke");
        }
    }
}

pub(crate) fn call<O: Operation>(
    client: &mut Client,
    args: &O::Args,
) -> Result<O::Output, Failure> {
    client.call::<O>(args, |_| {})
}

pub(crate) fn enrolment(device_secret: DeviceSecretPlace) -> Enrolment {
    Enrolment {
        passphrase: secret(PASSPHRASE),
        device_secret,
        kdf_memory_mib: Some(64),
        totp_horizon_days: 365,
    }
}

pub(crate) fn in_file(path: &Path) -> DeviceSecretPlace {
    DeviceSecretPlace::File(path.to_str().unwrap().to_owned())
}

/// A vault that was created, with what a person would hold of it. Each code is of a later step.
pub(crate) struct Vault {
    pub(crate) codes: Codes,
    pub(crate) enrolled: Enrolled,
    next: Step,
}

impl Vault {
    pub(crate) fn create(client: &mut Client, place: DeviceSecretPlace) -> Self {
        let started = call::<CreateBegin>(client, &enrolment(place)).unwrap();
        let codes = codes(&started.otpauth_uri);
        let enrolled = call::<CreateFinish>(
            client,
            &EnrolFinish {
                code: None,
                open: false,
            },
        )
        .unwrap();
        Self {
            codes,
            enrolled,
            next: Step::at(clock::now().secs()),
        }
    }

    /// What opens it now: a step that was not used yet, and the time in it.
    pub(crate) fn unlock_args(&mut self) -> UnlockArgs {
        self.next = Step(self.next.0 + 2);
        UnlockArgs {
            passphrase: secret(PASSPHRASE),
            code: self.code(self.next),
            at: Some(UnixMillis::from_secs(self.next.begins() + STEP_SECONDS / 2)),
            allow_read: false,
            accept_older: false,
        }
    }

    pub(crate) fn code(&self, step: Step) -> Revealed {
        code(&self.codes, step)
    }

    pub(crate) fn unlock(&mut self, client: &mut Client) -> Unlocked {
        call::<Unlock>(client, &self.unlock_args()).unwrap()
    }

    pub(crate) fn unlock_allowing_read(&mut self, client: &mut Client) -> Unlocked {
        let args = UnlockArgs {
            allow_read: true,
            ..self.unlock_args()
        };
        call::<Unlock>(client, &args).unwrap()
    }
}

pub(crate) fn code(codes: &Codes, step: Step) -> Revealed {
    Revealed::new(format!("{:06}", codes.at(step).expose_secret()))
}

/// The generator of the seed in an `otpauth://` URI, as an authenticator reads it.
pub(crate) fn codes(uri: &Revealed) -> Codes {
    let uri = url::Url::parse(uri.expose_secret()).unwrap();
    let (_, secret) = uri
        .query_pairs()
        .find(|(name, _)| name == "secret")
        .unwrap();
    Seed::from_slice(&base32(&secret)).unwrap().codes()
}

/// RFC 4648, section 6, without padding.
fn base32(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0u32, 0);
    for character in text.bytes() {
        let value = alphabet
            .iter()
            .position(|known| *known == character)
            .unwrap();
        bits = bits << 5 | u32::try_from(value).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

pub(crate) fn secret(text: &str) -> Revealed {
    Revealed::new(text.to_owned())
}

pub(crate) fn key(name: &str, hosts: &[&str]) -> NewKey {
    NewKey {
        name: name.to_owned(),
        provider: None,
        environment: Some(Environment::Own),
        public_id: Some("app_1".to_owned()),
        base_url: None,
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        scheme: Some("header-pair".to_owned()),
        settings: BTreeMap::new(),
        preset: None,
        tags: Vec::new(),
        secret: secret(SECRET),
        certificate: None,
    }
}

pub(crate) fn status(client: &mut Client) -> VaultStatus {
    call::<Status>(client, &Nothing {}).unwrap()
}

pub(crate) fn state(client: &mut Client) -> VaultState {
    status(client).state
}
