//! Power cuts: what was answered stays true.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use strongroom_testkit::{Home, Platform};

use crate::{
    load::{Credentials, Load},
    scene::{Scene, soak, text},
};

#[test]
fn every_answer_of_a_killed_platform_has_its_audit_row() {
    let home = Home::new();
    let mut scene = Scene::open(&home);
    let _ = scene.issue("payments", &["--limit", "1000000"]);
    let credentials = Credentials::read(&home, "payments");
    for round in 0..2 * soak() {
        let answered = load_until_killed(&mut scene.platform, &credentials, round);
        assert!(!answered.is_empty(), "the load reached the platform");
        scene.platform = Platform::start(&home, &["--virtual-clock"]);
        let missing: Vec<_> = answered.difference(&audited(&scene)).cloned().collect();
        assert_eq!(missing, Vec::<String>::new(), "answered without a row");
        let verified = scene.manage(&["audit", "verify"]);
        assert_eq!(verified["ok"], true, "{verified}");
    }
    let _ = scene.ping("payments", 200);
}

/// The request ids of all answers that arrived until the platform was killed under load.
fn load_until_killed(
    platform: &mut Platform,
    credentials: &Credentials,
    round: u32,
) -> BTreeSet<String> {
    let answered = Mutex::new(BTreeSet::new());
    let over = AtomicBool::new(false);
    let address = platform.address().clone();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let load = Load::of(&address, credentials);
                while !over.load(Ordering::Relaxed) {
                    if let Some((_, id)) = load.ping() {
                        answered.lock().unwrap().insert(id);
                    }
                }
            });
        }
        // Not the same moment in every round.
        thread::sleep(Duration::from_millis(300 + u64::from(round % 10) * 37));
        platform.kill();
        over.store(true, Ordering::Relaxed);
    });
    answered.into_inner().unwrap()
}

/// The request ids of every row of the audit log.
fn audited(scene: &Scene<'_>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut before = String::new();
    loop {
        let mut command = vec!["audit", "list", "--limit", "1000"];
        if !before.is_empty() {
            command.extend(["--before", &before]);
        }
        let page = scene.manage(&command);
        let rows = page["rows"].as_array().unwrap();
        ids.extend(rows.iter().map(|row| text(&row["request_id"]).to_owned()));
        match page["next"].as_u64() {
            Some(next) => before = next.to_string(),
            None => return ids,
        }
    }
}

#[test]
fn a_killed_owner_loses_nothing_that_was_answered_and_leaves_the_vault_locked() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let mut kept = BTreeSet::new();
    for round in 0..2 * soak() {
        let stop = AtomicBool::new(false);
        let added: Vec<String> = thread::scope(|scope| {
            let adding = scope.spawn(|| {
                let mut added = Vec::new();
                for number in 0.. {
                    let name = format!("key-{round}-{number}");
                    let add = ["key", "add", &name, "--secret-stdin", "--json"];
                    if stop.load(Ordering::Relaxed) || home.run_with("secret", &add).code != 0 {
                        break;
                    }
                    added.push(name);
                }
                added
            });
            thread::sleep(Duration::from_millis(250 + u64::from(round % 10) * 23));
            assert!(home.kill_owner(), "an owner was running");
            stop.store(true, Ordering::Relaxed);
            adding.join().unwrap()
        });
        kept.extend(added);
        let status = home.run(&["status", "--json"]).document();
        assert_eq!(status["state"], "locked", "a new owner starts locked");
        let _ = scene.vault.unlock(&["--allow-read"]).exited(0);
        let verified = home.run(&["vault", "verify", "--json"]).document();
        assert_eq!(verified["ok"], true, "{verified}");
        let listed = home.run(&["key", "list", "--json"]).document();
        let items = listed["items"].as_array().unwrap();
        let names: BTreeSet<_> = items
            .iter()
            .map(|item| text(&item["name"]).to_owned())
            .collect();
        let lost: Vec<_> = kept.difference(&names).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
    }
    assert!(
        !kept.is_empty(),
        "keys were added before the owner was killed"
    );
}
