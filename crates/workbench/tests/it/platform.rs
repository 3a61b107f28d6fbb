//! The local platform: served, managed, and its keys put into the vault.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
    thread::JoinHandle,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use strongroom_contract::{
    agent::{KeyAdd, Lock, Nothing, Send, VERSION},
    error::{ErrorCode, Failure},
    exchange::{SendOptions, SendRequest},
    explain::{Decision, Rule},
    manage::{CreateKey, KeyState, RotateKey, SetAllowlist, SetLimit, SetScopes},
    platform::PlatformAddress,
    vault::VersionState,
};
use strongroom_workbench::{
    client::Client,
    home::Home,
    os::socket::SocketPath,
    platform::{Platform, ServeOptions, Staged, create_and_store, rotate_and_store, serve},
};

use crate::{
    log,
    scene::{Scene, Vault, call, in_file, key},
};

/// A platform that runs for a home.
pub(crate) struct Served {
    pub(crate) address: PlatformAddress,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<JoinHandle<Result<(), Failure>>>,
}

impl Served {
    pub(crate) fn start(home: &Home, options: ServeOptions) -> Result<Self, Failure> {
        Self::play(home, options).map(|(served, _)| served)
    }

    /// The same with the stage of the scenario that it plays.
    pub(crate) fn play(
        home: &Home,
        options: ServeOptions,
    ) -> Result<(Self, Option<Staged>), Failure> {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (ready, address) = std::sync::mpsc::channel();
        let home = home.clone();
        let server = std::thread::spawn(move || {
            block_on(serve(
                &home,
                options,
                |address, staged| {
                    ready.send((address.clone(), staged)).unwrap();
                    Ok(())
                },
                async { drop(stopped.await) },
            ))
        });
        match address.recv() {
            Ok((address, staged)) => Ok((
                Self {
                    address,
                    stop: Some(stop),
                    server: Some(server),
                },
                staged,
            )),
            Err(_) => Err(server.join().unwrap().unwrap_err()),
        }
    }

    pub(crate) fn stop(mut self) {
        drop(self.stop.take());
        self.server.take().unwrap().join().unwrap().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            drop(server.join());
        }
    }
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

pub(crate) fn any_port() -> ServeOptions {
    ServeOptions {
        port: 0,
        virtual_clock: true,
        ..ServeOptions::default()
    }
}

pub(crate) fn wanted(name: &str) -> CreateKey {
    CreateKey {
        name: name.into(),
        client: None,
        scopes: Vec::new(),
        limit_per_minute: None,
        allow: Vec::new(),
        may_sign: true,
        ..CreateKey::default()
    }
}

fn ping(address: &PlatformAddress, key: &str) -> SendRequest {
    SendRequest {
        method: "GET".into(),
        url: format!("{}/api/v1/ping", address.url),
        headers: Vec::new(),
        body_base64: BASE64.encode(b""),
        key: Some(key.into()),
        scheme: None,
        settings: std::collections::BTreeMap::new(),
        ca_pem: Vec::new(),
        timeout_ms: 20_000,
        body_limit: 100_000,
        allow_plain_http: false,
        options: SendOptions::default(),
    }
}

#[test]
fn an_issued_key_goes_straight_into_the_vault_and_signs() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    let served = Served::start(&scene.home, any_port()).unwrap();
    let platform = Platform::of_home(&scene.home).unwrap();

    // The vault is asked first: while it is locked, nothing is issued.
    let refused = block_on(create_and_store(
        &platform,
        &mut client,
        &wanted("dev"),
        "payments",
    ));
    assert_eq!(refused.err().unwrap().code, ErrorCode::Locked);
    assert!(block_on(platform.list_keys()).unwrap().keys.is_empty());

    vault.unlock(&mut client);
    let stored = block_on(create_and_store(
        &platform,
        &mut client,
        &wanted("dev"),
        "payments",
    ))
    .unwrap();
    assert_eq!(
        stored.item.public_id.as_deref(),
        Some(stored.created.app_id.as_str())
    );
    assert_eq!(stored.item.hosts, ["localhost", "127.0.0.1", "[::1]"]);
    assert_eq!(stored.item.scheme.as_deref(), Some("rfc9421-hmac-sha256"));

    let exchange = call::<Send>(&mut client, &ping(&served.address, "payments")).unwrap();
    assert_eq!(exchange.status, 200, "{:?}", exchange.body);
    assert!(exchange.tls.is_some());
    assert!(
        exchange
            .steps
            .iter()
            .any(|step| step.name == "signature_base")
    );

    // The pair is exchanged for a token of the platform's, whose claims are shown and no more of it.
    let mut by_token = ping(&served.address, "payments");
    by_token.scheme = Some("access-token".into());
    let exchange = call::<Send>(&mut client, &by_token).unwrap();
    assert_eq!(exchange.status, 200, "{:?}", exchange.body);
    let claims = exchange
        .steps
        .iter()
        .find(|step| step.name == "token_claims");
    assert!(claims.unwrap().value.contains(&stored.created.app_id));

    // A signature holds the platform's time, not this machine's.
    block_on(platform.advance_clock(Duration::from_secs(30 * 86_400))).unwrap();
    let exchange = call::<Send>(&mut client, &ping(&served.address, "payments")).unwrap();
    assert_eq!(exchange.status, 200, "{:?}", exchange.body);

    // A name that is taken is refused before a second key is issued.
    let refused = block_on(create_and_store(
        &platform,
        &mut client,
        &wanted("dev"),
        "payments",
    ));
    assert_eq!(refused.err().unwrap().code, ErrorCode::Conflict);
    assert_eq!(block_on(platform.list_keys()).unwrap().keys.len(), 1);
    served.stop();
}

#[test]
fn a_rotation_goes_straight_into_the_vault_and_signs() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let served = Served::start(&scene.home, any_port()).unwrap();
    let platform = Platform::of_home(&scene.home).unwrap();
    let mut issue = |name: &str| {
        let key = wanted(name);
        let stored = create_and_store(&platform, &mut client, &key, name);
        block_on(stored).unwrap().created.app_id
    };
    let (app_id, other) = (issue("payments"), issue("other"));
    let secrets = |app_id: &str| block_on(platform.key(app_id)).unwrap().secrets;

    let mut client = scene.client();
    let at_once = RotateKey {
        overlap_ms: Some(0),
    };
    let mut rotate = |name: &str| {
        let rotated = rotate_and_store(&platform, &mut client, &app_id, &at_once, name);
        block_on(rotated)
    };
    for (name, code) in [("other", ErrorCode::Usage), ("nobody", ErrorCode::NotFound)] {
        assert_eq!(rotate(name).err().unwrap().code, code);
    }
    assert_eq!(secrets(&app_id).len(), 1, "nothing was rotated");
    let done = rotate("payments").unwrap();
    let states: Vec<_> = done.item.versions.iter().map(|it| it.state).collect();
    assert_eq!(states, [VersionState::Current, VersionState::Retiring]);
    assert_eq!(done.rotated.key.state, KeyState::Active);
    assert_eq!(done.rotated.secret_id, 2);
    let live: Vec<_> = secrets(&app_id).iter().map(|it| it.is_live).collect();
    assert_eq!(live, [true, false]);
    let exchange = call::<Send>(&mut client, &ping(&served.address, "payments")).unwrap();
    assert_eq!(exchange.status, 200, "{:?}", exchange.body);

    // The vault is asked first: while it is locked, nothing is rotated.
    call::<Lock>(&mut client, &Nothing {}).unwrap();
    let refused = rotate_and_store(&platform, &mut client, &other, &at_once, "other");
    assert_eq!(block_on(refused).err().unwrap().code, ErrorCode::Locked);
    assert_eq!(secrets(&other).len(), 1);
    served.stop();
}

#[test]
fn a_refusal_is_explained_and_keys_are_managed() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let served = Served::start(&scene.home, any_port()).unwrap();
    let platform = Platform::of(
        &served.address.url,
        Path::new(&served.address.ca),
        &Path::new(&served.address.state).join("owner.key"),
    )
    .unwrap();
    let stored = block_on(create_and_store(
        &platform,
        &mut client,
        &wanted("dev"),
        "payments",
    ))
    .unwrap();
    let app_id = &stored.created.app_id;

    let elsewhere = SetAllowlist {
        allow: vec!["203.0.113.0/24".into()],
    };
    let listed = block_on(platform.set_allowlist(app_id, &elsewhere)).unwrap();
    assert_eq!(listed.allow, elsewhere.allow);
    let exchange = call::<Send>(&mut client, &ping(&served.address, "payments")).unwrap();
    assert_eq!(exchange.status, 403);
    let id = exchange.request_id.unwrap();
    let explained = block_on(platform.explain(&id)).unwrap();
    assert_eq!(
        (explained.decision, explained.rule),
        (Decision::Refused, Some(Rule::Source))
    );
    assert_eq!(block_on(platform.request(&id)).unwrap().status, 403);

    block_on(platform.set_allowlist(app_id, &SetAllowlist { allow: Vec::new() })).unwrap();
    let limit = SetLimit { per_minute: 7 };
    assert_eq!(
        block_on(platform.set_limit(app_id, &limit))
            .unwrap()
            .limit_per_minute,
        7
    );
    let scopes = SetScopes {
        scopes: vec!["payins:read".into()],
    };
    assert_eq!(
        block_on(platform.set_scopes(app_id, &scopes))
            .unwrap()
            .scopes,
        scopes.scopes
    );
    assert_eq!(
        block_on(platform.revoke(app_id)).unwrap().state,
        KeyState::Revoked
    );
    let exchange = call::<Send>(&mut client, &ping(&served.address, "payments")).unwrap();
    assert_eq!(exchange.status, 401);

    assert!(!block_on(platform.audit(5, None)).unwrap().rows.is_empty());
    assert!(block_on(platform.verify_audit()).unwrap().ok);
    for unknown in ["nobody", "../keys", "a/b", "?x=1", ""] {
        let refused = block_on(platform.revoke(unknown)).unwrap_err();
        assert_ne!(refused.code, ErrorCode::Version, "{unknown:?}: {refused}");
    }
}

/// An owner that could add a key, until it is asked to.
fn fickle_owner(home: &Home) -> JoinHandle<()> {
    let bound = SocketPath::of(home.path()).unwrap().bind().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = bound.listener().accept().unwrap();
        for answer in [
            json!({"kind": "ok", "result": {"protocol": VERSION, "version": "0", "pid": 1}}),
            json!({"kind": "ok", "result": {}}),
            json!({"kind": "err", "error": {"code": "locked", "message": "the vault is locked"}}),
        ] {
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut body = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap()];
            stream.read_exact(&mut body).unwrap();
            let asked: Value = serde_json::from_slice(&body).unwrap();
            let mut answer = answer;
            answer["v"] = json!(VERSION);
            answer["id"] = asked["id"].clone();
            let answer = answer.to_string();
            let length = u32::try_from(answer.len()).unwrap().to_le_bytes();
            stream
                .write_all(&[&length, answer.as_bytes()].concat())
                .unwrap();
        }
    })
}

#[test]
fn a_key_that_cannot_be_stored_after_all_is_revoked_again() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(&dir.path().join("home")).unwrap();
    let served = Served::start(&home, any_port()).unwrap();
    let platform = Platform::of_home(&home).unwrap();
    let owner = fickle_owner(&home);
    let mut client = Client::connect(&home).unwrap().unwrap();
    let failed = block_on(create_and_store(
        &platform,
        &mut client,
        &wanted("dev"),
        "payments",
    ));
    owner.join().unwrap();
    let failed = failed.err().unwrap();
    assert_eq!(failed.code, ErrorCode::Locked);
    assert!(failed.message.contains("revoked again"), "{failed}");
    let keys = block_on(platform.list_keys()).unwrap().keys;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].state, KeyState::Revoked);
    assert_eq!(failed.details["app_id"], keys[0].app_id.as_str());
    served.stop();
}

#[test]
fn a_platform_is_announced_while_it_runs_and_says_what_keeps_it_from_running() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(&dir.path().join("home")).unwrap();
    let none = Platform::of_home(&home).err().unwrap();
    assert_eq!(none.code, ErrorCode::PlatformUnavailable);
    assert!(none.hint.unwrap().contains("strongroom serve"));

    let served = Served::start(&home, any_port()).unwrap();
    let announced = fs::read_to_string(home.platform_file()).unwrap();
    assert_eq!(
        serde_json::from_str::<PlatformAddress>(&announced).unwrap(),
        served.address
    );
    let owner_key = fs::read_to_string(Path::new(&served.address.state).join("owner.key")).unwrap();
    assert!(!announced.contains(owner_key.trim()));

    // The same state directory, then the same port.
    let twice = Served::start(&home, any_port()).err().unwrap();
    assert_eq!(twice.code, ErrorCode::InUse);
    let port = served
        .address
        .url
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let elsewhere = ServeOptions {
        port,
        state: Some(dir.path().join("other")),
        ..ServeOptions::default()
    };
    let taken = Served::start(&home, elsewhere).err().unwrap();
    assert_eq!(taken.code, ErrorCode::InUse);
    assert!(taken.hint.unwrap().contains("--port"));
    assert!(
        block_on(Platform::of_home(&home).unwrap().clock())
            .unwrap()
            .is_virtual
    );

    served.stop();
    assert!(!home.platform_file().exists());
}

#[test]
fn a_platform_that_is_not_what_was_named_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(&dir.path().join("home")).unwrap();
    let served = Served::start(&home, any_port()).unwrap();
    let (ca, state) = (
        Path::new(&served.address.ca),
        Path::new(&served.address.state),
    );
    let owner = state.join("owner.key");
    for url in [
        "localhost:8443",
        "http://localhost:8443",
        "https://localhost:8443/api",
        "",
    ] {
        let refused = Platform::of(url, ca, &owner).err().unwrap();
        assert_eq!(refused.code, ErrorCode::Usage, "{url}");
    }
    let garbage = dir.path().join("garbage");
    fs::write(&garbage, "CANARY\n\n").unwrap();
    let missing = dir.path().join("missing");
    for (ca, owner) in [
        (garbage.as_path(), &owner),
        (&missing, &owner),
        (ca, &missing),
    ] {
        let refused = Platform::of(&served.address.url, ca, owner).err().unwrap();
        assert_eq!(refused.code, ErrorCode::Usage, "{refused}");
        assert!(refused.hint.is_some());
    }
    let stranger = Platform::of(&served.address.url, ca, &garbage).unwrap();
    let refused = block_on(stranger.list_keys()).unwrap_err();
    assert!(!refused.message.contains("CANARY"), "{refused}");

    // A CA of another platform does not vouch for this one.
    let other_home = Home::at(&dir.path().join("other")).unwrap();
    let other = Served::start(&other_home, any_port()).unwrap();
    let wrong_ca = Platform::of(&served.address.url, Path::new(&other.address.ca), &owner).unwrap();
    let refused = block_on(wrong_ca.clock()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::PlatformUnavailable, "{refused}");
    let url = served.address.url.clone();
    let handle = Platform::of_home(&home).unwrap();
    served.stop();
    let gone = block_on(handle.clock()).unwrap_err();
    assert_eq!(gone.code, ErrorCode::PlatformUnavailable);
    assert!(gone.message.contains(&url), "{gone}");
}

#[test]
fn a_secret_is_in_no_error_log_or_file_of_the_home() {
    log::listen();
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let served = Served::start(&scene.home, any_port()).unwrap();
    call::<KeyAdd>(&mut client, &key("payments", &["localhost"])).unwrap();
    let exchange = call::<Send>(&mut client, &ping(&served.address, "payments")).unwrap();
    assert_eq!(exchange.status, 401);
    assert!(!format!("{exchange:?}").contains("CANARY"));
    call::<Lock>(&mut client, &Nothing {}).unwrap();
    served.stop();
    let activity = format!("{:?}", scene.session.activity().entries());
    assert!(!activity.contains("CANARY"), "{activity}");
    let said = log::said();
    assert!(said.contains("activity"), "the log is listened to");
    for secret in ["CANARY", vault.enrolled.recovery_code.expose_secret()] {
        assert!(!said.contains(secret), "a secret was logged");
    }
    let looked_at = look(scene.dir.path());
    assert!(looked_at > 10, "only {looked_at} files");
}

/// Looks for the marked secrets in every file below `path`; how many files there are.
fn look(path: &Path) -> usize {
    fs::read_dir(path)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                return look(&path);
            }
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(6).any(|window| window == b"CANARY");
            assert!(!found, "{}", path.display());
            1
        })
        .sum()
}
