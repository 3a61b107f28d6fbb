//! Requests that wait for a slot, where their key says so.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::stage::{Key, Stage, sign};

const PING: &str = "/api/v1/ping";

struct Delays {
    stage: Arc<Stage>,
    key: Arc<Key>,
}

impl Delays {
    /// A key with a limit whose requests wait for up to 5 s, on a virtual clock.
    async fn new(limit: u32, delayed_per_key: u32) -> Self {
        let stage = Stage::with(|config| {
            config.virtual_clock = true;
            config.limits.delayed_per_key = delayed_per_key;
        })
        .await;
        let wanted = json!({ "limit_per_minute": limit, "delay_ms": 5_000, "may_sign": true });
        let key = stage.key(wanted).await;
        Self {
            stage: Arc::new(stage),
            key: Arc::new(key),
        }
    }

    /// Sends a request on a connection of its own.
    fn ping(&self) -> JoinHandle<(u16, String)> {
        let (stage, key) = (Arc::clone(&self.stage), Arc::clone(&self.key));
        tokio::spawn(async move {
            let mut connection = stage.connect().await;
            drop(stage);
            let reply = connection.send("GET", PING, &key.pair(), "").await;
            (reply.status, reply.header("x-request-id").to_owned())
        })
    }

    async fn manage(&self, method: &str, what: &str, body: Value) -> Value {
        let path = format!("/keys/{}{what}", self.key.app_id);
        self.stage.manage(method, &path, body).await.json()
    }

    /// Until so many wait.
    async fn until_waiting(&self, count: u32) {
        while self.manage("GET", "", Value::Null).await["waiting"] != count {
            tokio::task::yield_now().await;
        }
    }

    async fn advance(&self, by_ms: u64) {
        let advance = json!({ "by_ms": by_ms });
        let advanced = self.stage.manage("POST", "/clock/advance", advance).await;
        assert_eq!(advanced.status, 200);
    }

    /// Uses up the minute, and goes on until the first slot is free in 3 s.
    async fn use_up(&self, limit: u32) {
        for _ in 0..limit {
            assert_eq!(self.ping().await.unwrap().0, 200);
        }
        self.advance(57_000).await;
    }

    async fn rule_of(&self, id: &str) -> Value {
        let path = format!("/requests/{id}/explain");
        self.stage.manage("GET", &path, Value::Null).await.json()["rule"].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_waits_for_its_slot_and_one_that_would_wait_too_long_does_not() {
    let it = Delays::new(2, 8).await;
    for _ in 0..2 {
        assert_eq!(it.ping().await.unwrap().0, 200);
    }
    // A whole minute is longer than the key lets requests wait.
    let (status, id) = it.ping().await.unwrap();
    assert_eq!((status, it.rule_of(&id).await), (429, json!("rate")));
    it.advance(57_000).await;
    let waiting = it.ping();
    it.until_waiting(1).await;
    it.advance(3_000).await;
    let (status, id) = waiting.await.unwrap();
    assert_eq!(status, 200);
    // Its row says how long that took, and counts from when it was let through.
    let rows = it.stage.manage("GET", "/audit?limit=20", Value::Null).await;
    let rows = rows.json()["rows"].as_array().unwrap().clone();
    let row = rows.iter().find(|row| row["request_id"] == id.as_str());
    let advanced = rows.iter().find(|row| row["act"] == "clock.advance");
    let at = |row: Option<&Value>| row.unwrap()["at"].as_str().unwrap().to_owned();
    assert!(
        at(row) > at(advanced),
        "let through after the clock was advanced"
    );
    it.until_waiting(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_wait_are_few_and_let_through_in_their_order() {
    let it = Delays::new(3, 2).await;
    it.use_up(3).await;
    let first = it.ping();
    it.until_waiting(1).await;
    let second = it.ping();
    it.until_waiting(2).await;
    let (status, id) = it.ping().await.unwrap();
    assert_eq!((status, it.rule_of(&id).await), (429, json!("rate")));
    // Nobody overtakes: one slot is free, and it goes to the first.
    it.advance(3_000).await;
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert_eq!((first.0, second.0), (200, 200));
    let rows = it.stage.manage("GET", "/audit?limit=30", Value::Null).await;
    let rows = rows.json()["rows"].as_array().unwrap().clone();
    let place = |id: &str| rows.iter().position(|row| row["request_id"] == id);
    assert!(
        place(&first.1) > place(&second.1),
        "the newest row is the first"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_revoked_meanwhile_is_refused_and_a_raised_limit_lets_through() {
    let it = Delays::new(1, 8).await;
    it.use_up(1).await;
    let waiting = it.ping();
    it.until_waiting(1).await;
    it.manage("PUT", "/limit", json!({ "per_minute": 2 })).await;
    assert_eq!(waiting.await.unwrap().0, 200);
    let waiting = it.ping();
    it.until_waiting(1).await;
    it.manage("POST", "/revoke", Value::Null).await;
    let (status, id) = waiting.await.unwrap();
    assert_eq!((status, it.rule_of(&id).await), (401, json!("state")));
    it.until_waiting(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_gets_no_older_by_waiting_and_its_nonce_is_spent_once() {
    let it = Delays::new(1, 8).await;
    it.use_up(1).await;
    let headers = sign(&it.key, PING);
    let headers: Vec<_> = headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let mut connection = it.stage.connect().await;
    let jump = async {
        it.until_waiting(1).await;
        // Longer than a signature is fresh.
        it.advance(400_000).await;
    };
    let (reply, ()) = tokio::join!(connection.send("GET", PING, &headers, ""), jump);
    assert_eq!(reply.status, 200);
    it.advance(60_000).await;
    let again = it.stage.send("GET", PING, &headers, "").await;
    assert_eq!(again.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_gives_its_place_back_and_leaves_a_row() {
    let it = Delays::new(1, 1).await;
    it.use_up(1).await;
    let waiting = it.ping();
    it.until_waiting(1).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    it.until_waiting(0).await;
    let refused = it.stage.manage("GET", "/audit?rule=rate", Value::Null);
    let refused = refused.await.json()["rows"].as_array().unwrap().len();
    assert_eq!(refused, 1);
    // The next one has the place.
    let waiting = it.ping();
    it.until_waiting(1).await;
    it.advance(3_000).await;
    assert_eq!(waiting.await.unwrap().0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_answers_those_that_wait() {
    let it = Delays::new(1, 8).await;
    it.use_up(1).await;
    let waiting = it.ping();
    it.until_waiting(1).await;
    let stage = Arc::into_inner(it.stage).unwrap();
    stage.running.shutdown().await;
    assert_eq!(waiting.await.unwrap().0, 429);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Racing connections, a clock that jumps, waits and refusals: no 60 s of the audit log have more
    /// accepted requests than the limit.
    #[test]
    fn no_rolling_minute_has_more_than_the_limit(
        limit in 2..6u32,
        jumps in prop::collection::vec(500..59_000u64, 4..8),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(race(limit, jumps));
    }
}

async fn race(limit: u32, jumps: Vec<u64>) {
    let it = Delays::new(limit, 16).await;
    for jump in jumps {
        let racers: Vec<_> = (0..limit + 2).map(|_| it.ping()).collect();
        it.advance(jump).await;
        // Nobody waits for longer than 5 s.
        while !racers.iter().all(JoinHandle::is_finished) {
            it.advance(1_000).await;
        }
        for racer in racers {
            let (status, _) = racer.await.unwrap();
            assert!(status == 200 || status == 429, "{status}");
        }
    }
    let path = format!(
        "/audit?limit=1000&key={}&status=200&act=request",
        it.key.app_id
    );
    let rows = it.stage.manage("GET", &path, Value::Null).await.json();
    let rows = rows["rows"].as_array().unwrap();
    let mut times: Vec<_> = rows
        .iter()
        .map(|row| {
            let at = row["at"].as_str().unwrap();
            at.parse::<strongroom_contract::time::UnixMillis>()
                .unwrap()
                .0
        })
        .collect();
    times.sort_unstable();
    assert!(
        times.len() >= limit as usize,
        "{} were accepted",
        times.len()
    );
    for run in times.windows(limit as usize + 1) {
        let span = run[limit as usize] - run[0];
        assert!(span >= 60_000, "{} in {span} ms", limit + 1);
    }
}
