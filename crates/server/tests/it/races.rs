//! Many at once.

use std::{
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};
use strongroom_contract::{manage::ClockView, time::UnixMillis};
use tokio::sync::Barrier;

use crate::stage::{Connection, Key, Stage, borrowed, sign, soak};

const PING: &str = "/api/v1/ping";

/// One request on each of `connections`, `each` times, all of them at once; the connections again,
/// and the statuses.
async fn race(
    connections: Vec<Connection>,
    headers: &[(String, String)],
    each: u32,
) -> (Vec<Connection>, Vec<u16>) {
    let barrier = Arc::new(Barrier::new(connections.len()));
    let racers = connections.into_iter().map(|mut connection| {
        let (barrier, headers) = (Arc::clone(&barrier), headers.to_vec());
        tokio::spawn(async move {
            let headers = borrowed(&headers);
            let mut statuses = Vec::new();
            barrier.wait().await;
            for _ in 0..each {
                statuses.push(connection.send("GET", PING, &headers, "").await.status);
            }
            (connection, statuses)
        })
    });
    let (mut connections, mut statuses) = (Vec::new(), Vec::new());
    for racer in racers.collect::<Vec<_>>() {
        let (connection, answered) = racer.await.unwrap();
        connections.push(connection);
        statuses.extend(answered);
    }
    (connections, statuses)
}

fn count(statuses: &[u16], wanted: u16) -> u32 {
    let found = statuses.iter().filter(|status| **status == wanted);
    u32::try_from(found.count()).unwrap()
}

async fn connections(stage: &Stage, number: usize) -> Vec<Connection> {
    let mut connections = Vec::new();
    for _ in 0..number {
        connections.push(stage.connect().await);
    }
    connections
}

fn pair(key: &Key) -> Vec<(String, String)> {
    let pair = key.pair().into_iter();
    pair.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Bursts of requests, each at some moment of the platform's clock.
struct Burst {
    /// When it can have begun and ended.
    at: RangeInclusive<UnixMillis>,
    admitted: u32,
}

/// 64 connections race in bursts, between which the clock jumps, so that windows are full, half full,
/// empty and on the move. In each burst exactly as many are admitted as the bursts of the 60 s before
/// it leave room for: not one more in any window, and not one less in a full one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_is_exact_in_every_window_under_64_racing_connections() {
    const LIMIT: u32 = 50;
    const JUMPS: [u64; 8] = [25, 25, 35, 7, 13, 70, 20, 50];
    const RACERS: [usize; 5] = [64, 12, 64, 30, 5];
    let stage = Stage::with(|config| config.virtual_clock = true).await;
    let key = stage.key(json!({ "limit_per_minute": LIMIT })).await;
    let mut idle = connections(&stage, 64).await;
    let now = async || {
        let clock: ClockView =
            serde_json::from_slice(&stage.manage("GET", "/clock", Value::Null).await.body).unwrap();
        clock.now
    };
    let mut bursts: Vec<Burst> = Vec::new();
    let mut full = 0;
    for round in 0..12 * soak() as usize {
        let racing = idle.split_off(64 - RACERS[round % RACERS.len()]);
        let each = 1 + u32::try_from(round % 3).unwrap();
        let begun = now().await;
        let (raced, statuses) = race(racing, &pair(&key), each).await;
        let at = begun..=now().await;
        idle.extend(raced);
        let admitted = count(&statuses, 200);
        let offered = u32::try_from(statuses.len()).unwrap();
        assert_eq!(admitted + count(&statuses, 429), offered);

        // A burst counts for sure, or may count, by when it was over or had begun at the earliest.
        let taken = |is_in: &dyn Fn(&Burst) -> bool| {
            let counted = bursts.iter().filter(|burst| is_in(burst));
            counted.map(|burst| burst.admitted).sum::<u32>()
        };
        let surely = taken(&|burst| at.end().0 - burst.at.start().0 < 60_000);
        let perhaps = taken(&|burst| at.start().0.saturating_sub(burst.at.end().0) < 60_000);
        assert!(
            admitted + surely <= LIMIT,
            "round {round}: {admitted} beside {surely}"
        );
        assert!(
            admitted >= offered.min(LIMIT.saturating_sub(perhaps)),
            "round {round}: only {admitted} of {offered} beside {perhaps}"
        );
        full += u32::from(admitted < offered);
        bursts.push(Burst { at, admitted });
        let jump = json!({ "by_ms": JUMPS[round % JUMPS.len()] * 1_000 });
        let advanced = stage.manage("POST", "/clock/advance", jump).await;
        assert_eq!(advanced.status, 200, "{:?}", advanced.body);
    }
    assert!(full >= 4, "windows were full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_request_that_64_connections_send_at_once_is_accepted_once() {
    let stage = Stage::new().await;
    let key = stage
        .key(json!({ "limit_per_minute": 1_000_000, "may_sign": true }))
        .await;
    let mut idle = connections(&stage, 64).await;
    for _ in 0..3 * soak() {
        let (raced, statuses) = race(idle, &sign(&key, PING), 1).await;
        idle = raced;
        assert_eq!((count(&statuses, 200), count(&statuses, 401)), (1, 63));
    }
    let path = "/audit?limit=200&rule=replay&status=401";
    let rows = stage.manage("GET", path, Value::Null).await.json();
    let replayed = rows["rows"].as_array().unwrap().len();
    assert!(replayed >= 3 * 63, "refused by another rule: {replayed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_revoke_has_returned_nothing_is_accepted() {
    let stage = Arc::new(Stage::new().await);
    let key = Arc::new(stage.key(json!({ "limit_per_minute": 1_000_000 })).await);
    let revoked = Arc::new(AtomicBool::new(false));
    let racers = (0..8).map(|_| {
        let (stage, key, revoked) = (Arc::clone(&stage), Arc::clone(&key), Arc::clone(&revoked));
        tokio::spawn(async move {
            let mut connection = stage.connect().await;
            let (mut before, mut after) = (0, 0);
            while after < 20 {
                let was_revoked = revoked.load(Ordering::SeqCst);
                let status = connection.send("GET", PING, &key.pair(), "").await.status;
                match (was_revoked, status) {
                    (true, status) => {
                        assert_eq!(status, 401, "accepted after revoke had returned");
                        after += 1;
                    }
                    (false, 200 | 401) => before += 1,
                    other => panic!("{other:?}"),
                }
            }
            before
        })
    });
    let racers: Vec<_> = racers.collect();
    while stage
        .manage("GET", "/audit?limit=200", Value::Null)
        .await
        .json()["rows"]
        .as_array()
        .unwrap()
        .len()
        < 150
    {}
    let path = format!("/keys/{}/revoke", key.app_id);
    assert_eq!(stage.manage("POST", &path, Value::Null).await.status, 200);
    revoked.store(true, Ordering::SeqCst);
    for racer in racers {
        assert!(racer.await.unwrap() > 0);
    }
    // Nor does the audit log have an accepted request behind the act.
    let rows = stage
        .manage("GET", "/audit?limit=1000", Value::Null)
        .await
        .json();
    let newest_first = rows["rows"].as_array().unwrap().iter();
    let behind: Vec<_> = newest_first
        .take_while(|row| row["act"] != "key.revoke")
        .filter(|row| row["act"] == "request")
        .collect();
    assert!(!behind.is_empty());
    assert!(behind.iter().all(|row| row["status"] == 401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payin_is_made_once_by_racing_requests_with_one_key() {
    let stage = Arc::new(Stage::new().await);
    let key = Arc::new(stage.key(json!({ "scopes": ["payins:write"] })).await);
    let body = json!({
        "currency": "AUD", "gst": false, "amount": 1, "name": "A", "email": "a@example.com",
        "payin_method_name": "au_payid_npp_aud",
    });
    let body = body.to_string();
    let racers = (0..8).map(|_| {
        let (stage, key, body) = (Arc::clone(&stage), Arc::clone(&key), body.clone());
        tokio::spawn(async move {
            let mut headers = key.pair().to_vec();
            headers.push(("idempotency-key", "once"));
            stage
                .send("POST", "/api/v2/payins", &headers, body)
                .await
                .json()["uuid"]
                .clone()
        })
    });
    let racers: Vec<_> = racers.collect();
    let mut made = Vec::new();
    for racer in racers {
        made.push(racer.await.unwrap());
    }
    assert!(made[0].is_string());
    assert!(made.iter().all(|uuid| *uuid == made[0]), "{made:?}");
}
