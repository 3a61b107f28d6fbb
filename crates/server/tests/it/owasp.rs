//! The OWASP API Security Top 10 of 2023, a test for each item, over the wire.

mod surface;

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use strongroom_policy::{
    allowlist::Allowlist,
    source::{ForwardedHeader, Proxies},
};
use tokio::net::TcpListener;

use crate::stage::{Key, Reply, Stage};

const PING: &str = "/api/v1/ping";
const PAYINS: &str = "/api/v2/payins";
const PAYOUTS: &str = "/api/v2/payouts";
const GRANT: &str = "grant_type=client_credentials";

fn payin() -> Value {
    json!({
        "currency": "AUD", "gst": false, "amount": 10, "name": "A", "email": "a@example.com",
        "payin_method_name": "au_payid_npp_aud",
    })
}

fn with(mut value: Value, members: Value) -> Value {
    let members = members.as_object().unwrap().clone();
    value.as_object_mut().unwrap().extend(members);
    value
}

async fn post(stage: &Stage, path: &str, key: &Key, body: Value) -> Reply {
    stage
        .send("POST", path, &key.pair(), body.to_string())
        .await
}

/// The rule that refused a request, as its owner is told.
async fn rule(stage: &Stage, reply: &Reply) -> Value {
    let path = format!("/requests/{}/explain", reply.header("x-request-id"));
    stage.manage("GET", &path, Value::Null).await.json()["rule"].clone()
}

/// Another client's payin is, for all that its answers say, one that there is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api1_2023_broken_object_level_authorization() {
    let stage = Stage::new().await;
    let all = json!({ "scopes": ["payins:read", "payins:write"] });
    let ours = stage
        .key(with(all.clone(), json!({ "client": "ours" })))
        .await;
    let theirs = stage
        .key(with(all.clone(), json!({ "client": "theirs" })))
        .await;
    let idempotent = |key: &Key| {
        let mut headers = key
            .pair()
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .to_vec();
        headers.push(("idempotency-key".to_owned(), "the same".to_owned()));
        headers
    };
    let make = async |key: &Key| {
        let headers = idempotent(key);
        let headers = crate::stage::borrowed(&headers);
        let made = stage
            .send("POST", PAYINS, &headers, payin().to_string())
            .await;
        assert_eq!(made.status, 200);
        made.json()["uuid"].as_str().unwrap().to_owned()
    };
    let uuid = make(&ours).await;
    assert_ne!(
        make(&theirs).await,
        uuid,
        "another client's answer came again"
    );

    for path in ["/api/v2/payins/detail", "/std/v1/payins/detail"] {
        let show = async |key: &Key, uuid: &str| {
            let target = format!("{path}?uuid={uuid}");
            stage.send("GET", &target, &key.pair(), "").await
        };
        assert_eq!(show(&ours, &uuid).await.status, 200);
        let (hidden, absent) = (show(&theirs, &uuid).await, show(&theirs, "AAAAAAAA").await);
        assert_eq!((hidden.status, absent.status), (404, 404));
        let text = |reply: &Reply| {
            let id = reply.header("x-request-id").to_owned();
            String::from_utf8(reply.body.to_vec())
                .unwrap()
                .replace(&id, "")
        };
        assert_eq!(text(&hidden), text(&absent));
    }

    // Nor can it end another client's token.
    let token = stage
        .send("POST", "/oauth/token", &ours.pair(), GRANT)
        .await
        .json();
    let token = token["access_token"].as_str().unwrap();
    let form = format!("token={token}");
    let ended = stage
        .send("POST", "/oauth/revoke", &theirs.pair(), form)
        .await;
    assert_eq!(ended.json()["error"], "invalid_grant");
    let bearer = [("access-token", token)];
    assert_eq!(stage.send("GET", PING, &bearer, "").await.status, 200);
}

/// What does not prove who calls is refused, and whoever goes on trying is turned away unheard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api2_2023_broken_authentication() {
    const TRIES: u32 = 40;
    let stage = Stage::with(|config| config.limits.failures_per_source = TRIES).await;
    let key = stage.key(json!({})).await;
    let token = stage
        .send("POST", "/oauth/token", &key.pair(), GRANT)
        .await
        .json();
    let token = token["access_token"].as_str().unwrap().to_owned();
    let parts: Vec<_> = token.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let stripped = format!("{}.{}.", parts[0], parts[1]);
    let (app_id, secret) = (key.app_id.as_str(), key.secret.as_str());
    let short = &secret[..secret.len() - 1];
    let refused: [&[(&str, &str)]; 10] = [
        &[],
        &[("app-id", app_id)],
        &[("secret-key", secret)],
        &[("app-id", app_id), ("secret-key", "")],
        &[("app-id", app_id), ("secret-key", short)],
        &[("app-id", secret), ("secret-key", app_id)],
        &[
            ("app-id", app_id),
            ("secret-key", secret),
            ("access-token", &unsigned),
        ],
        &[("access-token", &unsigned)],
        &[("access-token", &stripped)],
        &[("access-token", secret)],
    ];
    for headers in refused {
        let answer = stage.send("GET", PING, headers, "").await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer realm=\"platform\""
        );
    }
    // A URL is kept in logs and histories: no credential counts there.
    for target in [
        format!("{PING}?access_token={token}"),
        format!("{PING}?app-id={app_id}&secret-key={secret}"),
    ] {
        assert_eq!(stage.send("GET", &target, &[], "").await.status, 401);
    }
    // A token begets no token, and ends with its key.
    let bearer = [("access-token", token.as_str())];
    let target = "/api/v1/payment_gateways/access_token";
    assert_eq!(stage.send("GET", target, &bearer, "").await.status, 403);
    assert_eq!(stage.send("GET", PING, &bearer, "").await.status, 200);
    let revoke = format!("/keys/{app_id}/revoke");
    assert_eq!(stage.manage("POST", &revoke, Value::Null).await.status, 200);
    assert_eq!(stage.send("GET", PING, &bearer, "").await.status, 401);

    let other = stage.key(json!({})).await;
    let mut tries = 0;
    while stage
        .send("GET", PING, &[("app-id", app_id)], "")
        .await
        .status
        == 401
    {
        tries += 1;
        assert!(tries <= TRIES, "tried without end");
    }
    let unheard = stage.send("GET", PING, &other.pair(), "").await;
    assert_eq!(unheard.status, 429, "also with what is right");
    assert!(unheard.header("retry-after").parse::<u64>().unwrap() <= 60);
}

/// Nobody sets what is not theirs to set, and no secret is shown again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api3_2023_broken_object_property_level_authorization() {
    let stage = Stage::new().await;
    let key = stage
        .key(json!({ "may_sign": true, "scopes": ["payins:read", "payins:write"] }))
        .await;
    let webhook = json!({ "endpoint_url": "https://localhost/", "authorization_header": "canary" });
    let body = with(
        payin(),
        json!({
            "uuid": "AAAAAAAA", "status": "received", "paid_amount": 10, "is_refundable": true,
            "total": 0, "gst_amount": -10, "client": "another", "expired_at": "2099-01-01T00:00:00Z",
            "webhook_notification": webhook,
        }),
    );
    let made = post(&stage, PAYINS, &key, body).await.json();
    let uuid = made["uuid"].as_str().unwrap();
    let shown = format!("/api/v2/payins/detail?uuid={uuid}");
    let shown = stage.send("GET", &shown, &key.pair(), "").await;
    assert_eq!(shown.json(), made);
    assert_ne!(uuid, "AAAAAAAA");
    for (field, expected) in [
        ("status", json!("pending")),
        ("paid_amount", json!(0)),
        ("is_refundable", json!(false)),
        ("total", json!(10)),
        ("gst_amount", json!(0)),
    ] {
        assert_eq!(made[field], expected, "{field}");
    }
    assert!(made.get("client").is_none());
    assert!(!made["expired_at"].as_str().unwrap().starts_with("2099"));
    assert!(!shown.body.windows(6).any(|six| six == b"canary"));

    // Management takes the fields that it has, and no others.
    for extra in [
        json!({ "role": "owner" }),
        json!({ "app_id": "sr_app_test_mine" }),
        json!({ "secret_key": "mine" }),
        json!({ "revoked": false }),
    ] {
        let body = with(json!({ "name": "more" }), extra);
        let answer = stage.manage("POST", "/keys", body).await;
        assert_eq!(answer.status, 400, "{:?}", answer.body);
    }
    // A secret is in the answer that makes it and in no other.
    let one = format!("/keys/{}", key.app_id);
    for path in ["/keys", &one, "/audit", "/clients", "/allowlist", "/clock"] {
        let answer = stage.manage("GET", path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}");
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        for hidden in [key.secret.as_str(), "secret_key", "sealed", "\"tag\""] {
            assert!(!text.contains(hidden), "{path} shows {hidden}");
        }
    }
}

/// What one caller can take is bounded: in requests, bytes, rows and parts of a body.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api4_2023_unrestricted_resource_consumption() {
    let stage = Stage::new().await;
    let scopes = json!({ "scopes": ["payins:write", "payouts:write"] });
    let key = stage.key(scopes.clone()).await;
    let transaction = json!({
        "first_name": "A", "last_name": "B", "email": "a@example.com", "amount": 1,
        "payout_method_params": {},
    });
    let payout = |number: usize| {
        json!({
            "currency": "AUD", "payout_method_name": "au_npp_aud", "description": "wages",
            "webhook_notification": { "endpoint_url": "https://localhost/", "authorization_header": "a" },
            "payout_transaction_details": vec![transaction.clone(); number],
        })
    };
    assert_eq!(post(&stage, PAYOUTS, &key, payout(1_000)).await.status, 200);
    assert_eq!(post(&stage, PAYOUTS, &key, payout(1_001)).await.status, 422);
    let long = with(payin(), json!({ "name": "a".repeat(1_001) }));
    assert_eq!(post(&stage, PAYINS, &key, long).await.status, 422);
    let huge = with(payin(), json!({ "name": "a".repeat(1024 * 1024) }));
    assert_eq!(post(&stage, PAYINS, &key, huge).await.status, 413);
    for path in [
        "/audit?limit=1001",
        "/audit/rows?from_row=0&limit=1001",
        "/audit/rows?from_row=0&wait_ms=30001",
    ] {
        assert_eq!(
            stage.manage("GET", path, Value::Null).await.status,
            422,
            "{path}"
        );
    }

    let limited = stage.key(json!({ "limit_per_minute": 3 })).await;
    for left in ["2", "1", "0"] {
        let answer = stage.send("GET", PING, &limited.pair(), "").await;
        assert_eq!(answer.status, 200);
        let expected = format!("\"minute\";r={left};t=");
        assert!(answer.header("ratelimit").starts_with(&expected));
    }
    let over = stage.send("GET", PING, &limited.pair(), "").await;
    assert_eq!(over.status, 429);
    assert!((1..=60).contains(&over.header("retry-after").parse::<u64>().unwrap()));
    assert_eq!(over.header("ratelimit-policy"), "\"minute\";q=3;w=60");
    // What has no route takes a slot too, and another client's is not touched.
    assert_eq!(
        stage
            .send("GET", "/nowhere", &limited.pair(), "")
            .await
            .status,
        429
    );
    assert_eq!(stage.send("GET", PING, &key.pair(), "").await.status, 200);
}

/// Money moves as often as it was asked to: a repeated request moves it once, a loop is slowed down by
/// the limit, and paying in is no leave to pay out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api6_2023_unrestricted_access_to_sensitive_business_flows() {
    let stage = Stage::new().await;
    let key = stage
        .key(json!({ "limit_per_minute": 8, "scopes": ["payins:write"] }))
        .await;
    let headers = [&key.pair()[..], &[("idempotency-key", "order-1")]].concat();
    let mut made = BTreeSet::new();
    for _ in 0..3 {
        let answer = stage
            .send("POST", PAYINS, &headers, payin().to_string())
            .await;
        made.insert(answer.json()["uuid"].as_str().unwrap().to_owned());
    }
    assert_eq!(made.len(), 1);
    let other = with(payin(), json!({ "amount": 1_000 }));
    let reused = stage
        .send("POST", PAYINS, &headers, other.to_string())
        .await;
    assert_eq!(reused.status, 422, "another request under the same key");
    for _ in 0..10 {
        let answer = post(&stage, PAYINS, &key, payin()).await;
        if answer.status == 200 {
            made.insert(answer.json()["uuid"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(answer.status, 429);
        }
    }
    assert_eq!(made.len(), 5, "8 requests, of which 4 were under one key");

    let payer = stage.key(json!({ "scopes": ["payins:write"] })).await;
    let refused = post(&stage, PAYOUTS, &payer, json!({})).await;
    assert_eq!(refused.status, 403);
    for amount in [
        json!(0),
        json!(-5),
        json!("5"),
        json!(1e300),
        json!(0.001),
        json!(1e-9),
        json!(5e-324),
        json!(null),
    ] {
        let answer = post(
            &stage,
            PAYINS,
            &payer,
            with(payin(), json!({ "amount": amount })),
        )
        .await;
        assert_eq!(answer.status, 422, "{amount}");
    }
}

/// The platform fetches nothing that a caller names: not an endpoint for news, not a key's URL in a
/// token, not a target of another host.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api7_2023_server_side_request_forgery() {
    let stage = Stage::new().await;
    let key = stage.key(json!({ "scopes": ["payins:write"] })).await;
    let lure = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lure_url = format!("http://{}/", lure.local_addr().unwrap());
    let notify = |url: &str| {
        let webhook = json!({ "endpoint_url": url, "authorization_header": "a" });
        with(payin(), json!({ "webhook_notification": webhook }))
    };
    assert_eq!(
        post(&stage, PAYINS, &key, notify(&lure_url)).await.status,
        200
    );
    for url in [
        "file:///etc/passwd",
        "gopher://localhost/",
        "ftp://localhost/",
        "//localhost/",
        "javascript:alert(1)",
        "http://",
        "https://[::1",
    ] {
        let answer = post(&stage, PAYINS, &key, notify(url)).await;
        assert_eq!(answer.status, 422, "{url}");
    }
    let header = json!({ "alg": "RS256", "jku": lure_url, "x5u": lure_url }).to_string();
    let base64 = |text: &str| {
        use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
        BASE64_URL_SAFE_NO_PAD.encode(text)
    };
    let token = format!(
        "{}.{}.{}",
        base64(&header),
        base64("{}"),
        base64("signature")
    );
    let answer = stage
        .send("GET", PING, &[("access-token", &token)], "")
        .await;
    assert_eq!(answer.status, 401);
    let absolute = format!("{lure_url}api/v1/ping");
    let _own = stage.send("GET", &absolute, &key.pair(), "").await;
    // All of it was answered, and what is done behind an answer has been done with the last one.
    let nobody = tokio::time::timeout(Duration::ZERO, lure.accept()).await;
    assert!(nobody.is_err(), "the platform came to {lure_url}");
}

/// What others write is taken for what it is: whom a proxy speaks for counts from a proxy that was
/// named, and then from its own entry; numbers and texts are checked, whoever sends them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api10_2023_unsafe_consumption_of_apis() {
    let ask = async |stage: &Stage, key: &Key, forwarded: &[(&str, &str)]| {
        let headers = [&key.pair()[..], forwarded].concat();
        stage.send("GET", PING, &headers, "").await.status
    };
    let narrow = json!({ "allow": ["203.0.113.0/24"] });
    let stage = Stage::new().await;
    let key = stage.key(narrow.clone()).await;
    for header in [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "true-client-ip",
        "cf-connecting-ip",
    ] {
        let status = ask(&stage, &key, &[(header, "203.0.113.7")]).await;
        assert_eq!(status, 403, "{header} counts from nobody");
    }

    let networks = Allowlist::parse(&["127.0.0.1/32"]).unwrap();
    let proxies = Proxies::within(networks, ForwardedHeader::XForwardedFor);
    let stage = Stage::with(|config| config.proxies = proxies).await;
    let key = stage.key(narrow).await;
    for (forwarded, status) in [
        ("203.0.113.7", 200),
        ("198.51.100.1, 203.0.113.7", 200),
        ("203.0.113.7, 198.51.100.1", 403),
        ("203.0.113.7, nonsense", 403),
        ("203.0.113.7,", 403),
        ("", 403),
        ("203.0.113.7\u{e9}", 403),
    ] {
        let given = ask(&stage, &key, &[("x-forwarded-for", forwarded)]).await;
        assert_eq!(given, status, "{forwarded:?}");
    }
    let other = ask(&stage, &key, &[("forwarded", "for=203.0.113.7")]).await;
    assert_eq!(other, 403, "the header that the proxy may have passed on");

    let payer = stage.key(json!({ "scopes": ["payins:write"] })).await;
    for (field, value) in [
        ("name", json!("\u{1b}[2J")),
        ("name", json!("a\0b")),
        ("email", json!("a@example.com\r\nbcc: b@example.com")),
        ("currency", json!("aud")),
        ("payin_method_params", json!([])),
        ("description", json!({})),
    ] {
        let body = with(payin(), json!({ field: value }));
        let answer = post(&stage, PAYINS, &payer, body).await;
        assert_eq!(answer.status, 422, "{field}: {value}");
    }
}
