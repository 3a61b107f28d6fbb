//! The main job: a key that the platform issued goes into the vault, signs a request over real TLS,
//! and every answer is understood.

use std::time::Duration;

use strongroom_contract::explain::Rule;
use strongroom_testkit::{Home, Platform};

use crate::scene::{Scene, header, text};

const PAYIN: &str = r#"{"amount":"10.00","currency":"AUD"}"#;

#[test]
fn a_key_from_the_platform_signs_a_request_that_is_accepted() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let app_id = scene.issue("payments", &[]);

    let exchange = scene.ping("payments", 200);
    assert_eq!(exchange["tls"]["version"], "TLSv1.3");
    assert_eq!(exchange["tls"]["chain"].as_array().unwrap().len(), 1);
    assert!(exchange["timings"]["total_ms"].as_f64().unwrap() > 0.0);
    assert!(!exchange["steps"].as_array().unwrap().is_empty());
    let sent = exchange["sent"]["headers"].to_string();
    assert!(sent.contains(&app_id) && sent.contains("sr://"), "{sent}");

    let explained = home.run(&["explain", "--json", text(&exchange["request_id"])]);
    assert_eq!(explained.document()["decision"], "accepted");

    let rows = scene.manage(&["audit", "list"]);
    let row = rows["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["request_id"] == exchange["request_id"])
        .expect("every request has its row");
    assert_eq!(row["app_id"], app_id.as_str());
    assert_eq!(row["status"], 200);
    assert_eq!(scene.manage(&["audit", "verify"])["ok"], true);
}

#[test]
fn a_wrong_secret_and_an_unknown_id_are_answered_alike() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let app_id = scene.issue("payments", &[]);
    // Well formed, but issued by another platform.
    let elsewhere = Home::new();
    let _platform = Platform::start(&elsewhere, &[]);
    let create = ["platform", "key", "create", "--json", "--name", "strange"];
    let strange = elsewhere.run(&create).document();
    let secret = text(&strange["secret_key"]);
    let mut bodies = Vec::new();
    for (name, id) in [
        ("mistaken", app_id.as_str()),
        ("unknown", text(&strange["app_id"])),
    ] {
        let add = [
            "key",
            "add",
            name,
            "--id",
            id,
            "--host",
            "localhost",
            "--scheme",
            "header-pair",
            "--secret-stdin",
        ];
        let _ = home.run_with(secret, &add).exited(0);
        let exchange = scene.ping(name, 401);
        scene.expect_refusal(&exchange, Rule::Authenticate);
        bodies.push(text(&exchange["body"]).to_owned());
    }
    assert_eq!(bodies[0], bodies[1], "an id must not be told from a secret");
    let body: serde_json::Value = serde_json::from_str(&bodies[0]).unwrap();
    assert_eq!(body["errors"]["code"], "REQUIRE_LOGIN");
}

#[test]
fn an_address_that_is_not_allowed_is_refused_until_it_is() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let app_id = scene.issue("payments", &["--allow", "10.0.0.0/8"]);
    let exchange = scene.ping("payments", 403);
    let explanation = scene.expect_refusal(&exchange, Rule::Source);
    let said = explanation["checks"].to_string();
    assert!(said.contains("10.0.0.0/8"), "{said}");
    let _ = scene.manage(&["allow", &app_id, "10.0.0.0/8", "127.0.0.1", "::1"]);
    let _ = scene.ping("payments", 200);
}

#[test]
fn a_missing_scope_is_refused_until_it_is_given() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let app_id = scene.issue("payments", &[]);
    let payin = || scene.send("POST", "/api/v2/payins", "payments", &["--data", PAYIN]);
    let refused = payin();
    assert_eq!(refused["status"], 403);
    let explanation = scene.expect_refusal(&refused, Rule::Permission);
    assert!(explanation["fix"].to_string().contains("payins:write"));
    let _ = scene.manage(&["scope", &app_id, "payins:write"]);
    let accepted = payin();
    assert_ne!(accepted["status"], 403, "{accepted}");
    assert_ne!(accepted["status"], 401, "{accepted}");
}

#[test]
fn over_the_limit_the_answer_names_the_wait_and_keeps_its_word() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let _ = scene.issue("payments", &["--limit", "3"]);
    for _ in 0..3 {
        let _ = scene.ping("payments", 200);
    }
    let exchange = scene.ping("payments", 429);
    scene.expect_refusal(&exchange, Rule::Rate);
    assert!(header(&exchange, "ratelimit-policy").is_some());
    let wait: u64 = header(&exchange, "retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    scene.pass(Duration::from_secs(wait));
    let _ = scene.ping("payments", 200);
}

#[test]
fn a_signature_is_accepted_and_an_altered_body_is_not() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let _ = scene.issue("signer", &["--may-sign", "--scope", "payins:write"]);
    let scheme = ["--scheme", "rfc9421-hmac-sha256", "--data", PAYIN];
    let exchange = scene.send("POST", "/api/v2/payins", "signer", &scheme);
    assert_ne!(exchange["status"], 401, "{exchange}");
    let steps = exchange["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| text(&step["name"])).collect();
    for step in ["content_digest", "signature_base"] {
        assert!(names.contains(&step), "{names:?}");
    }
    // What was signed for one body is sent with another.
    let headers: Vec<String> = exchange["sent"]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pair| {
            let name = text(&pair[0]).to_ascii_lowercase();
            [
                "signature",
                "signature-input",
                "content-digest",
                "content-type",
            ]
            .contains(&name.as_str())
        })
        .map(|pair| format!("{}: {}", text(&pair[0]), text(&pair[1])))
        .collect();
    let url = scene.platform.url("/api/v2/payins");
    let altered = PAYIN.replace("10.00", "99.00");
    let mut command = vec!["send", "--json", "POST", &url, "--data", &altered];
    for header in &headers {
        command.extend(["--header", header]);
    }
    let refused = home.run(&command).document();
    assert_eq!(refused["status"], 401, "{refused}");
    scene.expect_refusal(&refused, Rule::Authenticate);
}

#[test]
fn a_revoked_key_is_refused_at_once() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let app_id = scene.issue("payments", &[]);
    let _ = scene.ping("payments", 200);
    let _ = scene.manage(&["key", "revoke", &app_id]);
    let exchange = scene.ping("payments", 401);
    scene.expect_refusal(&exchange, Rule::State);
}

#[test]
fn a_token_is_fetched_and_used_as_a_bearer() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let _ = scene.issue("payments", &[]);
    let path = "/api/v1/payment_gateways/access_token";
    let exchange = scene.send("GET", path, "payments", &[]);
    let body: serde_json::Value = serde_json::from_str(text(&exchange["body"])).unwrap();
    let add = [
        "key",
        "add",
        "token",
        "--host",
        "localhost",
        "--scheme",
        "bearer",
        "--secret-stdin",
    ];
    let _ = home.run_with(text(&body["access_token"]), &add).exited(0);
    let _ = scene.ping("token", 200);
    scene.pass(Duration::from_secs(3_601));
    let exchange = scene.ping("token", 401);
    scene.expect_refusal(&exchange, Rule::Freshness);
}

#[test]
fn a_locked_vault_signs_nothing_and_a_used_code_opens_nothing() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let _ = scene.issue("payments", &[]);
    let step = scene.vault.next_step();
    let code = scene.vault.code(step);
    let _ = home.run(&["lock", "--json"]).exited(0);
    let url = scene.platform.url("/api/v1/ping");
    let sent = home.run(&["send", "--json", "GET", &url, "--key", "payments"]);
    assert_eq!(sent.failure(3), "locked");
    let _ = scene.vault.unlock_at(step, &code, &[]).exited(0);
    let _ = home.run(&["lock", "--json"]).exited(0);
    let replayed = scene.vault.unlock_at(step, &code, &[]);
    assert_eq!(replayed.failure(3), "wrong_factors");
    // Locking the vault does not stop the platform.
    let unsigned = home.run(&["send", "--json", "GET", &url]).document();
    assert_eq!(unsigned["status"], 401);
}

#[test]
fn a_secret_goes_to_no_other_host() {
    let home = Home::new();
    let scene = Scene::open(&home);
    let _ = scene.issue("payments", &[]);
    for url in [
        "https://api.example.com/",
        "http://localhost:1/",
        "https://localhost.example.com/",
    ] {
        let sent = home.run(&["send", "--json", "GET", url, "--key", "payments"]);
        assert_eq!(sent.failure(5), "refused", "{url}");
    }
}
