//! Rotation of a key's secret: a second one takes over, and the older one goes on for an overlap.

use std::time::Duration;

use http::StatusCode;
use strongroom_contract::{
    manage::{KeyState, RetireSecret, RotateKey, RotatedKey},
    secret::Revealed,
};
use strongroom_policy::{
    credential::SecretId,
    key::{EndError, TooManySecrets},
};

use super::{
    Call, Done, NotDone,
    keys::{apply, find, named},
};
use crate::store::KeyChange;

pub(super) async fn rotate(call: Call<'_>) -> Result<Done, NotDone> {
    let RotateKey { overlap_ms } = match call.body.is_empty() {
        true => RotateKey::default(),
        false => call.body()?,
    };
    let overlap = overlap_ms.map_or(RotateKey::DEFAULT_OVERLAP, Duration::from_millis);
    if overlap > RotateKey::LONGEST_OVERLAP {
        return Err(NotDone::usage(format!(
            "overlap_ms must be at most {} (7 days): two secrets that count for longer are two keys",
            RotateKey::LONGEST_OVERLAP.as_millis()
        )));
    }
    let platform = call.platform;
    let app_id = named(call)?;
    let key = find(call, app_id)?;
    // What is written below was computed from this record: no other rotation may come between.
    let _alone = platform.rotating.lock().await;
    // Not of when the request came: a rotation that went before has ended a secret since.
    let now = platform.clock.now();
    let record = key.snapshot();
    if let ended @ (KeyState::Revoked | KeyState::Expired) = record.state(now) {
        let ended = match ended {
            KeyState::Revoked => "was revoked",
            _ => "has expired",
        };
        return Err(NotDone::conflict(format!(
            "key {app_id} {ended}; issue a new key"
        )));
    }
    if !record.secrets.has_secret() {
        return Err(NotDone::conflict(format!(
            "key {app_id} has no secret; register another public key to replace the one that it has"
        )));
    }
    let secret_id = record.secrets.next_id();
    let (secret_key, secret) = platform
        .rules
        .new_secret(app_id, secret_id, record.may_sign, now);
    let mut secrets = record.secrets.clone();
    secrets
        .rotate(secret, overlap, now)
        .map_err(|error @ TooManySecrets| NotDone::conflict(error.to_string()))?;
    let recorder = call.recorder(StatusCode::CREATED, Some(app_id), Some(secret_id));
    apply(call, &key, app_id, KeyChange::Secrets(secrets), recorder).await?;
    let rotated = RotatedKey {
        app_id: app_id.to_string(),
        secret_key: Revealed::new(secret_key.expose_secret().to_owned()),
        secret_id: secret_id.0,
        key: key.view(platform.clock.now()),
    };
    Ok(Done::changed(StatusCode::CREATED, Some(app_id), &rotated))
}

pub(super) async fn retire(call: Call<'_>) -> Result<Done, NotDone> {
    let RetireSecret { secret_id } = call.body()?;
    let secret_id = SecretId(secret_id);
    let app_id = named(call)?;
    let key = find(call, app_id)?;
    let _alone = call.platform.rotating.lock().await;
    let mut secrets = key.snapshot().secrets.clone();
    secrets
        .end(secret_id, call.platform.clock.now())
        .map_err(|error| match error {
            EndError::Unknown(_) => NotDone::not_found(error.to_string()),
            EndError::Ended(_) | EndError::Last(_) => NotDone::conflict(error.to_string()),
        })?;
    let recorder = call.recorder(StatusCode::OK, Some(app_id), Some(secret_id));
    apply(call, &key, app_id, KeyChange::Secrets(secrets), recorder).await?;
    let view = key.view(call.platform.clock.now());
    Ok(Done::changed(StatusCode::OK, Some(app_id), &view))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use strongroom_contract::manage::{AuditPage, KeyView};

    use super::*;
    use crate::testing::{Reply, Stage, borrowed, signed};

    const PING: &str = "/api/v1/ping";

    struct Rotating {
        stage: Stage,
        app_id: String,
        first: String,
    }

    impl Rotating {
        async fn new(wanted: Value) -> Self {
            let stage = Stage::with(|config| config.virtual_clock = true).await;
            let (app_id, first) = stage.key(wanted).await;
            Self {
                stage,
                app_id,
                first,
            }
        }

        async fn rotate(&self, body: Value) -> Reply {
            let path = format!("/keys/{}/rotate", self.app_id);
            self.stage.manage("POST", &path, body).await
        }

        async fn second(&self, body: Value) -> String {
            let reply = self.rotate(body).await;
            assert_eq!(reply.status, 201, "{:?}", reply.body);
            reply.json()["secret_key"].as_str().unwrap().to_owned()
        }

        async fn retire(&self, secret: u32) -> Reply {
            let path = format!("/keys/{}/retire", self.app_id);
            let body = json!({ "secret_id": secret });
            self.stage.manage("POST", &path, body).await
        }

        async fn ping(&self, secret: &str) -> Reply {
            let headers = [("app-id", self.app_id.as_str()), ("secret-key", secret)];
            self.stage.send("GET", PING, &headers, b"").await
        }

        async fn refused_by(&self, reply: &Reply) -> String {
            let path = format!("/requests/{}/explain", reply.request_id());
            let why = self.stage.manage("GET", &path, Value::Null).await.json();
            why["rule"].as_str().unwrap().to_owned()
        }

        async fn advance(&self, by: Duration) {
            let by = json!({ "by_ms": by.as_millis() as u64 });
            let reply = self.stage.manage("POST", "/clock/advance", by).await;
            assert_eq!(reply.status, 200);
        }

        async fn view(&self) -> KeyView {
            let path = format!("/keys/{}", self.app_id);
            let reply = self.stage.manage("GET", &path, Value::Null).await;
            serde_json::from_slice(&reply.body).unwrap()
        }
    }

    #[tokio::test]
    async fn both_secrets_count_in_the_overlap_and_the_older_one_ends_with_it() {
        let it = Rotating::new(json!({ "may_sign": true })).await;
        let token = |secret: String| async {
            let secret = secret;
            let headers = [("app-id", it.app_id.as_str()), ("secret-key", &secret)];
            let path = "/api/v1/payment_gateways/access_token";
            let reply = it.stage.send("GET", path, &headers, b"").await;
            let token = reply.json()["access_token"].as_str().unwrap().to_owned();
            format!("Bearer {token}")
        };
        let second = it.second(json!({ "overlap_ms": 1_800_000 })).await;
        assert_eq!(it.view().await.state, KeyState::Rotating);
        let old_token = token(it.first.clone()).await;
        let new_token = token(second.clone()).await;
        for secret in [&it.first, &second] {
            assert_eq!(it.ping(secret).await.status, 200);
            let key = (it.app_id.as_str(), secret.as_str());
            let headers = signed(&it.stage, key, "GET", PING, b"", Duration::ZERO);
            let reply = it.stage.send("GET", PING, &borrowed(&headers), b"").await;
            assert_eq!(reply.status, 200);
        }

        it.advance(Duration::from_secs(1_800)).await;
        let refused = it.ping(&it.first).await;
        assert_eq!(refused.status, 401);
        assert_eq!(it.refused_by(&refused).await, "authenticate");
        // The token lives for an hour, and ends with its secret.
        let by = |token: String| async {
            let token = token;
            let headers = [("authorization", token.as_str())];
            it.stage.send("GET", PING, &headers, b"").await
        };
        let refused = by(old_token).await;
        assert_eq!(refused.status, 401);
        assert_eq!(it.refused_by(&refused).await, "state");
        assert_eq!(by(new_token).await.status, 200);
        assert_eq!(it.ping(&second).await.status, 200);
        assert_eq!(it.view().await.state, KeyState::Active);
    }

    #[tokio::test]
    async fn both_secrets_use_one_window_and_their_rows_name_them() {
        let it = Rotating::new(json!({ "limit_per_minute": 3 })).await;
        let second = it.second(Value::Null).await;
        for secret in [&it.first, &second, &it.first] {
            assert_eq!(it.ping(secret).await.status, 200);
        }
        assert_eq!(it.ping(&second).await.status, 429);
        let reply = it.stage.manage("GET", "/audit?limit=5", Value::Null).await;
        let page: AuditPage = serde_json::from_slice(&reply.body).unwrap();
        let rows = page.rows.iter();
        let rows: Vec<_> = rows
            .map(|row| (row.act.as_str(), row.status, row.secret_id))
            .collect();
        assert_eq!(
            rows,
            [
                ("request", 429, Some(2)),
                ("request", 200, Some(1)),
                ("request", 200, Some(2)),
                ("request", 200, Some(1)),
                ("key.rotate", 201, Some(2)),
            ]
        );
    }

    #[tokio::test]
    async fn when_each_secret_was_last_used_is_shown() {
        let it = Rotating::new(json!({})).await;
        it.second(json!({ "overlap_ms": 86_400_000 })).await;
        it.ping(&it.first).await;
        let view = it.view().await;
        let [newest, older] = view.secrets.as_slice() else {
            panic!("{:?}", view.secrets)
        };
        assert_eq!((newest.id, older.id), (2, 1));
        assert_eq!(newest.last_used, None);
        assert!(older.last_used.is_some());
        assert_eq!(view.last_used, older.last_used);
        assert_eq!(
            older.retire_at.unwrap().since(newest.created),
            Duration::from_secs(86_400)
        );
        assert!(newest.is_live && older.is_live && newest.retire_at.is_none());
    }

    #[tokio::test]
    async fn a_secret_is_ended_at_once_and_a_rotation_taken_back() {
        let it = Rotating::new(json!({})).await;
        assert_eq!(it.retire(1).await.status, 409);
        assert_eq!(it.retire(9).await.status, 404);
        let second = it.second(json!({ "overlap_ms": 60_000 })).await;
        assert_eq!(it.retire(2).await.status, 200);
        assert_eq!(it.ping(&second).await.status, 401);
        it.advance(Duration::from_secs(3_600)).await;
        assert_eq!(it.ping(&it.first).await.status, 200, "without an end");
        let third = it.second(json!({ "overlap_ms": 60_000 })).await;
        assert_eq!(it.retire(1).await.status, 200);
        assert_eq!(it.ping(&it.first).await.status, 401);
        assert_eq!(it.ping(&third).await.status, 200);
    }

    #[tokio::test]
    async fn a_change_is_decided_at_the_time_of_its_turn() {
        let overlap = Duration::from_secs(1_800);
        let rotating = json!({ "overlap_ms": overlap.as_millis() as u64 });
        let it = Rotating::new(json!({})).await;
        it.second(rotating.clone()).await;
        // Two secrets count when it comes, and one when it has its turn.
        let third = it.stage.in_turn(overlap, it.rotate(rotating)).await;
        assert_eq!(third.status, 201, "{:?}", third.body);
        // When it comes the older one would go on in its place; it has ended since.
        let taken_back = it.stage.in_turn(overlap, it.retire(3)).await;
        assert_eq!(taken_back.status, 409, "{:?}", taken_back.body);
        let view = it.view().await;
        let live: Vec<_> = view.secrets.iter().filter(|it| it.is_live).collect();
        assert_eq!(live.len(), 1);
        assert_eq!(live[0].id, 3);
    }

    #[tokio::test]
    async fn what_cannot_be_rotated_is_told_and_stays() {
        let it = Rotating::new(json!({})).await;
        let long = it.rotate(json!({ "overlap_ms": 604_800_001 })).await;
        assert_eq!(long.status, 422);
        let second = it.second(json!({})).await;
        let third = it.rotate(json!({})).await;
        assert_eq!(third.status, 409, "two are live");
        assert_eq!(it.ping(&second).await.status, 200);
        let revoke = format!("/keys/{}/revoke", it.app_id);
        it.stage.manage("POST", &revoke, Value::Null).await;
        assert_eq!(it.rotate(json!({})).await.status, 409, "revoked");
        assert_eq!(it.view().await.secrets.len(), 2);
    }

    #[tokio::test]
    async fn a_key_begins_when_it_was_told_to_and_keeps_its_note() {
        let it = Rotating::new(json!({ "not_before": "2999-01-01T00:00:00Z" })).await;
        let refused = it.ping(&it.first).await;
        assert_eq!(refused.status, 401);
        assert_eq!(it.refused_by(&refused).await, "state");
        assert_eq!(it.view().await.state, KeyState::NotYet);
        let path = format!("/keys/{}/note", it.app_id);
        let note = json!({ "note": "For the shop.\nAsk Ada." });
        assert_eq!(it.stage.manage("PUT", &path, note).await.status, 200);
        assert_eq!(it.view().await.note, "For the shop.\nAsk Ada.");
        for wrong in ["a".repeat(1_001), "\u{7}".to_owned()] {
            let reply = it.stage.manage("PUT", &path, json!({ "note": wrong }));
            assert_eq!(reply.await.status, 422);
        }
        let body = json!({ "name": "a", "not_before": "2030-01-02T00:00:00Z",
                           "expires": "2030-01-01T00:00:00Z" });
        assert_eq!(it.stage.manage("POST", "/keys", body).await.status, 422);
    }
}
