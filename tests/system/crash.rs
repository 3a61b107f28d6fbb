//! Power cuts: what was answered stays true.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use strongroom_contract::time::UnixMillis;
use strongroom_testkit::{Home, Platform};

use crate::{
    load::{Credentials, Load},
    scene::{Scene, soak, text},
};

/// How long a busy machine may take to answer the first requests.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// A key with a limit is used up, and signed requests are sent once each, until the platform is killed
/// under that load. After the restart the window is as full as it was, and what was sent counts as sent.
#[test]
fn windows_and_nonces_hold_over_a_kill_under_load() {
    const LIMIT: usize = 60;
    const PAUSE: Duration = Duration::from_secs(61);
    let home = Home::new();
    let mut scene = Scene::open(&home);
    let limit = LIMIT.to_string();
    let limited = scene.issue("limited", &["--limit", &limit]);
    let _ = scene.issue("signer", &["--limit", "1000000", "--may-sign"]);
    let windows = Credentials::read(&home, "limited");
    let signer = Credentials::read(&home, "signer");
    for round in 0..2 * soak() {
        // The next round begins with an empty window.
        let ahead = PAUSE * round;
        let sent = Mutex::new(Vec::new());
        let over = AtomicBool::new(false);
        let address = scene.platform.address().clone();
        thread::scope(|scope| {
            let mut senders = Vec::new();
            for _ in 0..2 {
                scope.spawn(|| {
                    let load = Load::of(&address, &windows);
                    while !over.load(Ordering::Relaxed) {
                        let _ = load.ping();
                    }
                });
                senders.push(scope.spawn(|| {
                    let load = Load::of(&address, &signer);
                    while !over.load(Ordering::Relaxed) {
                        let signed = load.signed(ahead);
                        if let Some((status, _)) = load.send(&signed) {
                            assert_eq!(status, 200, "a fresh signature");
                            sent.lock().unwrap().push(signed);
                        }
                    }
                }));
            }
            // Not the same moment in every round, and under load in each.
            let many = 20 + 13 * (round as usize % 10);
            while sent.lock().unwrap().len() < many && !senders.iter().any(|it| it.is_finished()) {
                thread::sleep(Duration::from_millis(1));
            }
            scene.platform.kill();
            over.store(true, Ordering::Relaxed);
        });
        let sent = sent.into_inner().unwrap();
        assert!(!sent.is_empty(), "the load reached the platform");

        // At the same port, which the signatures cover.
        let port = address.url.rsplit(':').next().unwrap();
        let again = ["serve", "--json", "--virtual-clock", "--port", port];
        scene.platform = Platform::start_command(&home, home.command(again));
        let load = Load::of(scene.platform.address(), &windows);
        // Used up now, if the kill came before.
        while load.ping().expect("an answer").0 == 200 {}
        let admitted = scene.manage(&[
            "audit", "list", "--limit", "1000", "--key", &limited, "--status", "200",
        ]);
        let rows = admitted["rows"].as_array().unwrap();
        let times: Vec<u64> = rows.iter().map(|row| millis(text(&row["at"]))).collect();
        // A row has the moment of arrival, a little before that of its admission.
        let spans = times.windows(LIMIT + 1).map(|run| run[0] - run[LIMIT]);
        let shortest = spans.min().unwrap_or(u64::MAX);
        assert!(shortest > 59_000, "{} in {shortest} ms", LIMIT + 1);
        let now = times.first().copied().unwrap();
        let young = times.iter().filter(|at| now - **at < 59_000).count();
        assert_eq!(young, LIMIT, "a full window, neither more nor less");

        let again = Load::of(scene.platform.address(), &signer);
        let replayed = sent.iter().map(|signed| again.send(signed));
        let replayed: Vec<_> = replayed.map(|it| it.expect("an answer")).collect();
        let statuses = replayed.iter().map(|(status, _)| *status);
        assert!(statuses.clone().all(|it| it == 401), "accepted once more");
        let explained = home.run(&["explain", "--json", &replayed[0].1]).document();
        assert_eq!(explained["rule"], "replay", "{explained}");
        let verified = scene.manage(&["audit", "verify"]);
        assert_eq!(verified["ok"], true, "{verified}");
        scene.pass(PAUSE);
    }
}

/// A time of the platform, in milliseconds.
fn millis(time: &str) -> u64 {
    let read: Result<UnixMillis, _> = time.parse();
    read.expect("a time").0
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
        // Not the same moment in every round, and under load in each.
        let many = 100 + 37 * (round as usize % 10);
        let deadline = Instant::now() + PATIENCE;
        while answered.lock().unwrap().len() < many && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
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
