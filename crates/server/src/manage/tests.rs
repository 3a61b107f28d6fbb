use std::time::Duration;

use serde_json::{Value, json};
use strongroom_contract::{error::FailureDocument, explain::Explanation, manage::AuditPage};

use super::*;
use crate::testing::{Reply, Stage, borrowed, signed};

/// A body with which the operation gets as far as it can.
fn body(operation: Operation) -> Value {
    match operation {
        Operation::KeyCreate => json!({ "name": "made" }),
        Operation::KeyRetire => json!({ "secret_id": 1 }),
        Operation::KeyNote => json!({ "note": "for the tests" }),
        Operation::KeyRename => json!({ "name": "renamed" }),
        Operation::KeyExpire => json!({ "expires": null }),
        Operation::KeyRegister => json!({ "public_key": null }),
        Operation::KeyLimit | Operation::ClientLimit => json!({ "per_minute": 5 }),
        Operation::KeyQuota => json!({ "per_day": 5 }),
        Operation::KeyDelay => json!({ "delay_ms": 5 }),
        Operation::RouteCost => json!({ "method": "GET", "path": "/api/v1/ping", "cost": 1 }),
        Operation::KeyAllowlist | Operation::AllowAllSet => json!({ "allow": [] }),
        Operation::KeyScopes => json!({ "scopes": [] }),
        Operation::ClockAdvance => json!({ "by_ms": 1 }),
        Operation::ExhibitExplain => json!({
            "method": "GET", "url": "https://localhost:8443/api/v1/ping", "headers": [],
        }),
        _ => Value::Null,
    }
}

async fn call(stage: &Stage, route: &Route, segment: &str, bearer: Option<&str>) -> Reply {
    let target = route.path.replace("{}", segment);
    let body = body(route.operation).to_string();
    let bearer = bearer.map(|key| format!("Bearer {key}"));
    let headers: Vec<_> = bearer
        .iter()
        .map(|value| ("authorization", value.as_str()))
        .collect();
    stage
        .send(route.method, &target, &headers, body.as_bytes())
        .await
}

/// No route escapes: each is asked by nobody, by a stranger, and in every role.
#[tokio::test]
async fn who_may_not_is_refused_on_every_route() {
    let stage = Stage::with(|config| config.virtual_clock = true).await;
    let stranger = ManagementKey::generate(strongroom_policy::credential::Environment::Test);
    let members = Role::ALL.map(|role| (role, stage.member(role)));
    let (app_id, secret) = stage.key(json!({})).await;
    for route in ROUTES {
        let what = format!("{} {}", route.method, route.path);
        let segment = if route.path.contains("/keys/") {
            app_id.clone()
        } else {
            call(&stage, route, "0", Some("bad"))
                .await
                .request_id()
                .to_owned()
        };
        let wrong = [
            None,
            Some("garbage"),
            Some(stranger.expose_secret()),
            Some(&secret),
        ];
        for bearer in wrong {
            let reply = call(&stage, route, &segment, bearer).await;
            assert_eq!(reply.status, 401, "{what}");
            let document: FailureDocument = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!(document.error.code, ErrorCode::Refused, "{what}");
        }
        for (role, key) in &members {
            let reply = call(&stage, route, &segment, Some(key)).await;
            if roles::may(*role, route.operation) {
                assert!(reply.status != 401 && reply.status != 403, "{role}: {what}");
            } else {
                assert_eq!(reply.status, 403, "{role}: {what}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_learns_what_is_there_and_members_learn_what_is_not() {
    let stage = Stage::new().await;
    let nobody = stage.send("GET", "/manage/v1/nothing", &[], b"").await;
    assert_eq!(nobody.status, 401);
    let nothing = stage.manage("GET", "/nothing", Value::Null).await;
    assert_eq!(nothing.status, 404);
    let method = stage.manage("DELETE", "/keys", Value::Null).await;
    assert_eq!(method.status, 405);
    assert_eq!(method.header("allow"), "POST, GET");
}

#[tokio::test]
async fn every_act_is_in_the_audit_log() {
    let stage = Stage::new().await;
    let (app_id, _) = stage.key(json!({})).await;
    stage
        .manage(
            "PUT",
            &format!("/keys/{app_id}/limit"),
            json!({ "per_minute": 7 }),
        )
        .await;
    stage
        .manage("POST", &format!("/keys/{app_id}/revoke"), Value::Null)
        .await;
    stage.send("GET", "/manage/v1/keys", &[], b"").await;
    let reply = stage.manage("GET", "/audit?limit=10", Value::Null).await;
    let page: AuditPage = serde_json::from_slice(&reply.body).unwrap();
    let rows: Vec<_> = page
        .rows
        .iter()
        .map(|row| {
            (
                row.act.as_str(),
                row.status,
                row.app_id.as_deref(),
                row.rule,
            )
        })
        .collect();
    let about = Some(app_id.as_str());
    assert_eq!(
        rows,
        [
            ("key.list", 401, None, Some(Rule::Authenticate)),
            ("key.revoke", 200, about, None),
            ("key.limit", 200, about, None),
            ("key.create", 201, about, None),
        ]
    );
    assert!(
        page.rows
            .iter()
            .all(|row| row.source.as_deref() == Some("127.0.0.1"))
    );
}

#[tokio::test]
async fn what_does_not_make_sense_is_told_and_changes_nothing() {
    let stage = Stage::new().await;
    let (app_id, _) = stage.key(json!({})).await;
    let of_key = |what: &str| format!("/keys/{app_id}/{what}");
    for (path, method, body, status, word) in [
        (
            "/keys".to_owned(),
            "POST",
            json!({ "name": " " }),
            422,
            "name",
        ),
        (
            "/keys".to_owned(),
            "POST",
            json!({ "name": "a", "scopes": ["payin:read"] }),
            422,
            "payins:read",
        ),
        (
            "/keys".to_owned(),
            "POST",
            json!({ "name": "a", "allow": ["10.0.0.1/8"] }),
            422,
            "10.0.0.0/8",
        ),
        (
            "/keys".to_owned(),
            "POST",
            json!({ "name": "a", "limit_per_minute": 0 }),
            422,
            "limit",
        ),
        (
            "/keys".to_owned(),
            "POST",
            json!({ "name": "a", "expires": "2001-01-01T00:00:00Z" }),
            422,
            "expired",
        ),
        (
            "/keys".to_owned(),
            "POST",
            json!({ "nam": "a" }),
            400,
            "nam",
        ),
        (
            of_key("limit"),
            "PUT",
            json!({ "per_minute": 0 }),
            422,
            "limit",
        ),
        (
            of_key("quota"),
            "PUT",
            json!({ "per_day": 0 }),
            422,
            "quota",
        ),
        (
            of_key("delay"),
            "PUT",
            json!({ "delay_ms": 0 }),
            422,
            "delay",
        ),
        (
            of_key("delay"),
            "PUT",
            json!({ "delay_ms": 5_001 }),
            422,
            "5 s",
        ),
        (of_key("scopes"), "PUT", json!("x"), 400, "key.scopes"),
        (
            "/keys/sr_app_test_x/revoke".to_owned(),
            "POST",
            Value::Null,
            404,
            "app-id",
        ),
        (
            "/requests/zzz/explain".to_owned(),
            "GET",
            Value::Null,
            404,
            "32 hex digits",
        ),
        (
            "/requests/00000000000070008000000000000000/explain".to_owned(),
            "GET",
            Value::Null,
            404,
            "no request",
        ),
        (
            "/clock/advance".to_owned(),
            "POST",
            json!({ "by_ms": 1 }),
            409,
            "real",
        ),
        (
            "/audit?limit=0".to_owned(),
            "GET",
            Value::Null,
            422,
            "limit",
        ),
        (
            "/audit?before=x".to_owned(),
            "GET",
            Value::Null,
            422,
            "before",
        ),
    ] {
        let reply = stage.manage(method, &path, body).await;
        assert_eq!(reply.status, status, "{path}");
        let document: FailureDocument = serde_json::from_slice(&reply.body).unwrap();
        assert!(
            document.error.message.contains(word),
            "{path}: {}",
            document.error
        );
    }
    let keys = stage.manage("GET", "/keys", Value::Null).await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    assert_eq!(keys["keys"][0]["limit_per_minute"], 60);
}

#[tokio::test]
async fn a_full_disk_accepts_nothing_in_silence_and_loses_nothing() {
    let stage = Stage::new().await;
    let (app_id, secret) = stage.key(json!({ "scopes": ["payins:write"] })).await;
    let pair = [("app-id", app_id.as_str()), ("secret-key", secret.as_str())];
    let good = stage.running.platform.audit.fill_disk();

    let ping = stage.send("GET", "/api/v1/ping", &pair, b"").await;
    assert_eq!(ping.status, 503);
    let payin = json!({
        "currency": "AUD", "gst": false, "amount": 1, "name": "A", "email": "a@example.com",
        "payin_method_name": "au_payid_npp_aud",
    });
    let payin = payin.to_string();
    let create = stage
        .send("POST", "/api/v2/payins", &pair, payin.as_bytes())
        .await;
    assert_eq!(create.status, 503);
    let refused = stage.send("GET", "/api/v1/ping", &[], b"").await;
    assert_eq!(refused.status, 503);
    let revoke = format!("/keys/{app_id}/revoke");
    assert_eq!(stage.manage("POST", &revoke, Value::Null).await.status, 503);
    assert_eq!(
        stage
            .manage("POST", "/keys", json!({ "name": "b" }))
            .await
            .status,
        503
    );

    stage.running.platform.audit.free_disk(good);
    let ping_again = stage.send("GET", "/api/v1/ping", &pair, b"").await;
    assert_eq!(ping_again.status, 200, "not revoked: that was taken back");
    let keys = stage.manage("GET", "/keys", Value::Null).await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    let explain = format!("/requests/{}/explain", ping.request_id());
    let why: Explanation =
        serde_json::from_slice(&stage.manage("GET", &explain, Value::Null).await.body).unwrap();
    assert_eq!(why.rule, Some(Rule::Audit));
    let verified = stage
        .manage("POST", "/audit/verify", Value::Null)
        .await
        .json();
    assert_eq!(verified["ok"], true, "{verified}");
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    for route in ROUTES {
        assert!(!route.operation.roles().is_empty(), "{}", route.path);
        assert!(
            roles::may(Role::Owner, route.operation),
            "the owner may do everything: {}",
            route.path
        );
    }
    for operation in Operation::ALL {
        assert!(
            ROUTES.iter().any(|route| route.operation == *operation),
            "{} has no route",
            operation.act()
        );
    }
}

#[test]
fn a_segment_is_one_segment() {
    let fits = |path: &'static str| {
        let route = &ROUTES[3];
        route.matches(path)
    };
    assert_eq!(fits("/manage/v1/keys/abc/revoke"), Some("abc"));
    assert_eq!(fits("/manage/v1/keys//revoke"), None);
    assert_eq!(fits("/manage/v1/keys/a/b/revoke"), None);
    assert_eq!(fits("/manage/v1/keys/revoke"), None);
}

/// A signed payin as it would be pasted.
fn pasted(headers: &[(String, String)], url: &str, body: &[u8]) -> Value {
    use base64::Engine as _;
    json!({
        "method": "POST", "url": url, "headers": headers,
        "body_base64": base64::prelude::BASE64_STANDARD.encode(body),
        "peer": "127.0.0.1",
    })
}

fn ids(diagnosis: &Value) -> Vec<&str> {
    let changes = diagnosis["changes"].as_array().unwrap().iter();
    changes.map(|it| it["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_pasted_request_is_judged_by_the_platforms_own_record_and_changes_nothing() {
    let stage = Stage::new().await;
    let (app_id, secret) = stage
        .key(json!({ "may_sign": true, "scopes": ["payins:write"], "limit_per_minute": 1 }))
        .await;
    let key = (app_id.as_str(), secret.as_str());
    let path = "/api/v2/payins";
    let url = "https://localhost/api/v2/payins";
    let body = b"{\"amount\":1}";
    let headers = signed(&stage, key, "POST", path, body, Duration::ZERO);
    for _ in 0..3 {
        let sound = stage
            .manage("POST", "/explain", pasted(&headers, url, body))
            .await;
        assert_eq!(sound.json()["decision"], "accepted", "{:?}", sound.json());
    }
    let broken = pasted(&headers, url, b"{\"amount\": 1}\n");
    let broken = stage.manage("POST", "/explain", broken).await.json();
    assert_eq!(broken["rule"], "authenticate");
    assert_eq!(
        ids(&broken),
        ["body-json-whitespace", "body-trailing-newline"]
    );
    assert!(!broken.to_string().contains(&secret));

    // Neither the nonce nor the one slot was used up by the looks.
    let sent = stage.send("POST", path, &borrowed(&headers), body).await;
    assert_eq!(sent.status, 422, "{:?}", sent.body);
    let again = stage
        .manage("POST", "/explain", pasted(&headers, url, body))
        .await;
    assert_eq!(again.json()["rule"], "replay");
    let nonsense = stage
        .manage("POST", "/explain", pasted(&headers, "nowhere", body))
        .await;
    assert_eq!(nonsense.status, 422);
}

#[tokio::test]
async fn a_kept_refusal_says_what_was_signed() {
    let stage = Stage::with(|config| config.capture_bodies = true).await;
    let (app_id, secret) = stage.key(json!({ "may_sign": true })).await;
    let key = (app_id.as_str(), secret.as_str());
    let headers = signed(
        &stage,
        key,
        "post",
        "/api/v2/payins",
        b"{\"a\":1}",
        Duration::ZERO,
    );
    let sent = stage
        .send(
            "POST",
            "/api/v2/payins",
            &borrowed(&headers),
            b"{\"a\":1}\n",
        )
        .await;
    assert_eq!(sent.status, 401);
    let path = format!("/requests/{}/explain", sent.request_id());
    let why = stage.manage("GET", &path, Value::Null).await.json();
    assert_eq!(why["rule"], "authenticate");
    assert_eq!(why["request_id"], sent.request_id());
    assert_eq!(ids(&why), ["method-case", "body-trailing-newline"]);
}

/// The runtime of this test has one thread, so another task runs only if the search leaves it.
#[tokio::test]
async fn a_search_keeps_no_other_request_waiting() {
    let stage = Stage::new().await;
    let (app_id, secret) = stage.key(json!({ "may_sign": true })).await;
    let body = vec![b'x'; 64 * 1024];
    let headers = signed(
        &stage,
        (&app_id, &secret),
        "POST",
        "/api/v2/payins",
        b"another",
        Duration::ZERO,
    );
    let request = pasted(&headers, "https://localhost/api/v2/payins", &body);
    let order = std::cell::RefCell::new(Vec::new());
    let search = async {
        let why = stage.manage("POST", "/explain", request).await;
        assert_eq!(why.json()["rule"], "authenticate");
        order.borrow_mut().push("search");
    };
    let other = async { order.borrow_mut().push("other") };
    tokio::join!(biased; search, other);
    assert_eq!(order.into_inner(), ["other", "search"]);
}
