//! A disk that takes no more bytes, played by a limit on the size of files.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use strongroom_testkit::{Home, Outcome, Platform, Vault};

use crate::{
    load::{Credentials, Load},
    scene::text,
};

/// The same command, in a process whose files can't grow beyond `kib`.
fn limited(home: &Home, kib: u64, arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    home.surround(&mut command)
        // Ignored, the signal of the limit becomes an error of the write, as on a full disk.
        .args(["-c", r#"trap "" XFSZ; ulimit -f "$1"; shift; exec "$@""#, "bash"])
        .arg(kib.to_string())
        .arg(strongroom_testkit::program())
        .args(arguments);
    command
}

fn kib(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len()) / 1024
}

#[test]
fn a_vault_on_a_full_disk_keeps_what_it_has_and_says_what_is_wrong() {
    let home = Home::new();
    let vault = Vault::create(&home);
    let _ = vault.unlock(&[]).exited(0);
    let add = |name: &str, secret: &str| {
        home.run_with(secret, &["key", "add", name, "--secret-stdin", "--json"])
    };
    let _ = add("before", "kept through it all").exited(0);
    let _ = home.run(&["lock"]).exited(0);
    assert!(home.kill_owner(), "an owner was running");

    // An owner on a nearly full disk: room for the burning of a code, and little else.
    let size = kib(&home.path().join("vault.strongroom"));
    let mut start = limited(&home, size + 128, &["status", "--json"]);
    assert!(start.stdout(Stdio::null()).status().unwrap().success());
    let _ = vault.unlock(&[]).exited(0);
    let mut refused: Option<Outcome> = None;
    let mut added = vec!["before".to_owned()];
    for number in 0..200 {
        let name = format!("large-{number}");
        let outcome = add(&name, &"x".repeat(16 * 1024));
        if outcome.code != 0 {
            refused = Some(outcome);
            break;
        }
        added.push(name);
    }
    let refused = refused.expect("the disk is full at some point");
    assert!(refused.stdout.contains("hint"), "{}", refused.stdout);
    assert_eq!(refused.failure(1), "storage");

    // With room again, everything that was answered is there, and whole.
    assert!(home.kill_owner(), "the owner lives through it");
    let _ = vault.unlock(&["--allow-read"]).exited(0);
    let verified = home.run(&["vault", "verify", "--json"]).document();
    assert_eq!(verified["ok"], true, "{verified}");
    let listed = home.run(&["key", "list", "--json"]).document();
    let mut names: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| text(&item["name"]).to_owned())
        .collect();
    names.sort();
    added.sort();
    assert_eq!(names, added);
    let read = home.run(&["read", "-n", "sr://before/secret"]).exited(0);
    assert_eq!(read.stdout, "kept through it all");
}

#[test]
fn a_platform_that_cannot_audit_answers_503_and_its_log_stays_whole() {
    let home = Home::new();
    let vault = Vault::create(&home);
    let _ = vault.unlock(&["--allow-read"]).exited(0);
    let mut platform = Platform::start(&home, &[]);
    let _ = platform.issue(&home, "payments", &["--limit", "1000000"]);
    let credentials = Credentials::read(&home, "payments");
    let state = platform.address().state.clone();
    platform.kill();

    let room = largest_below(Path::new(&state)) + 64;
    let command = limited(&home, room, &["serve", "--json", "--port", "0"]);
    let mut platform = Platform::start_command(&home, command);
    let load = Load::of(platform.address(), &credentials);
    let statuses: Vec<u16> = (0..100_000)
        .map(|_| load.ping().expect("an answer").0)
        .take_while(|status| *status == 200)
        .collect();
    assert!(!statuses.is_empty(), "there was room for some rows");
    assert_eq!(load.ping().map(|(status, _)| status), Some(503));
    platform.kill();

    let platform = Platform::start(&home, &[]);
    let load = Load::of(platform.address(), &credentials);
    assert_eq!(load.ping().map(|(status, _)| status), Some(200));
    let verified = home
        .run(&["platform", "audit", "verify", "--json"])
        .document();
    assert_eq!(verified["ok"], true, "{verified}");
    assert!(verified["rows"].as_u64().unwrap() > statuses.len() as u64);
}

/// The size of the largest file below `folder`, in KiB.
fn largest_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                largest_below(&path)
            } else {
                kib(&path)
            }
        })
        .max()
        .unwrap_or_default()
}
