//! The owner with a window: what the window may, what the command line sees of it, and what goes on
//! beside them.

use std::{net::TcpListener, path::PathBuf, sync::mpsc, time::Duration};

use strongroom_contract::{
    agent::{
        CreateFinish, EnrolFinish, KeyAdd, KeyEdit, KeyEditArgs, KeyList, KeyName, KeyRemove,
        KeyRestore, Nothing, Operation, Read, ReadArgs, RecoverArgs, RecoverFinish, SessionTouch,
        Status, Unlock,
    },
    error::{ErrorCode, Failure},
    vault::{EditKey, VaultState},
    window::{ActivityKind, Draft, Settings},
};
use strongroom_crypto::totp::{Codes, Step};
use strongroom_workbench::{client::Client, desk::Desk, home::Home, os::clock};
use tempfile::TempDir;

use crate::scene::{
    PASSPHRASE, SECRET, Scene, Vault, call, code, codes, enrolment, in_file, key, secret,
};

/// A desk in a temporary home, on a runtime of its own.
pub(crate) struct Window {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) desk: Desk,
    pub(crate) home: Home,
    dir: TempDir,
}

impl Window {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(&dir.path().join("home")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let opened = runtime.block_on(Desk::open(home.clone(), &Settings::default()));
        Self {
            desk: opened.unwrap(),
            runtime,
            home,
            dir,
        }
    }

    /// The same with an open vault, and its authenticator.
    pub(crate) fn open() -> (Self, Codes) {
        let window = Self::new();
        let codes = window.create();
        (window, codes)
    }

    fn key_file(&self) -> PathBuf {
        self.dir.path().join("device.key")
    }

    fn create(&self) -> Codes {
        let args = enrolment(in_file(&self.key_file()));
        let shown = self.block_on(self.desk.begin_creation(args)).unwrap();
        let codes = codes(&shown.otpauth_uri);
        let finish = EnrolFinish {
            code: Some(code(&codes, now())),
            open: true,
        };
        self.call::<CreateFinish>(finish).unwrap();
        codes
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn call<O: Operation>(&self, args: O::Args) -> Result<O::Output, Failure> {
        self.block_on(self.desk.call::<O>(args))
    }

    fn client(&self) -> Client {
        Client::connect(&self.home).unwrap().unwrap()
    }

    fn names(&self) -> Vec<String> {
        let items = self.call::<KeyList>(Nothing {}).unwrap().items;
        items.into_iter().map(|item| item.name).collect()
    }

    fn state(&self) -> VaultState {
        self.block_on(self.desk.session()).unwrap().vault.state
    }

    /// Waits until the session changes after `work`; the value that `work` gave.
    fn changes<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut changes = self.desk.changes();
        changes.mark_unchanged();
        let done = work();
        let limit = Duration::from_secs(20);
        self.block_on(async { tokio::time::timeout(limit, changes.changed()).await })
            .unwrap()
            .unwrap();
        done
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.runtime.block_on(self.desk.close());
    }
}

pub(crate) fn draft(url: &str, key: Option<&str>) -> Draft {
    Draft {
        url: url.into(),
        key: key.map(str::to_owned),
        ..Draft::default()
    }
}

fn now() -> Step {
    Step::at(clock::now().secs())
}

fn name(name: &str) -> KeyName {
    KeyName { name: name.into() }
}

fn reference(text: &str) -> ReadArgs {
    ReadArgs {
        reference: text.into(),
    }
}

#[test]
fn the_first_run_ends_with_an_open_vault() {
    let window = Window::new();
    assert_eq!(window.state(), VaultState::None);
    let args = enrolment(in_file(&window.key_file()));
    let shown = window.block_on(window.desk.begin_creation(args)).unwrap();
    assert!(shown.qr.modules >= 21 && shown.qr.path.expose_secret().starts_with("M0 0h7"));
    let codes = codes(&shown.otpauth_uri);
    let right = code(&codes, now());
    let wrong = if right.expose_secret() == "000000" {
        "000001"
    } else {
        "000000"
    };
    let finish = |code: &str| EnrolFinish {
        code: Some(secret(code)),
        open: true,
    };
    // A typing error costs no new scan.
    let refused = window.call::<CreateFinish>(finish(wrong)).err().unwrap();
    assert_eq!(refused.code, ErrorCode::WrongFactors);
    let enrolled = window.changes(|| {
        let right = code(&codes, now());
        window
            .call::<CreateFinish>(finish(right.expose_secret()))
            .unwrap()
    });
    assert!(!enrolled.recovery_code.expose_secret().is_empty());
    let session = window.block_on(window.desk.session()).unwrap();
    assert_eq!(session.vault.state, VaultState::Unlocked);
    assert!(window.desk.is_unlocked() && !session.demo);
    assert!(
        session
            .locks_in
            .is_some_and(|left| (590..=600).contains(&left))
    );
    window
        .call::<KeyAdd>(key("payments", &["localhost"]))
        .unwrap();
    let kinds: Vec<_> = window.desk.activity().iter().map(|row| row.kind).collect();
    let expected = [
        ActivityKind::Changed,
        ActivityKind::Unlocked,
        ActivityKind::Created,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn the_command_line_unlocks_the_window_and_the_window_hears_of_it() {
    let window = Window::new();
    let mut client = window.client();
    let mut vault = window.changes(|| Vault::create(&mut client, in_file(&window.key_file())));
    assert_eq!(window.state(), VaultState::Locked);
    assert!(!window.desk.is_unlocked());
    let refused = window.call::<KeyList>(Nothing {}).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Locked);

    window.changes(|| vault.unlock(&mut client));
    assert!(window.desk.is_unlocked());
    assert!(window.names().is_empty());
    window.changes(|| call::<KeyAdd>(&mut client, &key("payments", &[])).unwrap());
    assert_eq!(window.names(), ["payments"]);

    window.changes(|| window.block_on(window.desk.lock()).unwrap());
    assert!(!window.desk.is_unlocked());
    let refused = call::<KeyList>(&mut client, &Nothing {}).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Locked);
    // And the window unlocks it for the command line.
    window.changes(|| window.call::<Unlock>(vault.unlock_args()).unwrap());
    assert_eq!(
        call::<KeyList>(&mut client, &Nothing {})
            .unwrap()
            .items
            .len(),
        1
    );
}

#[test]
fn a_person_at_the_window_sees_a_secret_that_a_program_does_not() {
    let (window, _) = Window::open();
    let added = window.call::<KeyAdd>(key("payments", &[])).unwrap();
    let mut client = window.client();
    let refused = call::<Read>(&mut client, &reference("sr://payments/secret")).err();
    assert_eq!(refused.unwrap().code, ErrorCode::Refused);
    let by_id = format!("sr://{}/secret", added.id);
    let shown = window.call::<Read>(reference(&by_id)).unwrap();
    assert_eq!(shown.value.expose_secret(), SECRET);

    let rows = window.desk.activity();
    assert_eq!(rows[0].kind, ActivityKind::Revealed);
    assert_eq!(rows[0].item.as_deref(), Some("payments"));
    assert_eq!(rows[1].kind, ActivityKind::Refused);
    assert!(!format!("{rows:?}").contains("CANARY"), "{rows:?}");
}

#[test]
fn a_removal_at_the_window_can_be_undone_and_is_carried_out_at_lock() {
    let window = Window::new();
    let mut client = window.client();
    let mut vault = Vault::create(&mut client, in_file(&window.key_file()));
    vault.unlock(&mut client);
    for name in ["payments", "refunds"] {
        window.call::<KeyAdd>(key(name, &[])).unwrap();
    }
    let removed = window.changes(|| window.call::<KeyRemove>(name("payments")).unwrap());
    assert_eq!(window.names(), ["refunds"]);
    // Hidden from everybody, and its name kept.
    let items = call::<KeyList>(&mut client, &Nothing {}).unwrap().items;
    assert_eq!(items.len(), 1);
    let taken = call::<KeyAdd>(&mut client, &key("payments", &[])).unwrap_err();
    assert_eq!(taken.code, ErrorCode::Conflict);
    assert!(taken.hint.unwrap().contains("Undo"));
    let session = window.block_on(window.desk.session()).unwrap();
    assert_eq!(session.vault.items, Some(1));

    let restored = window.changes(|| window.call::<KeyRestore>(name(&removed.id)).unwrap());
    assert_eq!(restored, removed);
    assert_eq!(window.names(), ["payments", "refunds"]);
    let again = window.call::<KeyRestore>(name(&removed.id)).unwrap_err();
    assert_eq!(again.code, ErrorCode::NotFound);
    assert!(again.hint.unwrap().contains("ten seconds"));

    window.call::<KeyRemove>(name("payments")).unwrap();
    window.block_on(window.desk.lock()).unwrap();
    let told = || format!("{:?}", window.desk.activity());
    assert!(told().contains("A key was removed"), "{}", told());
    assert!(!told().contains("payments"), "{}", told());
    vault.unlock(&mut client);
    assert!(told().contains("payments was removed"), "{}", told());
    assert_eq!(window.names(), ["refunds"]);
    assert!(window.call::<KeyRestore>(name("payments")).is_err());
    window.call::<KeyAdd>(key("payments", &[])).unwrap();
    // A program that removes means it.
    call::<KeyRemove>(&mut client, &name("payments")).unwrap();
    window.call::<KeyAdd>(key("payments", &[])).unwrap();
}

#[test]
fn a_key_is_changed_and_keeps_its_secret() {
    let (window, _) = Window::open();
    let added = window
        .call::<KeyAdd>(key("payments", &["localhost"]))
        .unwrap();
    window.call::<KeyAdd>(key("taken", &[])).unwrap();
    let wanted = |name: &str, hosts: &[&str], scheme: &str| KeyEditArgs {
        name: added.id.clone(),
        key: EditKey {
            name: name.into(),
            provider: Some("hello-clever".into()),
            environment: None,
            public_id: None,
            base_url: None,
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            scheme: Some(scheme.into()),
            settings: None,
            tags: vec!["one".into()],
        },
    };
    for (args, expected) in [
        (wanted("taken", &[], "bearer"), ErrorCode::Conflict),
        (wanted("a/b", &[], "bearer"), ErrorCode::Usage),
        (wanted("new", &["https://x/"], "bearer"), ErrorCode::Usage),
        (wanted("new", &[], "magic"), ErrorCode::Usage),
    ] {
        assert_eq!(window.call::<KeyEdit>(args).unwrap_err().code, expected);
    }
    let edited = window.changes(|| {
        window
            .call::<KeyEdit>(wanted("new", &["localhost:8443"], "bearer"))
            .unwrap()
    });
    assert_eq!(edited.id, added.id);
    assert_eq!((edited.name.as_str(), edited.public_id), ("new", None));
    assert_eq!(edited.hosts, ["localhost:8443"]);
    let value = window.call::<Read>(reference("sr://new/secret")).unwrap();
    assert_eq!(value.value.expose_secret(), SECRET);
}

#[test]
fn a_preview_shows_the_steps_without_the_secret_and_is_no_use_of_it() {
    let (window, _) = Window::open();
    window
        .call::<KeyAdd>(key("payments", &["localhost"]))
        .unwrap();
    let before = window.desk.activity().len();
    let preview = |url: &str, scheme: &str| {
        let mut draft = draft(url, Some("payments"));
        draft.scheme = Some(scheme.into());
        window.block_on(window.desk.preview(draft))
    };
    let url = "https://localhost:8443/api/v1/ping";
    let signed = preview(url, "rfc9421-hmac-sha256").unwrap();
    assert!(
        signed
            .steps
            .iter()
            .any(|step| step.name == "signature_base")
    );
    assert!(
        signed
            .head
            .starts_with("GET /api/v1/ping HTTP/1.1\nHost: localhost:8443\n")
    );
    let steps = format!("{signed:?}{:?}", preview(url, "header-pair").unwrap());
    assert!(steps.contains("sr://payments/secret"), "{steps}");
    assert!(!steps.contains("CANARY"), "{steps}");
    let elsewhere = preview("https://example.com/", "bearer").unwrap_err();
    assert_eq!(elsewhere.code, ErrorCode::Refused);
    let unsigned = window.block_on(window.desk.preview(draft(url, None)));
    assert!(unsigned.unwrap().steps.is_empty());
    assert_eq!(window.desk.activity().len(), before, "nothing was used");
}

#[test]
fn a_request_of_the_window_is_stopped() {
    let (window, _) = Window::open();
    // Accepts, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let (accepted, is_accepted) = mpsc::channel();
    std::thread::spawn(move || {
        let held = listener.accept().unwrap();
        accepted.send(()).unwrap();
        drop(held.0.set_nonblocking(false));
        std::io::copy(&mut &held.0, &mut std::io::sink()).ok();
    });
    let desk = window.desk.clone();
    let sending = window
        .runtime
        .spawn(async move { desk.send(draft(&url, None)).await });
    is_accepted.recv().unwrap();
    window.desk.cancel_sends();
    let stopped = window.block_on(sending).unwrap().unwrap_err();
    assert_eq!(stopped.code, ErrorCode::Cancelled);
    let rows = window.desk.activity();
    assert!(rows[0].text.ends_with("no answer"), "{rows:?}");
}

#[test]
fn a_recovery_that_is_given_up_leaves_the_vault_to_be_unlocked() {
    let window = Window::new();
    let mut client = window.client();
    let mut vault = Vault::create(&mut client, in_file(&window.key_file()));
    let begin = || {
        window.block_on(window.desk.begin_recovery(RecoverArgs {
            recovery_code: secret(vault.enrolled.recovery_code.expose_secret()),
            enrolment: enrolment(in_file(&window.dir.path().join("new.key"))),
            accept_older: false,
        }))
    };
    begin().unwrap();
    // It has the file for itself: a second one takes the first one's place.
    begin().unwrap();
    window.desk.abandon_enrolment();
    begin().unwrap();
    // Whoever unlocks instead has given it up.
    let args = vault.unlock_args();
    window.call::<Unlock>(args).unwrap();
    assert!(window.desk.is_unlocked());

    let shown = window.block_on(window.desk.begin_recovery(RecoverArgs {
        recovery_code: secret(vault.enrolled.recovery_code.expose_secret()),
        enrolment: enrolment(in_file(&window.dir.path().join("new.key"))),
        accept_older: false,
    }));
    let codes = codes(&shown.unwrap().otpauth_uri);
    let finish = EnrolFinish {
        code: Some(code(&codes, now())),
        open: true,
    };
    window.call::<RecoverFinish>(finish).unwrap();
    assert!(window.desk.is_unlocked());
    assert!(!window.key_file().exists(), "the old device secret is gone");
    let verified = window
        .call::<strongroom_contract::agent::Verify>(Nothing {})
        .unwrap();
    assert!(verified.ok && verified.unlocked, "{:?}", verified.findings);
}

#[test]
fn settings_are_followed_and_kept() {
    let (window, _) = Window::open();
    let settings = Settings {
        lock_after_minutes: 1,
        ..window.desk.settings().unwrap()
    };
    window.desk.save_settings(&settings).unwrap();
    let left = || window.block_on(window.desk.session()).unwrap().locks_in;
    assert!(left().is_some_and(|left| left <= 60));
    window.call::<SessionTouch>(Nothing {}).unwrap();
    assert!(left().is_some_and(|left| left >= 50));
    assert_eq!(window.desk.settings().unwrap(), settings);
    let wrong = Settings {
        clipboard_seconds: 0,
        ..settings.clone()
    };
    let refused = window.desk.save_settings(&wrong).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Usage);
    assert_eq!(window.desk.settings().unwrap(), settings);
}

#[test]
fn a_home_has_one_owner_and_a_closed_desk_leaves_nothing_behind() {
    let (window, _) = Window::open();
    let second = window.block_on(Desk::open(window.home.clone(), &Settings::default()));
    let refused = second.err().unwrap();
    assert_eq!(refused.code, ErrorCode::InUse);
    assert_eq!(refused.details["pid"], std::process::id());

    window.block_on(window.desk.start_platform()).unwrap();
    assert!(window.home.platform_file().exists());
    window.block_on(async {
        window.desk.close().await;
        window.desk.close().await;
    });
    assert!(!window.desk.is_unlocked());
    assert!(!window.home.platform_file().exists());
    assert!(Client::connect(&window.home).unwrap().is_none());
    let next = window.block_on(Desk::open(window.home.clone(), &Settings::default()));
    let next = next.unwrap();
    let session = window.block_on(next.session()).unwrap();
    assert_eq!(session.vault.state, VaultState::Locked);
    window.block_on(next.close());
}

#[test]
fn a_desk_that_is_dropped_ends_as_well() {
    let window = Window::open().0;
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path()).unwrap();
    let desk = window.block_on(Desk::open(home.clone(), &Settings::default()));
    let desk = desk.unwrap();
    window.block_on(desk.start_platform()).unwrap();
    drop(desk);
    // Its tasks end on their own.
    let gone = || Client::connect(&home).unwrap().is_none() && !home.platform_file().exists();
    for _ in 0..2_000 {
        if gone() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the socket or the platform is still there");
}

#[test]
fn the_window_takes_the_place_of_a_process_in_the_background() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
    vault.unlock(&mut client);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let settings = Settings::default();
    runtime.block_on(async {
        let owned = Desk::open(scene.home.clone(), &settings).await.err();
        assert_eq!(owned.unwrap().code, ErrorCode::InUse);
        // Whoever asks the process that ends has it look at the vault's file to the last.
        let asking: Vec<_> = (0..4)
            .map(|_| {
                let mut client = scene.client();
                let mut asks = move || client.call::<Status>(&Nothing {}, |_| {}).is_ok();
                assert!(asks());
                std::thread::spawn(move || while asks() {})
            })
            .collect();
        let desk = Desk::take_over(scene.home.clone(), &settings)
            .await
            .unwrap();
        let session = desk.session().await.unwrap();
        assert_eq!(session.vault.state, VaultState::Locked);
        for asker in asking {
            asker.join().unwrap();
        }
        desk.call::<Unlock>(vault.unlock_args()).await.unwrap();
        // But not the place of another window.
        let refused = Desk::take_over(scene.home.clone(), &settings).await.err();
        let refused = refused.unwrap();
        assert_eq!(refused.code, ErrorCode::InUse);
        assert!(refused.message.contains("window"), "{refused}");
        assert!(desk.is_unlocked());
        desk.close().await;
        // With no owner at all, it is as opening.
        let desk = Desk::take_over(scene.home.clone(), &settings)
            .await
            .unwrap();
        desk.close().await;
    });
    drop(scene.ended());
}

#[test]
fn the_passphrase_is_in_no_error() {
    let window = Window::new();
    let mut client = window.client();
    let mut vault = Vault::create(&mut client, in_file(&window.key_file()));
    let mut args = vault.unlock_args();
    args.passphrase = secret(&format!("{PASSPHRASE}!"));
    let refused = window.call::<Unlock>(args).unwrap_err();
    assert_eq!(refused.code, ErrorCode::WrongFactors);
    assert!(!format!("{refused:?}").contains("CANARY"));
}
