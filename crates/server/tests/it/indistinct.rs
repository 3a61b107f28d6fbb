//! An unknown id and a wrong secret are answered alike: status, headers, body, and the time it takes.

use std::time::{Duration, Instant};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

use crate::stage::{Connection, Key, Reply, Stage, borrowed, sign, soak};

const PING: &str = "/api/v1/ping";

/// One request with a credential that does not count.
struct Attempt {
    method: &'static str,
    path: &'static str,
    headers: Vec<(String, String)>,
    body: String,
}

impl Attempt {
    async fn send(&self, connection: &mut Connection) -> Reply {
        let headers = borrowed(&self.headers);
        connection
            .send(self.method, self.path, &headers, self.body.clone())
            .await
    }
}

/// Every way to present an id and a secret, with these.
fn ways(key: &Key) -> Vec<(&'static str, Attempt)> {
    let Key { app_id, secret } = key;
    let grant = "grant_type=client_credentials";
    let basic = BASE64_STANDARD.encode(format!("{app_id}:{secret}"));
    let owned = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let get = |path: &'static str, headers| Attempt {
        method: "GET",
        path,
        headers,
        body: String::new(),
    };
    let form = |headers, body| Attempt {
        method: "POST",
        path: "/oauth/token",
        headers,
        body,
    };
    vec![
        ("header pair", get(PING, owned(&key.pair()))),
        (
            "header pair, /std/",
            get("/std/v1/ping", owned(&key.pair())),
        ),
        ("signature", get(PING, sign(key, PING))),
        (
            "Basic",
            form(
                owned(&[("authorization", &format!("Basic {basic}"))]),
                grant.to_owned(),
            ),
        ),
        (
            "form",
            form(
                Vec::new(),
                format!("{grant}&client_id={app_id}&client_secret={secret}"),
            ),
        ),
    ]
}

/// A known id with a secret of another key, and the id of no key with that same secret.
async fn both(stage: &Stage) -> (Key, Key) {
    let wanted = || json!({ "limit_per_minute": 1_000_000, "may_sign": true });
    let known = stage.key(wanted()).await;
    let other = stage.key(wanted()).await;
    // Well formed, and issued by another platform.
    let stranger = Stage::new().await.key(wanted()).await;
    let wrong = |app_id: String| Key {
        app_id,
        secret: other.secret.clone(),
    };
    (wrong(known.app_id), wrong(stranger.app_id))
}

async fn stage() -> Stage {
    Stage::with(|config| config.limits.failures_per_source = u32::MAX).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_id_and_a_wrong_secret_look_alike_on_the_wire() {
    let stage = stage().await;
    let (wrong, unknown) = both(&stage).await;
    let mut connection = stage.connect().await;
    for ((way, wrong), (_, unknown)) in ways(&wrong).into_iter().zip(ways(&unknown)) {
        let wrong = wrong.send(&mut connection).await;
        let unknown = unknown.send(&mut connection).await;
        assert_eq!((wrong.status, unknown.status), (401, 401), "{way}");
        // All but what is of its own in every answer: the id, and the second of the clock.
        let seen = |reply: &Reply| {
            let id = reply.header("x-request-id").to_owned();
            let mut headers = reply.headers.clone();
            assert!(headers.remove("x-request-id").is_some());
            assert!(headers.remove("date").is_some());
            let order: Vec<_> = reply.headers.keys().cloned().collect();
            let body = String::from_utf8(reply.body.to_vec()).unwrap();
            (headers, order, body.replace(&id, "ID"))
        };
        assert_eq!(seen(&wrong), seen(&unknown), "{way}");
    }
}

/// How often a sample of `left` is longer than one of `right`: 0.5 where they are of one
/// distribution (Mann and Whitney's U, over all pairs).
fn longer(left: &[Duration], right: &[Duration]) -> f64 {
    let mut all: Vec<_> = left.iter().map(|it| (*it, true)).collect();
    all.extend(right.iter().map(|it| (*it, false)));
    all.sort_unstable();
    let (mut below, mut pairs) = (0_u64, 0_u64);
    for (_, is_left) in all {
        match is_left {
            true => pairs += below,
            false => below += 1,
        }
    }
    let whole = u32::try_from(left.len() * right.len()).unwrap();
    f64::from(u32::try_from(pairs).unwrap()) / f64::from(whole)
}

/// Distributions, not limits: what is slower by a look-up, a hash or a row is slower all the time,
/// whatever the machine does. With the small count of `make test` nothing is told of time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_id_and_a_wrong_secret_take_the_same_time() {
    let stage = stage().await;
    let (wrong, unknown) = both(&stage).await;
    let mut connection = stage.connect().await;
    let samples = (100 * soak() as usize).min(20_000);
    for ((way, wrong), (_, unknown)) in ways(&wrong).into_iter().zip(ways(&unknown)) {
        let (mut of_wrong, mut of_unknown) = (Vec::new(), Vec::new());
        for round in 0..samples {
            // In turns, and each as often the first, so that what changes meanwhile meets both.
            let mut turn = [(&wrong, &mut of_wrong), (&unknown, &mut of_unknown)];
            if round % 2 == 1 {
                turn.reverse();
            }
            for (attempt, times) in turn {
                let begun = Instant::now();
                let reply = attempt.send(&mut connection).await;
                times.push(begun.elapsed());
                assert_eq!(reply.status, 401, "{way}");
            }
        }
        if samples >= 2_000 {
            let share = longer(&of_wrong, &of_unknown);
            // For 2,000 samples the share strays by 0.01 (one standard deviation).
            assert!(
                (0.45..=0.55).contains(&share),
                "{way}: a wrong secret takes longer than an unknown id in {share:.3} of all pairs"
            );
        }
    }
}

#[test]
fn times_of_two_kinds_are_told_apart() {
    let times = |from: u64| -> Vec<_> { (from..from + 1_000).map(Duration::from_micros).collect() };
    assert!((longer(&times(0), &times(0)) - 0.5).abs() < 0.001);
    assert!(longer(&times(100), &times(0)) > 0.59);
    assert!(longer(&times(0), &times(100)) < 0.41);
}
