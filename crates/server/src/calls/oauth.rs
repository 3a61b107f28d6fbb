//! The endpoints of OAuth 2.0: a token for a client's own credentials (RFC 6749, section 4.4), and its
//! end before its time (RFC 7009).

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;
use strongroom_policy::{
    decide::Accepted,
    scopes::Scopes,
    token::{self, LIFETIME},
};
use strongroom_signing::client_auth::parameter;

use super::{Call, Caller, with_rate};
use crate::{
    audit::AuditDown,
    face::{Answer, Problem, not_kept},
    store::{KeyChange, Undone},
};

const fn problem(error: &'static str, description: &'static str) -> Problem {
    Problem::Oauth { error, description }
}

const TWICE: Problem = problem("invalid_request", "A parameter is there more than once.");
const NO_GRANT: Problem = problem("invalid_request", "The parameter grant_type is missing.");
const OTHER_GRANT: Problem = problem(
    "unsupported_grant_type",
    "Only client_credentials is supported.",
);
const UNKNOWN_SCOPE: Problem = problem(
    "invalid_scope",
    "A scope that is asked for does not exist. Scopes are separated by single spaces.",
);
const OTHER_SCOPE: Problem = problem(
    "invalid_scope",
    "A scope that is asked for is not one of the client's.",
);
const NO_TOKEN: Problem = problem("invalid_request", "The parameter token is missing.");
const OTHERS_TOKEN: Problem = problem("invalid_grant", "The token was issued to another client.");

/// A token, with all that the key may do or what of it is asked for.
pub(super) fn token(call: &Call<'_>, accepted: &Accepted<'_>) -> Result<Answer, Problem> {
    let form = |name| parameter(call.body, name).map_err(|_| TWICE);
    match form("grant_type")?.as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err(OTHER_GRANT),
        None => return Err(NO_GRANT),
    }
    let held = accepted.key.scopes;
    let narrowed = form("scope")?
        .map(|asked| narrow(&asked, held))
        .transpose()?;
    let (app_id, now) = (accepted.key.app_id, call.arrival.now);
    let rules = &call.platform.rules;
    let token = token::issue(app_id, accepted.secret, narrowed, now, rules);
    let mut answer = json!({
        "access_token": token.expose_secret(),
        "token_type": "Bearer",
        "expires_in": LIFETIME.as_secs(),
    });
    let given = narrowed.unwrap_or(held);
    if let Some(members) = answer.as_object_mut().filter(|_| !given.is_empty()) {
        members.insert("scope".to_owned(), given.to_parameter().into());
    }
    Ok(not_kept(Answer::json(StatusCode::OK, &answer)))
}

/// The scopes that are asked for (RFC 6749, section 3.3), if all of them are `held`.
fn narrow(asked: &str, held: Scopes) -> Result<Scopes, Problem> {
    let asked: Vec<_> = asked.split(' ').collect();
    let asked = Scopes::parse(&asked).map_err(|_| UNKNOWN_SCOPE)?;
    if held.contains_all(asked) {
        Ok(asked)
    } else {
        Err(OTHER_SCOPE)
    }
}

/// Ends a token of the caller. What is no token of this platform, or has ended, needs no end: it is
/// answered alike (RFC 7009, section 2.2).
pub(super) async fn revoke(call: Call<'_>, caller: &Caller) -> Answer {
    let platform = call.platform;
    let app_id = caller.record.app_id;
    let token = match parameter(call.body, "token") {
        Ok(Some(token)) => token,
        Ok(None) => return call.record(caller, call.problem(&NO_TOKEN)),
        Err(_) => return call.record(caller, call.problem(&TWICE)),
    };
    let now = call.arrival.now;
    let revoked = match token::to_revoke(&token, &platform.rules) {
        None => return call.record(caller, done()),
        Some((owner, _)) if owner != app_id => {
            return call.record(caller, call.problem(&OTHERS_TOKEN));
        }
        Some((_, revoked)) if revoked.expires <= now.secs() => {
            return call.record(caller, done());
        }
        Some((_, revoked)) => revoked,
    };
    let row = platform
        .audit
        .prepare(&call.caller_entry(caller, StatusCode::OK));
    let audit = Arc::clone(&platform.audit);
    let recorder = move || audit.append_prepared(row);
    let change = KeyChange::RevokeToken(revoked, now);
    match platform
        .change_key(&caller.key, app_id, change, recorder)
        .await
    {
        Ok(()) => with_rate(done(), &caller.admitted),
        Err(Undone::Before(AuditDown)) => call.unrecorded(),
        Err(Undone::Store(error)) => {
            tracing::error!(%error, "the end of a token can't be stored");
            call.record(caller, call.problem(&Problem::Unavailable))
        }
    }
}

fn done() -> Answer {
    not_kept(Answer::json_bytes(
        StatusCode::OK,
        Bytes::from_static(b"{}"),
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use serde_json::{Value, json};

    use crate::testing::{Reply, Stage, borrowed, signed};

    const GRANT: &str = "grant_type=client_credentials";

    struct Client {
        stage: Stage,
        key: (String, String),
        authorization: String,
    }

    impl Client {
        async fn new(wanted: Value) -> Self {
            let stage = Stage::with(|config| {
                config.virtual_clock = true;
                config.capture_bodies = true;
            })
            .await;
            let key = stage.key(wanted).await;
            let authorization = basic(&key);
            Self {
                stage,
                key,
                authorization,
            }
        }

        async fn ask(&self, path: &str, form: &str) -> Reply {
            let headers = [("authorization", self.authorization.as_str())];
            self.stage
                .send("POST", path, &headers, form.as_bytes())
                .await
        }

        async fn token(&self, form: &str) -> String {
            let reply = self.ask("/oauth/token", form).await;
            assert_eq!(reply.status, 200, "{:?}", reply.body);
            reply.json()["access_token"].as_str().unwrap().to_owned()
        }

        async fn get(&self, path: &str, token: &str) -> Reply {
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", bearer.as_str())];
            self.stage.send("GET", path, &headers, b"").await
        }

        async fn why(&self, reply: &Reply) -> Value {
            let path = format!("/requests/{}/explain", reply.request_id());
            self.stage.manage("GET", &path, Value::Null).await.json()
        }
    }

    fn basic((id, secret): &(String, String)) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
    }

    #[tokio::test]
    async fn a_client_presents_its_secret_in_either_way_of_rfc_6749() {
        let it = Client::new(json!({ "scopes": ["payins:read"], "may_sign": true })).await;
        let by_header = it.ask("/oauth/token", GRANT).await;
        assert_eq!(by_header.status, 200, "{:?}", by_header.body);
        assert_eq!(by_header.header("cache-control"), "no-store");
        assert_eq!(by_header.header("pragma"), "no-cache");
        let answer = by_header.json();
        assert_eq!(
            (
                &answer["token_type"],
                &answer["expires_in"],
                &answer["scope"]
            ),
            (&json!("Bearer"), &json!(3_600), &json!("payins:read"))
        );
        let (id, secret) = &it.key;
        let form = format!("{GRANT}&client_id={id}&client_secret={secret}");
        let in_body = it.stage.send("POST", "/oauth/token", &[], form.as_bytes());
        assert_eq!(in_body.await.status, 200);
        // A signature is as good: there is no secret to send.
        let key = (id.as_str(), secret.as_str());
        let headers = signed(
            &it.stage,
            key,
            "POST",
            "/oauth/token",
            GRANT.as_bytes(),
            Duration::ZERO,
        );
        let (headers, form) = (borrowed(&headers), GRANT.as_bytes());
        let by_signature = it.stage.send("POST", "/oauth/token", &headers, form).await;
        assert_eq!(by_signature.status, 200);
        // These ways in are of these endpoints alone.
        let headers = [("authorization", it.authorization.as_str())];
        let elsewhere = it.stage.send("GET", "/std/v1/ping", &headers, b"").await;
        assert_eq!(elsewhere.status, 401);
    }

    #[tokio::test]
    async fn errors_are_those_of_rfc_6749() {
        let it = Client::new(json!({ "scopes": ["payins:read"] })).await;
        for (form, error) in [
            ("", "invalid_request"),
            ("grant_type=", "invalid_request"),
            ("grant_type=password", "unsupported_grant_type"),
            (
                "grant_type=client_credentials&grant_type=client_credentials",
                "invalid_request",
            ),
            (
                "grant_type=client_credentials&scope=everything",
                "invalid_scope",
            ),
            (
                "grant_type=client_credentials&scope=payins:read++payins:read",
                "invalid_scope",
            ),
            (
                "grant_type=client_credentials&scope=payins:write",
                "invalid_scope",
            ),
        ] {
            let reply = it.ask("/oauth/token", form).await;
            assert_eq!(
                (reply.status, &reply.json()["error"]),
                (400, &json!(error)),
                "{form}"
            );
            assert_eq!(reply.header("cache-control"), "no-store");
            assert!(reply.json()["error_description"].is_string());
        }
        let (id, secret) = &it.key;
        let wrong = basic(&(id.clone(), format!("{secret}x")));
        let unknown = format!("{GRANT}&client_id=nobody&client_secret=nothing");
        let both = format!("{GRANT}&client_id={id}&client_secret={secret}");
        let pair = [("app-id", id.as_str()), ("secret-key", secret.as_str())];
        for (headers, form, rule) in [
            (&[][..], GRANT, "identify"),
            (&[("authorization", wrong.as_str())], GRANT, "authenticate"),
            (&[], &unknown, "identify"),
            (
                &[("authorization", it.authorization.as_str())],
                &both,
                "identify",
            ),
            (&pair, &both, "identify"),
        ] {
            let reply = it
                .stage
                .send("POST", "/oauth/token", headers, form.as_bytes())
                .await;
            assert_eq!(
                (reply.status, reply.json()),
                (401, json!({ "error": "invalid_client" }))
            );
            assert_eq!(reply.header("www-authenticate"), "Basic realm=\"platform\"");
            assert_eq!(it.why(&reply).await["rule"], rule);
            // What a body of OAuth holds is not kept, though bodies are.
            let path = format!("/requests/{}", reply.request_id());
            let kept = it.stage.manage("GET", &path, Value::Null).await;
            assert_eq!(kept.json()["body_base64"], Value::Null);
            assert!(!String::from_utf8_lossy(&kept.body).contains("sr_sk_"));
        }
        let by_token = it.token(GRANT).await;
        let bearer = format!("Bearer {by_token}");
        let headers = [("authorization", bearer.as_str())];
        let again = it
            .stage
            .send("POST", "/oauth/token", &headers, GRANT.as_bytes())
            .await;
        assert_eq!(
            (again.status, again.json()),
            (403, json!({ "error": "unauthorized_client" }))
        );
        assert_eq!(it.why(&again).await["rule"], "permission");
    }

    #[tokio::test]
    async fn a_narrowed_token_does_no_more_than_was_asked_for() {
        let it = Client::new(json!({ "scopes": ["payins:read", "payins:write"] })).await;
        let form = format!("{GRANT}&scope=payins:write");
        let narrowed = it.token(&form).await;
        let refused = it.get("/std/v1/payins/detail?uuid=x", &narrowed).await;
        assert_eq!(refused.status, 403);
        let why = it.why(&refused).await;
        assert_eq!(why["rule"], "permission");
        let last = why["checks"].as_array().unwrap().last().unwrap();
        assert_eq!(
            last["observed"],
            "the token has payins:write; its key has payins:read, payins:write"
        );
        let whole = it.token(GRANT).await;
        let allowed = it.get("/std/v1/payins/detail?uuid=x", &whole).await;
        assert_eq!(allowed.status, 404);
        // What the key loses its tokens lose too.
        let path = format!("/keys/{}/scopes", it.key.0);
        let none = json!({ "scopes": ["payins:write"] });
        it.stage.manage("PUT", &path, none).await;
        let refused = it.get("/std/v1/payins/detail?uuid=x", &whole).await;
        assert_eq!(refused.status, 403);
    }

    #[tokio::test]
    async fn a_revoked_token_is_refused_and_others_go_on() {
        let it = Client::new(json!({})).await;
        let (first, second) = (it.token(GRANT).await, it.token(GRANT).await);
        let revoke = |token: &str| format!("token={token}&token_type_hint=access_token");
        let answer = it.ask("/oauth/revoke", &revoke(&first)).await;
        assert_eq!((answer.status, answer.json()), (200, json!({})));
        assert!(answer.headers.contains_key("ratelimit"));
        let refused = it.get("/std/v1/ping", &first).await;
        assert_eq!(refused.status, 401);
        let why = it.why(&refused).await;
        assert_eq!(why["rule"], "state");
        assert!(why["cause"].as_str().unwrap().contains("was revoked"));
        assert_eq!(it.get("/std/v1/ping", &second).await.status, 200);
        // Again, and what is no token, is answered alike (RFC 7009, section 2.2).
        for token in [first.as_str(), "nonsense", "a.b.c"] {
            assert_eq!(it.ask("/oauth/revoke", &revoke(token)).await.status, 200);
        }
        for form in ["", "token=", "token=a&token=b"] {
            let reply = it.ask("/oauth/revoke", form).await;
            assert_eq!(
                (reply.status, &reply.json()["error"]),
                (400, &json!("invalid_request"))
            );
        }
        let other = it.stage.key(json!({})).await;
        let headers = [("authorization", basic(&other))];
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let form = revoke(&second);
        let others = it
            .stage
            .send("POST", "/oauth/revoke", &headers, form.as_bytes())
            .await;
        assert_eq!(
            (others.status, &others.json()["error"]),
            (400, &json!("invalid_grant"))
        );
        assert_eq!(it.get("/std/v1/ping", &second).await.status, 200);
    }

    #[tokio::test]
    async fn a_revoked_token_stays_revoked_over_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let start = async || {
            let mut config = crate::Config::in_directory(home.path().join("state"));
            config.address.set_port(0);
            Stage::of(crate::Server::start(config).await.unwrap())
        };
        let stage = start().await;
        let key = stage.key(json!({})).await;
        let authorization = basic(&key);
        let headers = [("authorization", authorization.as_str())];
        let token = stage
            .send("POST", "/oauth/token", &headers, GRANT.as_bytes())
            .await;
        let token = token.json()["access_token"].as_str().unwrap().to_owned();
        let form = format!("token={token}");
        stage
            .send("POST", "/oauth/revoke", &headers, form.as_bytes())
            .await;
        stage.running.shutdown().await;
        let stage = start().await;
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        assert_eq!(
            stage
                .send("GET", "/std/v1/ping", &headers, b"")
                .await
                .status,
            401
        );
    }
}
