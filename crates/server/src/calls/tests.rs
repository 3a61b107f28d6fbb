use std::time::Duration;

use serde_json::{Value, json};
use strongroom_contract::{
    explain::{Decision, Explanation, Outcome, Remedy},
    manage::{AuditPage, CapturedRequest},
};

use super::*;
use crate::testing::{Reply, Stage, borrowed, signed, signed_at};

const PING: &str = "/api/v1/ping";
const NOW: Duration = Duration::ZERO;

fn payin() -> Value {
    json!({
        "currency": "AUD", "gst": true, "amount": 500, "name": "Hello Clever",
        "email": "test@example.com", "payin_method_name": "au_payid_npp_aud",
    })
}

fn pair(key: &(String, String)) -> [(&str, &str); 2] {
    [("app-id", key.0.as_str()), ("secret-key", key.1.as_str())]
}

async fn explained(stage: &Stage, reply: &Reply) -> Explanation {
    let path = format!("/requests/{}/explain", reply.request_id());
    let answer = stage.manage("GET", &path, Value::Null).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    serde_json::from_slice(&answer.body).unwrap()
}

/// Checks that a refusal says nothing on the wire and everything to its owner.
async fn refused(stage: &Stage, reply: &Reply, rule: Rule) {
    let (status, body) = match rule {
        Rule::Source | Rule::Permission => (
            403,
            json!({ "errors": { "code": "FORBIDDEN", "message": "Forbidden" } }),
        ),
        Rule::Rate => (
            429,
            json!({ "errors": { "code": "TOO_MANY_REQUESTS", "message": "Too Many Requests" } }),
        ),
        _ => (
            401,
            json!({ "errors": { "code": "REQUIRE_LOGIN", "message": "Not Authorised" } }),
        ),
    };
    assert_eq!((reply.status, reply.json()), (status, body), "{rule:?}");
    let why = explained(stage, reply).await;
    assert_eq!(
        (why.decision, why.rule),
        (Decision::Refused, Some(rule)),
        "{why:?}"
    );
    assert_eq!(why.request_id.as_deref(), Some(reply.request_id()));
    for check in &why.checks {
        match check.outcome {
            Outcome::Failed => assert_eq!(check.rule, rule),
            Outcome::Passed => assert!(check.rule < rule),
            Outcome::Skipped => {}
            Outcome::Unknown => panic!("{check:?}"),
        }
    }
    assert!(
        why.checks
            .iter()
            .any(|check| check.rule == rule && check.fix.is_some())
    );
    let path = format!("/requests/{}", reply.request_id());
    let kept = stage.manage("GET", &path, Value::Null).await;
    let kept: CapturedRequest = serde_json::from_slice(&kept.body).unwrap();
    assert_eq!(kept.status, status);
    assert!(
        !serde_json::to_string(&(why, kept))
            .unwrap()
            .contains("sr_sk_")
    );
}

#[tokio::test]
async fn every_way_in_is_a_200() {
    let stage = Stage::new().await;
    let key = stage.key(json!({ "may_sign": true })).await;
    let ping = stage.send("GET", PING, &pair(&key), b"").await;
    assert_eq!(
        (ping.status, ping.json()),
        (200, json!({ "message": "pong" }))
    );
    assert_eq!(ping.header("ratelimit-policy"), "\"minute\";q=60;w=60");
    assert_eq!(ping.header("ratelimit"), "\"minute\";r=59;t=60");
    assert_eq!(explained(&stage, &ping).await.decision, Decision::Accepted);

    let path = "/api/v1/payment_gateways/access_token";
    let token = stage.send("GET", path, &pair(&key), b"").await;
    assert_eq!(
        (token.status, &token.json()["expires_in"]),
        (200, &json!(3600))
    );
    assert_eq!(token.header("cache-control"), "no-store");
    let token = token.json()["access_token"].as_str().unwrap().to_owned();
    let plain = [("access-token", token.as_str())];
    assert_eq!(stage.send("GET", PING, &plain, b"").await.status, 200);
    let bearer = format!("Bearer {token}");
    let bearer = [("authorization", bearer.as_str())];
    assert_eq!(
        stage.send("GET", "/std/v1/ping", &bearer, b"").await.status,
        200
    );
    let begets = stage.send("GET", path, &plain, b"").await;
    refused(&stage, &begets, Rule::Permission).await;

    let headers = signed(&stage, (&key.0, &key.1), "GET", PING, b"", NOW);
    assert_eq!(
        stage
            .send("GET", PING, &borrowed(&headers), b"")
            .await
            .status,
        200
    );
    let mut both = headers.clone();
    both.push(("app-id".to_owned(), key.0.clone()));
    both.push(("secret-key".to_owned(), "sr_sk_test_wrong".to_owned()));
    let both = stage.send("GET", PING, &borrowed(&both), b"").await;
    refused(&stage, &both, Rule::Authenticate).await;
}

#[tokio::test]
async fn each_rule_refuses_opaquely_and_explains_to_the_owner() {
    let stage = Stage::with(|config| config.capture_bodies = true).await;
    let key = stage.key(json!({ "may_sign": true })).await;
    let sign = |ago| signed(&stage, (&key.0, &key.1), "GET", PING, b"", ago);

    refused(
        &stage,
        &stage.send("GET", PING, &[], b"").await,
        Rule::Identify,
    )
    .await;
    let other = stage.key(json!({})).await;
    let wrong = [("app-id", key.0.as_str()), ("secret-key", other.1.as_str())];
    let wrong = stage.send("GET", PING, &wrong, b"hello").await;
    refused(&stage, &wrong, Rule::Authenticate).await;
    let may_not = signed(&stage, (&other.0, &other.1), "GET", PING, b"", NOW);
    let may_not = stage.send("GET", PING, &borrowed(&may_not), b"").await;
    refused(&stage, &may_not, Rule::Authenticate).await;
    let stale = sign(Duration::from_secs(302));
    let stale = stage.send("GET", PING, &borrowed(&stale), b"").await;
    refused(&stage, &stale, Rule::Freshness).await;
    let once = sign(NOW);
    assert_eq!(
        stage.send("GET", PING, &borrowed(&once), b"").await.status,
        200
    );
    let twice = stage.send("GET", PING, &borrowed(&once), b"").await;
    refused(&stage, &twice, Rule::Replay).await;
    let far = stage.key(json!({ "allow": ["203.0.113.0/24"] })).await;
    let far = stage.send("GET", PING, &pair(&far), b"").await;
    refused(&stage, &far, Rule::Source).await;
    let body = payin().to_string();
    let scope = stage
        .send("POST", "/api/v2/payins", &pair(&other), body.as_bytes())
        .await;
    refused(&stage, &scope, Rule::Permission).await;
    let slow = stage.key(json!({ "limit_per_minute": 1 })).await;
    assert_eq!(stage.send("GET", PING, &pair(&slow), b"").await.status, 200);
    let over = stage.send("GET", PING, &pair(&slow), b"").await;
    refused(&stage, &over, Rule::Rate).await;
    assert_eq!(over.header("ratelimit-policy"), "\"minute\";q=1;w=60");
    assert_eq!(over.header("retry-after"), "60");
    assert_eq!(over.header("ratelimit"), "\"minute\";r=0;t=60");
    let revoke = format!("/keys/{}/revoke", key.0);
    assert_eq!(stage.manage("POST", &revoke, Value::Null).await.status, 200);
    refused(
        &stage,
        &stage.send("GET", PING, &pair(&key), b"").await,
        Rule::State,
    )
    .await;
}

#[tokio::test]
async fn an_altered_body_or_target_is_refused() {
    let stage = Stage::new().await;
    let key = stage
        .key(json!({ "may_sign": true, "scopes": ["payins:write"] }))
        .await;
    let body = payin().to_string();
    let path = "/api/v2/payins";
    let sign = || signed(&stage, (&key.0, &key.1), "POST", path, body.as_bytes(), NOW);
    let good = stage
        .send("POST", path, &borrowed(&sign()), body.as_bytes())
        .await;
    assert_eq!(good.status, 200, "{:?}", good.body);
    let altered = body.replace("500", "900");
    let altered = stage
        .send("POST", path, &borrowed(&sign()), altered.as_bytes())
        .await;
    refused(&stage, &altered, Rule::Authenticate).await;
    let moved = format!("{path}?a=1");
    let moved = stage
        .send("POST", &moved, &borrowed(&sign()), body.as_bytes())
        .await;
    refused(&stage, &moved, Rule::Authenticate).await;
}

#[tokio::test]
async fn an_unknown_id_is_answered_as_a_wrong_secret() {
    let stage = Stage::new().await;
    let (known, _) = stage.key(json!({})).await;
    let unknown = strongroom_policy::credential::AppId::generate(
        strongroom_policy::credential::Environment::Test,
    )
    .to_string();
    let mut answers = Vec::new();
    for app_id in [known.as_str(), unknown.as_str()] {
        for secret in ["wrong", "sr_sk_test_0123456789ABCDEFGHIJKLMNOPQRSTUVabcdef"] {
            let headers = [("app-id", app_id), ("secret-key", secret)];
            let mut reply = stage.send("GET", PING, &headers, b"").await;
            reply.headers.remove("x-request-id");
            reply.headers.remove("date");
            answers.push((reply.status, reply.headers, reply.body));
        }
    }
    for answer in &answers[1..] {
        assert_eq!(answer, &answers[0]);
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_to_those_who_hold_a_key() {
    let stage = Stage::new().await;
    let key = stage.key(json!({})).await;
    let nobody = stage.send("GET", "/api/v9/secret?id=7", &[], b"").await;
    refused(&stage, &nobody, Rule::Identify).await;
    let nothing = stage
        .send("GET", "/api/v9/secret?id=7", &pair(&key), b"")
        .await;
    let not_found = json!({ "errors": { "code": "NOT_FOUND", "message": "Not Found" } });
    assert_eq!((nothing.status, nothing.json()), (404, not_found));
    let method = stage.send("DELETE", PING, &pair(&key), b"").await;
    assert_eq!((method.status, method.header("allow")), (405, "GET"));
    let page = stage.manage("GET", "/audit?limit=3", Value::Null).await;
    assert!(
        !String::from_utf8_lossy(&page.body).contains("/api/v9"),
        "paths are no routes"
    );
}

#[tokio::test]
async fn the_virtual_clock_gives_a_200_after_the_wait_that_a_429_names() {
    let stage = Stage::with(|config| config.virtual_clock = true).await;
    let key = stage.key(json!({ "limit_per_minute": 2 })).await;
    for expected in [200, 200, 429] {
        assert_eq!(
            stage.send("GET", PING, &pair(&key), b"").await.status,
            expected
        );
    }
    let over = stage.send("GET", PING, &pair(&key), b"").await;
    let wait: u64 = over.header("retry-after").parse().unwrap();
    let advance = json!({ "by_ms": wait * 1_000 });
    let advanced = stage.manage("POST", "/clock/advance", advance).await;
    assert_eq!(advanced.status, 200);
    assert_eq!(advanced.json()["is_virtual"], true);
    let again = stage.send("GET", PING, &pair(&key), b"").await;
    assert_eq!(again.status, 200);
    let date = |reply: &Reply| httpdate::parse_http_date(reply.header("date")).unwrap();
    let gap = date(&again).duration_since(date(&over)).unwrap();
    assert!(gap >= Duration::from_secs(wait));
}

#[tokio::test]
async fn a_virtual_clock_can_follow_a_signature_from_the_future_and_a_real_one_cannot() {
    for is_virtual in [false, true] {
        let stage = Stage::with(|config| config.virtual_clock = is_virtual).await;
        let key = stage.key(json!({ "may_sign": true })).await;
        let in_two_hours = stage
            .running
            .platform
            .clock
            .now()
            .after(Duration::from_secs(7_200));
        let headers = signed_at((&key.0, &key.1), "GET", PING, b"", in_two_hours);
        let early = stage.send("GET", PING, &borrowed(&headers), b"").await;
        refused(&stage, &early, Rule::Freshness).await;
        let remedy = explained(&stage, &early).await.remedy;
        if is_virtual {
            let Some(Remedy::AdvanceClock { by_ms }) = remedy else {
                panic!("{remedy:?}");
            };
            let advance = json!({ "by_ms": by_ms });
            assert_eq!(
                stage.manage("POST", "/clock/advance", advance).await.status,
                200
            );
            let again = stage.send("GET", PING, &borrowed(&headers), b"").await;
            assert_eq!(again.status, 200);
        } else {
            assert_eq!(remedy, None);
        }
    }
}

#[tokio::test]
async fn payins_are_made_seen_by_their_client_alone_and_made_once() {
    let stage = Stage::new().await;
    let scopes = json!({ "scopes": ["payins:read", "payins:write", "payouts:write"] });
    let key = stage.key(scopes.clone()).await;
    let mut elsewhere = scopes;
    elsewhere["client"] = json!("another client");
    let stranger = stage.key(elsewhere).await;
    let body = payin().to_string();
    let mut headers = pair(&key).to_vec();
    headers.push(("idempotency-key", "\"order-1\""));
    let made = stage
        .send("POST", "/api/v2/payins", &headers, body.as_bytes())
        .await;
    assert_eq!(made.status, 200, "{:?}", made.body);
    let again = stage
        .send("POST", "/api/v2/payins", &headers, body.as_bytes())
        .await;
    assert_eq!(again.body, made.body);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = body.replace("500", "501");
    let other = stage
        .send("POST", "/api/v2/payins", &headers, other.as_bytes())
        .await;
    assert_eq!(other.status, 422);

    let uuid = made.json()["uuid"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/payins/detail?uuid={uuid}");
    let seen = stage.send("GET", &path, &pair(&key), b"").await;
    assert_eq!((seen.status, &seen.body), (200, &made.body));
    assert_eq!(
        stage.send("GET", &path, &pair(&stranger), b"").await.status,
        404
    );
    let missing = stage
        .send("GET", "/api/v2/payins/detail", &pair(&key), b"")
        .await;
    assert_eq!(
        missing.json(),
        json!({ "errors": { "uuid": "can't be blank" } })
    );

    for (bad, status) in [("{", 400), ("[]", 422), ("{\"amount\":-1}", 422)] {
        let reply = stage
            .send("POST", "/api/v2/payins", &pair(&key), bad.as_bytes())
            .await;
        assert_eq!(reply.status, status, "{bad}");
    }
    let page = stage.manage("GET", "/audit?limit=1", Value::Null).await;
    let page: AuditPage = serde_json::from_slice(&page.body).unwrap();
    assert_eq!((page.rows[0].status, page.rows[0].rule), (422, None));
}

#[tokio::test]
async fn the_standard_face_says_the_same_in_its_own_words() {
    let stage = Stage::new().await;
    let key = stage
        .key(json!({ "scopes": ["payins:read", "payins:write"] }))
        .await;
    let body = payin().to_string();
    let made = stage
        .send("POST", "/std/v1/payins", &pair(&key), body.as_bytes())
        .await;
    assert_eq!(made.status, 201);
    let place = made.header("location").to_owned();
    assert_eq!(
        stage.send("GET", &place, &pair(&key), b"").await.body,
        made.body
    );

    let refused = stage.send("GET", "/std/v1/ping", &[], b"").await;
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(
        refused.json(),
        json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401,
            "code": "require_login", "request_id": refused.request_id(),
        })
    );
    let invalid = stage
        .send("POST", "/std/v1/payins", &pair(&key), b"{}")
        .await;
    assert_eq!(invalid.status, 422);
    assert_eq!(invalid.json()["errors"][0]["field"], "currency");

    let form = b"grant_type=client_credentials";
    let token = stage.send("POST", "/oauth/token", &pair(&key), form).await;
    assert_eq!(
        (token.status, &token.json()["token_type"]),
        (200, &json!("Bearer"))
    );
    let wrong = stage
        .send("POST", "/oauth/token", &pair(&key), b"grant_type=password")
        .await;
    assert_eq!(
        (wrong.status, wrong.json()),
        (
            400,
            json!({
                "error": "unsupported_grant_type",
                "error_description": "Only client_credentials is supported.",
            })
        )
    );
}

#[tokio::test]
async fn a_request_without_a_host_is_malformed() {
    let stage = Stage::new().await;
    let key = stage.key(json!({})).await;
    let mut headers = pair(&key).to_vec();
    headers.push(("host", "elsewhere"));
    let two_hosts = stage.send("GET", PING, &headers, b"").await;
    assert_eq!(two_hosts.status, 400);
    assert_eq!(explained(&stage, &two_hosts).await.rule, Some(Rule::Flood));
    let target = stage
        .send("GET", "/api/v1/ping?a=%zz", &pair(&key), b"")
        .await;
    assert_eq!(target.status, 400);
}

#[tokio::test]
async fn a_flood_of_failures_from_one_source_is_turned_away_and_counted() {
    let stage = Stage::with(|config| config.limits.failures_per_source = 3).await;
    let key = stage.key(json!({})).await;
    for _ in 0..3 {
        assert_eq!(stage.send("GET", PING, &[], b"").await.status, 401);
    }
    let turned_away = stage.send("GET", PING, &pair(&key), b"").await;
    assert_eq!(turned_away.status, 429);
    assert!(turned_away.headers.contains_key("retry-after"));
    stage.send("GET", PING, &pair(&key), b"").await;
    crate::background::finish(&stage.running.platform).await;
    let page = stage.manage("GET", "/audit?limit=1", Value::Null).await;
    let page: AuditPage = serde_json::from_slice(&page.body).unwrap();
    let row = &page.rows[0];
    assert_eq!((row.rule, row.status), (Some(Rule::Flood), 429));
    assert_eq!(row.route, "* (turned away) (2 requests)");
}

#[tokio::test]
async fn what_is_kept_of_a_keys_refusals_in_a_second_is_bounded_and_each_has_its_row() {
    let stage = Stage::with(|config| config.limits.captured_a_second = 2).await;
    let rules = async |reply: &Reply| {
        let path = format!("/requests/{}", reply.request_id());
        let kept = stage.manage("GET", &path, Value::Null).await.status;
        (explained(&stage, reply).await.rule, kept)
    };
    let flood = stage.key(json!({ "limit_per_minute": 1 })).await;
    let other = stage.key(json!({ "allow": ["203.0.113.0/24"] })).await;
    assert_eq!(
        stage.send("GET", PING, &pair(&flood), b"").await.status,
        200
    );
    let mut refusals = Vec::new();
    for _ in 0..3 {
        refusals.push(stage.send("GET", PING, &pair(&flood), b"").await);
    }
    assert_eq!(rules(&refusals[1]).await, (Some(Rule::Rate), 200));
    // Its row says why, though no more is known of it.
    assert_eq!(rules(&refusals[2]).await, (Some(Rule::Rate), 404));
    let far = stage.send("GET", PING, &pair(&other), b"").await;
    assert_eq!(rules(&far).await, (Some(Rule::Source), 200), "another key");

    crate::background::finish(&stage.running.platform).await;
    let next = stage.send("GET", PING, &pair(&flood), b"").await;
    assert_eq!(
        rules(&next).await,
        (Some(Rule::Rate), 200),
        "a second later"
    );
    assert_eq!(rules(&refusals[1]).await, (Some(Rule::Rate), 200), "stored");
}

#[tokio::test]
async fn wrong_secrets_are_kept_whether_or_not_there_is_such_a_key() {
    let stage = Stage::with(|config| config.limits.captured_a_second = 0).await;
    let (app_id, secret) = stage.key(json!({})).await;
    let (unknown, _) = Stage::new().await.key(json!({})).await;
    let wrong = Stage::new().await.key(json!({})).await.1;
    assert_ne!(wrong, secret);
    for app_id in [app_id, unknown] {
        let reply = stage
            .send("GET", PING, &pair(&(app_id, wrong.clone())), b"")
            .await;
        refused(&stage, &reply, Rule::Authenticate).await;
    }
}
