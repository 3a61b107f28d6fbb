//! Who may call what, what answers say of themselves, and which routes there are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{GRANT, PAYINS, PING, rule};
use crate::stage::Stage;

/// Every operation of the document, as (method, path).
async fn operations(stage: &Stage) -> Vec<(String, String)> {
    let document = stage.send("GET", "/openapi.json", &[], "").await.json();
    let paths = document["paths"].as_object().unwrap().clone();
    let mut operations = Vec::new();
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            operations.push((method.to_ascii_uppercase(), path.clone()));
        }
    }
    assert!(operations.len() > 30);
    operations
}

/// Management is for management keys, the API for keys of clients, and a key does what its scopes say.
/// Who of those who manage may do what is `who_may_not_is_refused_on_every_route`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api5_2023_broken_function_level_authorization() {
    let stage = Stage::with(|config| config.limits.failures_per_source = u32::MAX).await;
    let key = stage.key(json!({ "limit_per_minute": 1_000 })).await;
    let token = stage
        .send("POST", "/oauth/token", &key.pair(), GRANT)
        .await
        .json();
    let token = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let secret = format!("Bearer {}", key.secret);
    let owner = stage.bearer();
    for (method, path) in operations(&stage).await {
        let path = path.replace("{id}", &key.app_id);
        if path == "/openapi.json" {
            continue;
        }
        let is_management = path.starts_with("/manage/");
        let mut wrong: Vec<Vec<(&str, &str)>> = vec![vec![], vec![("access-token", &owner)]];
        if is_management {
            wrong.push(key.pair().to_vec());
            wrong.push(vec![("authorization", &token)]);
            wrong.push(vec![("authorization", &secret)]);
        } else {
            wrong.push(vec![("authorization", &owner)]);
        }
        for headers in wrong {
            let answer = stage.send(&method, &path, &headers, "").await;
            assert_eq!(answer.status, 401, "{method} {path}");
        }
        if path.contains("payins") || path.contains("payouts") {
            let answer = stage.send(&method, &path, &key.pair(), "{}").await;
            assert_eq!(answer.status, 403, "{method} {path} without a scope");
            assert_eq!(rule(&stage, &answer).await, "permission");
        }
    }
    // Neither the method nor a header makes another operation of one.
    for header in [
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
    ] {
        let headers = [&key.pair()[..], &[(header, "/manage/v1/keys")]].concat();
        let answer = stage.send("GET", PING, &headers, "").await;
        assert_eq!(answer.json()["message"], "pong");
    }
    let mut changed = stage.manage("GET", "/keys", Value::Null).await.json();
    let keys = changed["keys"].as_array_mut().unwrap();
    assert_eq!(keys.len(), 1, "nothing was changed by any of it");
    assert_eq!(keys[0]["state"], "active");
}

/// No answer says what it is made with, shows why it refuses, lets another origin's page read it, or is
/// kept where a secret is in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api8_2023_security_misconfiguration() {
    let stage = Stage::new().await;
    let key = stage.key(json!({})).await;
    let foreign = ("origin", "https://elsewhere.example");
    let asks = ("access-control-request-method", "GET");
    let unscoped = key.pair();
    type Headers<'h> = Vec<(&'h str, &'h str)>;
    let attempts: [(&str, &str, Headers<'_>); 7] = [
        ("GET", PING, vec![foreign]),
        ("GET", PING, [&unscoped[..], &[foreign]].concat()),
        ("OPTIONS", PING, vec![foreign, asks]),
        ("OPTIONS", "/manage/v1/keys", vec![foreign, asks]),
        ("TRACE", PING, unscoped.to_vec()),
        ("GET", "/openapi.json", vec![foreign]),
        ("POST", PAYINS, unscoped.to_vec()),
    ];
    for (method, path, headers) in attempts {
        let answer = stage.send(method, path, &headers, "").await;
        for told in ["server", "x-powered-by", "via", "set-cookie"] {
            assert!(
                !answer.headers.contains_key(told),
                "{method} {path}: {told}"
            );
        }
        let cors = |name: &http::HeaderName| name.as_str().starts_with("access-control-");
        assert!(!answer.headers.keys().any(cors), "{method} {path}");
        assert!(
            answer.headers.contains_key("x-request-id"),
            "{method} {path}"
        );
    }
    // Why is for the owner alone: each of these is refused by another rule, and answered alike.
    let wrong = [("app-id", key.app_id.as_str()), ("secret-key", "wrong")];
    let (none, wrong) = (
        stage.send("GET", PING, &[], "").await,
        stage.send("GET", PING, &wrong, "").await,
    );
    assert_eq!((none.status, &none.body), (wrong.status, &wrong.body));
    assert_ne!(rule(&stage, &none).await, rule(&stage, &wrong).await);

    // What holds a secret, or what is told to those who manage, is kept by nobody on the way.
    let made = stage
        .manage("POST", "/keys", json!({ "name": "kept" }))
        .await;
    assert_eq!(made.header("cache-control"), "no-store");
    let listed = stage.manage("GET", "/audit", Value::Null).await;
    assert_eq!(listed.header("cache-control"), "no-store");
    let token = stage.send("POST", "/oauth/token", &key.pair(), GRANT).await;
    assert_eq!(token.header("cache-control"), "no-store");
    let target = "/api/v1/payment_gateways/access_token";
    let token = stage.send("GET", target, &key.pair(), "").await;
    assert_eq!(token.header("cache-control"), "no-store");
}

/// The document has every route, and nothing answers that is not in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api9_2023_improper_inventory_management() {
    let stage = Stage::with(|config| config.virtual_clock = true).await;
    let scopes = [
        "payins:read",
        "payins:write",
        "payouts:read",
        "payouts:write",
        "refunds:read",
        "refunds:write",
    ];
    let key = stage
        .key(json!({ "limit_per_minute": 10_000, "scopes": scopes }))
        .await;
    let owner = stage.bearer();
    let send = async |method: &str, path: &str| {
        let headers = match path.starts_with("/manage/") {
            true => vec![("authorization", owner.as_str())],
            false => key.pair().to_vec(),
        };
        stage.send(method, path, &headers, "").await
    };
    let operations = operations(&stage).await;
    let paths: BTreeSet<_> = operations.iter().map(|(_, path)| path.clone()).collect();
    for (method, path) in &operations {
        // What stands for a segment is nothing that there is, so that nothing is changed.
        let answer = send(method, &path.replace("{id}", "none")).await;
        assert_ne!(answer.status, 405, "{method} {path}");
        assert!(answer.status < 500, "{method} {path}");
        let missing = answer.status == 404 && !path.contains("{id}");
        assert!(!missing, "{method} {path} is not there");
    }
    for path in &paths {
        let known = |method: &str| operations.contains(&(method.to_owned(), path.clone()));
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO",
        ] {
            if !known(method) {
                let answer = send(method, &path.replace("{id}", "none")).await;
                assert_eq!(answer.status, 405, "{method} {path}");
                let allow = answer.header("allow").split(", ").map(str::to_owned);
                let there = operations.iter().filter(|(_, it)| it == path);
                let there: BTreeSet<_> = there.map(|(method, _)| method.clone()).collect();
                assert_eq!(allow.collect::<BTreeSet<_>>(), there, "{path}");
            }
        }
    }
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/ping/",
        "/api/v2/ping",
        "/api/v3/payins",
        "/std/v2/ping",
        "/oauth",
        "/oauth/authorize",
        "/oauth/introspect",
        "/manage/v1",
        "/manage/v2/keys",
        "/manage/v1/members",
        "/admin",
        "/debug",
        "/debug/pprof",
        "/metrics",
        "/health",
        "/status",
        "/actuator",
        "/swagger.json",
        "/openapi.yaml",
        "/openapi",
        "/docs",
        "/graphql",
        "/.env",
        "/.git/config",
        "/robots.txt",
        "/favicon.ico",
        "/.well-known/security.txt",
    ] {
        assert_eq!(send("GET", path).await.status, 404, "{path}");
    }
}
