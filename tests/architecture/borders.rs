//! Which crate may stand on which.

use cargo_metadata::DependencyKind;

use crate::workspace::{Dependencies, PURE, read};

/// Packages that look at the whole from outside and that nothing stands on.
const OBSERVERS: &[&str] = &["bench", "desktop-tests", "empty-window", "testkit", "tests"];

/// Crates that do input, output or time, or that reach the operating system.
const IMPURE: &[&str] = &[
    "dbus-secret-service",
    "hyper",
    "keyring-core",
    "mio",
    "reqwest",
    "rusqlite",
    "rustls",
    "tauri",
    "tokio",
];

/// Crates that implement a primitive. `crypto` alone names them.
const PRIMITIVES: &[&str] = &[
    "aes-gcm",
    "argon2",
    "aws-lc-rs",
    "blake2",
    "chacha20poly1305",
    "constant_time_eq",
    "digest",
    "ed25519-dalek",
    "getrandom",
    "hkdf",
    "hmac",
    "md-5",
    "p256",
    "pkcs8",
    "rand",
    "rand_core",
    "ring",
    "rsa",
    "sha1",
    "sha2",
    "sha3",
    "subtle",
    "totp-rs",
];

/// TLS and primitives other than rustls over aws-lc-rs: one stack is enough to keep an eye on.
const OTHER_STACKS: &[&str] = &["boring", "native-tls", "openssl", "ring"];

/// Crates that need a web view of the desktop.
const DESKTOP: &[&str] = &["gtk", "tao", "tauri", "webkit2gtk", "wry"];

/// What each crate may stand on, by the table "Rooms" of ARCHITECTURE.md.
fn map() -> Vec<(String, Vec<String>)> {
    let architecture = read("docs/ARCHITECTURE.md");
    let rooms = architecture
        .split("\n## ")
        .find(|part| part.starts_with("Rooms"));
    let rows = rooms.unwrap().split("\n\n").nth(1).unwrap();
    let mut map: Vec<(String, Vec<String>)> = Vec::new();
    for row in rows.lines().skip(2) {
        let columns: Vec<&str> = row.split('|').collect();
        let [_, name, _, knows, _] = columns[..] else {
            panic!("not a row of three columns: {row}");
        };
        let knows = match knows.trim() {
            "nothing of ours" => Vec::new(),
            "all of the above" => map.iter().map(|(name, _)| name.clone()).collect(),
            names => quoted(names),
        };
        map.push((quoted(name).concat(), knows));
    }
    map
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_crate_knows_only_what_the_map_says() {
    let map = map();
    let dependencies = Dependencies::read();
    let members = dependencies.members();
    for (name, _) in &map {
        assert!(
            members.contains_key(name.as_str()),
            "the map names {name}, which there is not"
        );
    }
    for (name, package) in members {
        if OBSERVERS.contains(&name) {
            continue;
        }
        let row = map.iter().find(|(row, _)| *row == name);
        let (_, known) = row.unwrap_or_else(|| panic!("{name} has no row in ARCHITECTURE.md"));
        for dependency in dependencies.direct(package, DependencyKind::Normal) {
            let Some(ours) = dependency.strip_prefix("strongroom-") else {
                continue;
            };
            assert!(
                known.iter().any(|known| known == ours),
                "{name} must not stand on {ours}: the map in ARCHITECTURE.md has no such line"
            );
        }
    }
}

#[test]
fn the_two_sides_do_not_know_each_other() {
    let dependencies = Dependencies::read();
    let members = dependencies.members();
    for (one, other) in [
        ("vault", "server"),
        ("server", "vault"),
        ("sender", "vault"),
        ("sender", "server"),
    ] {
        let below = Dependencies::all(members[one]);
        let other = format!("strongroom-{other}");
        assert!(!below.contains(&other), "{one} must not reach {other}");
    }
}

#[test]
fn pure_crates_stand_on_nothing_that_does_input_or_output() {
    let dependencies = Dependencies::read();
    let members = dependencies.members();
    for name in PURE {
        let below = Dependencies::all(members[name]);
        for impure in IMPURE {
            assert!(!below.contains(*impure), "{name} reaches {impure}");
        }
    }
    // The walk sees what it is to see.
    assert!(Dependencies::all(members["server"]).contains("tokio"));
}

#[test]
fn only_crypto_names_a_primitive() {
    let dependencies = Dependencies::read();
    for (name, package) in dependencies.members() {
        for kind in [DependencyKind::Normal, DependencyKind::Build] {
            for dependency in dependencies.direct(package, kind) {
                assert!(
                    name == "crypto" || !PRIMITIVES.contains(&dependency.as_str()),
                    "{name} names {dependency}; ask crypto for what it does instead"
                );
            }
        }
    }
}

#[test]
fn nothing_but_the_window_needs_a_web_view() {
    let dependencies = Dependencies::read();
    for (name, package) in dependencies.members() {
        if ["app", "empty-window"].contains(&name) {
            assert!(Dependencies::all(package).contains("tauri"));
            continue;
        }
        let below = Dependencies::all(package);
        for desktop in DESKTOP {
            assert!(!below.contains(*desktop), "{name} reaches {desktop}");
        }
    }
}

#[test]
fn there_is_one_tls_stack() {
    let dependencies = Dependencies::read();
    for (name, package) in dependencies.members() {
        let below = Dependencies::all(package);
        for other in OTHER_STACKS {
            assert!(!below.contains(*other), "{name} reaches {other}");
        }
    }
}
