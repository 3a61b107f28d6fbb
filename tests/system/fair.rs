//! One client floods the platform; another does not notice.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use strongroom_testkit::{Home, go_last};

use crate::{
    load::{Credentials, Load},
    scene::{Scene, soak},
};

/// Connections of the client that floods.
const CONNECTIONS: u32 = 16;
/// How long each of them pauses between requests: about a thousand in a second altogether, of which its
/// limit lets through sixty in a minute. Not more, since client and platform share a machine here.
const PAUSE: Duration = Duration::from_millis(16);
/// How often the quiet client is measured with and without the flood.
const TURNS: usize = 5;

/// Ends the flood, also where a test fails in the middle of it.
struct Flood<'a>(&'a AtomicBool);

impl Drop for Flood<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The 99th percentile.
fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How long each of `count` pings takes, all of which are let through.
fn served(load: &Load<'_>, count: usize) -> Vec<Duration> {
    let times = (0..count).map(|_| {
        let begun = Instant::now();
        let answer = load.ping().expect("an answer");
        assert_eq!(answer.0, 200, "the quiet client is served");
        begun.elapsed()
    });
    times.collect()
}

/// In `make test` the quiet client is served, and no more is said. In `make soak` its 99th percentile is
/// at most twice what it is without the flood: each turn measures both, and the median turn counts.
#[test]
fn a_client_that_floods_does_not_slow_another() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let _ = scene.issue("quiet", &["--limit", "1000000"]);
    let _ = scene.issue("flood", &["--limit", "60"]);
    let quiet = Credentials::read(&home, "quiet");
    let flood = Credentials::read(&home, "flood");
    let address = scene.platform.address().clone();
    let count = (100 * soak() as usize).min(3_000);
    let load = Load::of(&address, &quiet);
    let _warm = served(&load, 50);
    let mut ratios = Vec::new();
    for _ in 0..TURNS {
        let alone = p99(served(&load, count));
        let over = AtomicBool::new(false);
        let refused = AtomicU32::new(0);
        let beside = thread::scope(|scope| {
            let _flood = Flood(&over);
            let start = || {
                scope.spawn(|| {
                    go_last();
                    let load = Load::of(&address, &flood);
                    while !over.load(Ordering::Relaxed) {
                        let (status, _) = load.ping().expect("an answer");
                        assert!([200, 429].contains(&status), "{status}");
                        refused.fetch_add(u32::from(status == 429), Ordering::Relaxed);
                        thread::sleep(PAUSE);
                    }
                })
            };
            let flooding: Vec<_> = (0..CONNECTIONS).map(|_| start()).collect();
            while refused.load(Ordering::Relaxed) < 100 {
                let ended = flooding.iter().any(thread::ScopedJoinHandle::is_finished);
                assert!(!ended, "the flood ended by itself");
                thread::yield_now();
            }
            p99(served(&load, count))
        });
        ratios.push(beside.as_secs_f64() / alone.as_secs_f64());
    }
    let verified = scene.manage(&["audit", "verify"]);
    assert_eq!(verified["ok"], true, "{verified}");
    if count >= 1_000 {
        let ratio = median(ratios.clone());
        assert!(ratio <= 2.0, "{ratio:.2} times as slow: {ratios:.2?}");
    }
}
