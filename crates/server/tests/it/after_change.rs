//! Once a change has returned, no request is accepted by what was before it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use serde_json::json;

use crate::stage::Stage;

const PING: &str = "/api/v1/ping";

/// Sends requests with `headers` on eight connections, makes `change` among them, and holds every
/// request that was sent after it had returned to `refused`.
async fn none_is_accepted_after(
    stage: &Arc<Stage>,
    headers: Vec<(&'static str, String)>,
    refused: u16,
    change: impl AsyncFnOnce(),
) {
    let headers = Arc::new(headers);
    let (changed, accepted) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
    let racers = (0..8).map(|_| {
        let (stage, headers) = (Arc::clone(stage), Arc::clone(&headers));
        let (changed, accepted) = (Arc::clone(&changed), Arc::clone(&accepted));
        tokio::spawn(async move {
            let headers = headers.iter();
            let headers: Vec<_> = headers
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let mut connection = stage.connect().await;
            let mut after = 0;
            while after < 20 {
                let was_changed = changed.load(Ordering::SeqCst);
                let status = connection.send("GET", PING, &headers, "").await.status;
                match (was_changed, status) {
                    (true, status) => {
                        assert_eq!(status, refused, "accepted after the change had returned");
                        after += 1;
                    }
                    (false, 200) => drop(accepted.fetch_add(1, Ordering::SeqCst)),
                    (false, status) => assert_eq!(status, refused),
                }
            }
        })
    });
    let racers: Vec<_> = racers.collect();
    while accepted.load(Ordering::SeqCst) < 100 {
        tokio::task::yield_now().await;
    }
    change().await;
    changed.store(true, Ordering::SeqCst);
    for racer in racers {
        racer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_the_list_for_all_keys_has_changed_nothing_else_is_accepted() {
    let stage = Arc::new(Stage::new().await);
    let key = stage.key(json!({ "limit_per_minute": 1_000_000 })).await;
    let headers = vec![("app-id", key.app_id), ("secret-key", key.secret)];
    none_is_accepted_after(&stage, headers, 403, async || {
        let list = json!({ "allow": ["10.0.0.0/8"] });
        let changed = stage.manage("PUT", "/allowlist", list).await;
        assert_eq!(changed.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_a_token_is_revoked_nothing_is_accepted_with_it() {
    let stage = Arc::new(Stage::new().await);
    let key = stage.key(json!({ "limit_per_minute": 1_000_000 })).await;
    let form = "grant_type=client_credentials";
    let pair = key.pair();
    let token = stage.send("POST", "/oauth/token", &pair, form.to_owned());
    let token = token.await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let headers = vec![("authorization", format!("Bearer {token}"))];
    none_is_accepted_after(&stage, headers, 401, async || {
        let form = format!("token={token}");
        let revoked = stage.send("POST", "/oauth/revoke", &key.pair(), form).await;
        assert_eq!(revoked.status, 200);
    })
    .await;
}
