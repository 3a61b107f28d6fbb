//! The device secret in a real Secret Service: GNOME Keyring, on a bus of its own, with a home of its
//! own. `make test` installs both.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output},
    time::{Duration, Instant},
};

use strongroom_contract::{
    agent::{
        CreateBegin, CreateFinish, EnrolFinish, Lock, Nothing, RecoverArgs, RecoverBegin,
        RecoverFinish, Status, Unlock,
    },
    error::ErrorCode,
    vault::{DeviceSecretPlace, Freshness, VaultState},
};
use strongroom_workbench::client::Client;

use crate::scene::{Scene, Vault, call, enrolment, in_file, secret};

/// Runs one of the `inside` tests as a process of its own, below `wrapper`.
fn run(test: &str, wrapper: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    for private in ["home", "run", "data"] {
        let path = dir.path().join(private);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let this = std::env::current_exe().unwrap();
    Command::new("sh")
        .arg("-c")
        .arg(wrapper)
        .env("TEST", format!("secret_service::inside::{test}"))
        .env("PROGRAM", this)
        .env("HOME", dir.path().join("home"))
        .env("XDG_DATA_HOME", dir.path().join("data"))
        .env("XDG_RUNTIME_DIR", dir.path().join("run"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap()
}

fn assert_passed(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    // "1 passed": a name that fits no test would pass as well.
    assert!(
        output.status.success() && said.contains("1 passed"),
        "are dbus and gnome-keyring installed?\n{said}\n{complained}"
    );
}

const TEST: &str = r#"exec "$PROGRAM" --ignored --exact "$TEST" --nocapture"#;

/// A bus with an unlocked keyring, which ends with its bus.
fn with_keyring(before: &str) -> String {
    format!(
        "exec dbus-run-session -- sh -c '\
           printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null && \
           {before} {TEST}'"
    )
}

#[test]
fn the_device_secret_and_the_anchor_live_in_the_keyring() {
    assert_passed(&run("a_vault_lives_with_the_keyring", &with_keyring("")));
}

#[test]
fn a_locked_keyring_is_named_as_such() {
    assert_passed(&run("a_locked_keyring_is_refused", &with_keyring("")));
}

#[test]
fn a_locked_screen_locks_the_vault() {
    assert_passed(&run(
        "the_vault_is_locked_with_the_screen",
        &format!("exec dbus-run-session -- sh -c '{TEST}'"),
    ));
}

#[test]
fn sleep_locks_the_vault() {
    // A bus in the system's place, without a login manager: as for a process of no session.
    let system = r#"export DBUS_SYSTEM_BUS_ADDRESS="$DBUS_SESSION_BUS_ADDRESS";"#;
    assert_passed(&run(
        "the_vault_is_locked_before_the_machine_sleeps",
        &format!("exec dbus-run-session -- sh -c '{system} {TEST}'"),
    ));
}

#[test]
fn a_missing_bus_is_named_as_such() {
    assert_passed(&run("a_missing_keyring_is_refused", TEST));
}

#[test]
fn a_bus_without_a_keyring_is_named_as_such() {
    // A bus of its own configuration: nothing can be activated on it.
    let bare = format!(
        "printf '%s' '<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>\
           <policy context=\"default\"><allow send_destination=\"*\"/><allow own=\"*\"/>\
           <allow receive_type=\"method_call\"/></policy></busconfig>' > \"$HOME/bus.conf\"; \
         exec dbus-run-session --config-file=\"$HOME/bus.conf\" -- sh -c '{TEST}'"
    );
    assert_passed(&run("a_missing_keyring_is_refused", &bare));
}

mod inside {
    use super::*;

    #[test]
    #[ignore = "run by the tests above, in a session of its own"]
    fn a_vault_lives_with_the_keyring() {
        let scene = Scene::new();
        let mut client = scene.client();
        let mut vault = Vault::create(&mut client, DeviceSecretPlace::Keyring);
        vault.unlock(&mut client);
        // Another owner finds both by itself.
        let scene = scene.restarted();
        let mut client = scene.client();
        let unlocked = vault.unlock(&mut client);
        assert_eq!(unlocked.status.freshness, Some(Freshness::Proven));
        call::<Lock>(&mut client, &Nothing {}).unwrap();
        let places = fs::read_to_string(scene.home.device_file()).unwrap();
        assert!(places.contains("keyring"), "{places}");

        // A recovery moves it into a file, and the keyring's one goes.
        let entries = || {
            let id = &vault.enrolled.vault_id;
            let store = dbus_secret_service_keyring_store::Store::new().unwrap();
            let found = |generation: u32| {
                let user = format!("device-secret {id} {generation}");
                let spec = std::collections::HashMap::from([("username", user.as_str())]);
                keyring_core::api::CredentialStoreApi::search(&*store, &spec)
                    .unwrap()
                    .len()
            };
            (found(1), found(2))
        };
        assert_eq!(entries(), (1, 0));
        let args = RecoverArgs {
            recovery_code: secret(vault.enrolled.recovery_code.expose_secret()),
            enrolment: enrolment(DeviceSecretPlace::Keyring),
            accept_older: false,
        };
        call::<RecoverBegin>(&mut client, &args).unwrap();
        call::<RecoverFinish>(
            &mut client,
            &EnrolFinish {
                code: None,
                open: false,
            },
        )
        .unwrap();
        assert_eq!(entries(), (0, 1));
    }

    #[test]
    #[ignore = "run by the tests above, in a session of its own"]
    fn a_locked_keyring_is_refused() {
        let scene = Scene::new();
        let mut client = scene.client();
        let mut vault = Vault::create(&mut client, DeviceSecretPlace::Keyring);
        let locked = Command::new("dbus-send")
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.secrets",
            ])
            .args([
                "/org/freedesktop/secrets",
                "org.freedesktop.Secret.Service.Lock",
            ])
            .arg("array:objpath:/org/freedesktop/secrets/collection/login")
            .output()
            .unwrap();
        assert!(
            locked.status.success(),
            "{}",
            String::from_utf8_lossy(&locked.stderr)
        );
        let refused = call::<Unlock>(&mut client, &vault.unlock_args()).unwrap_err();
        assert_eq!(refused.code, ErrorCode::Keyring, "{refused}");
        assert!(refused.message.contains("locked"), "{refused}");
        assert!(refused.hint.unwrap().contains("unlock it"));
    }

    #[test]
    #[ignore = "run by the tests above, in a session of its own"]
    fn the_vault_is_locked_with_the_screen() {
        let scene = Scene::new();
        let mut client = scene.client();
        let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
        let say = |interface: &str, active: bool| {
            let said = Command::new("dbus-send")
                .args(["--session", "--type=signal", "/ScreenSaver"])
                .arg(format!("{interface}.ActiveChanged"))
                .arg(format!("boolean:{active}"))
                .status()
                .unwrap();
            assert!(said.success());
        };
        for interface in ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"] {
            vault.unlock(&mut client);
            say(interface, false);
            let is_unlocked = |client: &mut Client| {
                call::<Status>(client, &Nothing {}).unwrap().state == VaultState::Unlocked
            };
            assert!(is_unlocked(&mut client), "a screen that was unlocked");
            let patience = Instant::now() + Duration::from_secs(60);
            while is_unlocked(&mut client) {
                assert!(Instant::now() < patience, "{interface} was not heard");
                // Said again, since the owner may not have listened yet.
                say(interface, true);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    #[test]
    #[ignore = "run by the tests above, in a session of its own"]
    fn the_vault_is_locked_before_the_machine_sleeps() {
        let scene = Scene::new();
        let mut client = scene.client();
        let mut vault = Vault::create(&mut client, in_file(&scene.key_file()));
        let say = |going_to_sleep: bool| {
            let said = Command::new("dbus-send")
                .args(["--system", "--type=signal", "/org/freedesktop/login1"])
                .arg("org.freedesktop.login1.Manager.PrepareForSleep")
                .arg(format!("boolean:{going_to_sleep}"))
                .status()
                .unwrap();
            assert!(said.success());
        };
        vault.unlock(&mut client);
        let is_unlocked = |client: &mut Client| {
            call::<Status>(client, &Nothing {}).unwrap().state == VaultState::Unlocked
        };
        say(false);
        assert!(is_unlocked(&mut client), "a machine that woke");
        let patience = Instant::now() + Duration::from_secs(60);
        while is_unlocked(&mut client) {
            assert!(Instant::now() < patience, "the sleep was not heard");
            // Said again, since the owner may not have listened yet.
            say(true);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    #[ignore = "run by the tests above, in a session of its own"]
    fn a_missing_keyring_is_refused() {
        let scene = Scene::new();
        let mut client = scene.client();
        let refused = call::<CreateBegin>(&mut client, &enrolment(DeviceSecretPlace::Keyring));
        let refused = refused.err().unwrap();
        assert_eq!(refused.code, ErrorCode::Keyring, "{refused}");
        assert!(refused.hint.unwrap().contains("--device-secret file:PATH"));
        // And a key file does without.
        call::<CreateBegin>(&mut client, &enrolment(in_file(&scene.key_file()))).unwrap();
        call::<CreateFinish>(
            &mut client,
            &EnrolFinish {
                code: None,
                open: false,
            },
        )
        .unwrap();
    }
}
