//! The public key of a key: registered, replaced, ended.

use http::StatusCode;
use strongroom_contract::{
    manage::{KeyState, SetPublicKey},
    time::UnixMillis,
};
use strongroom_crypto::signature::PublicKey;
use strongroom_policy::{
    credential::SecretId,
    public_key::{self, RegisteredKey},
};

use super::{
    Call, Done, NotDone,
    keys::{apply, find, named},
};
use crate::store::KeyChange;

pub(super) async fn set(call: Call<'_>) -> Result<Done, NotDone> {
    let SetPublicKey { public_key } = call.body()?;
    let public_key = public_key.as_deref().map(read).transpose()?;
    let app_id = named(call)?;
    let key = find(call, app_id)?;
    // What is written below was computed from this record: no rotation may come between.
    let _alone = call.platform.rotating.lock().await;
    // Not of when the request came: a rotation that went before has ended a secret since.
    let now = call.platform.clock.now();
    let record = key.snapshot();
    if record.state(now) == KeyState::Revoked {
        return Err(NotDone::conflict(format!(
            "key {app_id} was revoked; issue a new key"
        )));
    }
    let mut secrets = record.secrets.clone();
    match public_key {
        Some(key) => secrets.register(key, now),
        None => secrets
            .unregister(now)
            .map_err(|error| NotDone::conflict(error.to_string()))?,
    }
    let id = secrets.registered().map(|registered| registered.id);
    let recorder = call.recorder(StatusCode::OK, Some(app_id), id);
    apply(call, &key, app_id, KeyChange::Secrets(secrets), recorder).await?;
    let view = key.view(call.platform.clock.now());
    Ok(Done::changed(StatusCode::OK, Some(app_id), &view))
}

/// A public key as people have it.
pub(super) fn read(text: &str) -> Result<PublicKey, NotDone> {
    public_key::parse(text).map_err(|error| NotDone::usage(format!("public_key: {error}")))
}

/// The public key of a new key, which has nothing else.
pub(super) fn first(key: PublicKey, now: UnixMillis) -> RegisteredKey {
    RegisteredKey {
        id: SecretId(1),
        key,
        created: now,
        ended: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use strongroom_contract::time::UnixMillis;
    use strongroom_crypto::SecretText;
    use strongroom_signing::Scheme;

    use crate::testing::{Reply, Stage, borrowed, signed_with};

    const PING: &str = "/api/v1/ping";

    /// Two pairs: of RFC 8032, section 7.1, tests 1 and 2, in PKCS#8 and base64.
    const FIRST: (&str, &str) = (
        "-----BEGIN PRIVATE KEY-----\n\
         MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
         -----END PRIVATE KEY-----\n",
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    );
    const SECOND: (&str, &str) = (
        "-----BEGIN PRIVATE KEY-----\n\
         MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n\
         -----END PRIVATE KEY-----\n",
        "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
    );

    struct Signing {
        stage: Stage,
        app_id: String,
    }

    impl Signing {
        async fn new(wanted: Value) -> Self {
            let stage = Stage::new().await;
            let mut body = json!({ "name": "test" });
            let members = body.as_object_mut().unwrap();
            members.extend(wanted.as_object().unwrap().clone());
            let reply = stage.manage("POST", "/keys", body).await;
            assert_eq!(reply.status, 201, "{:?}", reply.body);
            assert_eq!(reply.json().get("secret_key"), None);
            let app_id = reply.json()["app_id"].as_str().unwrap().to_owned();
            Self { stage, app_id }
        }

        async fn ping(&self, private: &str) -> Reply {
            let now = self.stage.running.platform.clock.now();
            let private = SecretText::new(private.to_owned());
            let key = (self.app_id.as_str(), &private);
            let headers = signed_with(Scheme::Rfc9421Ed25519, key, "GET", PING, b"", now);
            self.stage.send("GET", PING, &borrowed(&headers), b"").await
        }

        async fn set(&self, public_key: Value) -> Reply {
            let path = format!("/keys/{}/public-key", self.app_id);
            let body = json!({ "public_key": public_key });
            self.stage.manage("PUT", &path, body).await
        }

        async fn why(&self, reply: &Reply) -> Value {
            let path = format!("/requests/{}/explain", reply.request_id());
            self.stage.manage("GET", &path, Value::Null).await.json()
        }
    }

    #[tokio::test]
    async fn a_key_with_a_public_key_alone_signs_and_has_no_secret() {
        let it = Signing::new(json!({ "public_key": FIRST.1 })).await;
        assert_eq!(it.ping(FIRST.0).await.status, 200);
        let page = it
            .stage
            .manage("GET", "/audit?limit=1", Value::Null)
            .await
            .json();
        assert_eq!(page["rows"][0]["secret_id"], 1);
        let refused = it.ping(SECOND.0).await;
        assert_eq!(refused.status, 401);
        let why = it.why(&refused).await;
        assert_eq!(why["rule"], "authenticate");
        assert!(
            why["fix"].as_str().unwrap().contains("private half"),
            "{why}"
        );
        let path = format!("/keys/{}", it.app_id);
        let view = it.stage.manage("GET", &path, Value::Null).await.json();
        assert_eq!(view["secrets"], json!([]));
        assert_eq!(view["public_key"]["ed25519"], FIRST.1);
        assert!(view["public_key"]["last_used"].is_string());
        // Nothing but a signature gets in, and there is nothing to rotate or to take away.
        let secret = it.stage.key(json!({})).await.1;
        let pair = [
            ("app-id", it.app_id.as_str()),
            ("secret-key", secret.as_str()),
        ];
        let refused = it.stage.send("GET", PING, &pair, b"").await;
        assert_eq!(refused.status, 401);
        let why = it.why(&refused).await;
        assert!(
            why["checks"][1]["observed"]
                .as_str()
                .unwrap()
                .contains("public key alone")
        );
        let rotate = format!("/keys/{}/rotate", it.app_id);
        assert_eq!(
            it.stage.manage("POST", &rotate, Value::Null).await.status,
            409
        );
        assert_eq!(it.set(Value::Null).await.status, 409);
    }

    #[tokio::test]
    async fn a_public_key_is_registered_replaced_and_ended_later() {
        let mut it = Signing::new(json!({ "public_key": FIRST.1 })).await;
        it.app_id = it.stage.key(json!({})).await.0;
        let refused = it.ping(FIRST.0).await;
        assert_eq!(refused.status, 401);
        let why = it.why(&refused).await;
        assert!(
            why["cause"].as_str().unwrap().contains("no public key"),
            "{why}"
        );
        let set = it.set(FIRST.1.into()).await.json();
        assert_eq!(
            (&set["public_key"]["id"], &set["secrets"][0]["id"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(it.ping(FIRST.0).await.status, 200);
        assert_eq!(it.set(SECOND.1.into()).await.json()["public_key"]["id"], 3);
        assert_eq!(it.ping(FIRST.0).await.status, 401);
        assert_eq!(it.ping(SECOND.0).await.status, 200);
        assert_eq!(it.set(Value::Null).await.json().get("public_key"), None);
        assert_eq!(it.ping(SECOND.0).await.status, 401);
        assert_eq!(it.set(Value::Null).await.status, 409);
        for wrong in ["", "AAAA", FIRST.0] {
            let reply = it.set(wrong.into()).await;
            assert_eq!(reply.status, 422);
            assert!(!String::from_utf8_lossy(&reply.body).contains("MC4C"));
        }
    }

    #[tokio::test]
    async fn a_public_key_begins_at_the_time_of_its_turn() {
        let stage = Stage::with(|config| config.virtual_clock = true).await;
        let app_id = stage.key(json!({})).await.0;
        let it = Signing { stage, app_id };
        let came = it.stage.running.platform.clock.now();
        let later = std::time::Duration::from_secs(1_800);
        let set = it.stage.in_turn(later, it.set(FIRST.1.into())).await.json();
        let created: UnixMillis =
            serde_json::from_value(set["public_key"]["created"].clone()).unwrap();
        assert!(created.since(came) >= later, "{set}");
    }

    #[tokio::test]
    async fn a_token_ends_with_the_public_key_that_it_was_obtained_by() {
        let it = Signing::new(json!({ "public_key": FIRST.1 })).await;
        let now = it.stage.running.platform.clock.now();
        let private = SecretText::new(FIRST.0.to_owned());
        let path = "/api/v1/payment_gateways/access_token";
        let key = (it.app_id.as_str(), &private);
        let headers = signed_with(Scheme::Rfc9421Ed25519, key, "GET", path, b"", now);
        let token = it
            .stage
            .send("GET", path, &borrowed(&headers), b"")
            .await
            .json();
        let token = [("access-token", token["access_token"].as_str().unwrap())];
        assert_eq!(it.stage.send("GET", PING, &token, b"").await.status, 200);
        it.set(SECOND.1.into()).await;
        let refused = it.stage.send("GET", PING, &token, b"").await;
        assert_eq!(refused.status, 401);
        assert_eq!(it.why(&refused).await["rule"], "state");
    }

    #[tokio::test]
    async fn public_keys_names_and_ends_outlive_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let start = async || {
            let mut config = crate::Config::in_directory(home.path().join("state"));
            config.address.set_port(0);
            Stage::of(crate::Server::start(config).await.unwrap())
        };
        let stage = start().await;
        let wanted = json!({ "name": "shop", "public_key": FIRST.1, "environment": "live" });
        let made = stage.manage("POST", "/keys", wanted).await.json();
        let app_id = made["app_id"].as_str().unwrap().to_owned();
        assert!(app_id.starts_with("sr_app_live_"), "{app_id}");
        let path = |verb: &str| format!("/keys/{app_id}/{verb}");
        let renamed = json!({ "name": "store" });
        assert_eq!(
            stage.manage("PUT", &path("name"), renamed).await.status,
            200
        );
        let ends = json!({ "expires": "2999-01-01T00:00:00Z" });
        assert_eq!(stage.manage("PUT", &path("expiry"), ends).await.status, 200);
        stage.running.shutdown().await;
        let it = Signing {
            stage: start().await,
            app_id: app_id.clone(),
        };
        assert_eq!(it.ping(FIRST.0).await.status, 200);
        let path = format!("/keys/{app_id}");
        let view = it.stage.manage("GET", &path, Value::Null).await.json();
        assert_eq!(
            (&view["name"], &view["expires"]),
            (&json!("store"), &json!("2999-01-01T00:00:00.000Z"))
        );
    }

    #[tokio::test]
    async fn a_keys_end_is_changed_and_taken_away_under_the_virtual_clock() {
        let stage = Stage::with(|config| config.virtual_clock = true).await;
        let (app_id, secret) = stage.key(json!({})).await;
        let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
        let path = format!("/keys/{app_id}/expiry");
        let now = stage.running.platform.clock.now();
        let soon = now.after(std::time::Duration::from_secs(3_600));
        let set = async |expires: Value| {
            stage
                .manage("PUT", &path, json!({ "expires": expires }))
                .await
                .status
        };
        assert_eq!(set(json!(soon)).await, 200);
        assert_eq!(stage.send("GET", PING, &pair, b"").await.status, 200);
        let by = json!({ "by_ms": 3_600_000 });
        stage.manage("POST", "/clock/advance", by).await;
        assert_eq!(stage.send("GET", PING, &pair, b"").await.status, 401);
        assert_eq!(set(Value::Null).await, 200);
        assert_eq!(stage.send("GET", PING, &pair, b"").await.status, 200);
        assert_eq!(set(json!("2001-01-01T00:00:00Z")).await, 200);
        assert_eq!(stage.send("GET", PING, &pair, b"").await.status, 401);
        stage
            .manage("POST", &format!("/keys/{app_id}/revoke"), Value::Null)
            .await;
        assert_eq!(set(Value::Null).await, 409, "revoked is for good");
    }
}
