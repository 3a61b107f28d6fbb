//! An issued key from its page in the real window: whom it lets in, from where, how often, until when.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops where it fails"
)]

use std::process::Command;

use serde_json::Value;
use strongroom_desktop_tests::{App, Key, Page};
use strongroom_testkit::Home;

/// The key of RFC 8037, appendix A.2, as a file has it.
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    -----END PUBLIC KEY-----\n";
/// The same, its 32 bytes alone.
const POINT: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// Starts the local platform and stays at it.
async fn start_platform(page: &Page) {
    page.click("Platform").await;
    page.click("Start the local platform").await;
    page.see("Live audit").await;
}

/// Where the window's platform is.
fn address(home: &Home) -> Value {
    let text = std::fs::read(home.path().join("platform.json")).expect("a platform runs");
    serde_json::from_slice(&text).unwrap()
}

/// The key as the command line shows it.
fn key(home: &Home, name: &str) -> Value {
    let listed = home.run(&["platform", "key", "list", "--json"]).document();
    let keys = listed["keys"].as_array().unwrap();
    keys.iter().find(|key| key["name"] == name).unwrap().clone()
}

/// Changes what stands in place.
async fn change(page: &Page, what: &str, from: &str, to: &str) {
    page.click(&format!("Edit the {what}: {from}")).await;
    page.fill(&format!("New {what}"), to).await;
    page.press(Key::Enter).await;
}

#[tokio::test]
async fn a_key_is_held_to_its_lists_limits_and_dates_from_its_page() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    start_platform(page).await;

    page.click("Issue a key").await;
    page.fill("Name", "payments-dev").await;
    page.fill("Requests in any 60 s", "90").await;
    page.fill("Requests in a day (UTC)", "5000").await;
    page.fill("Ends", "2020-01-31").await;
    assert!(page.alert().await.contains("over"));
    page.fill("Ends", "30d").await;
    page.fill("Note", "For the nightly import").await;
    page.click("Issue key").await;
    page.see("held as payments-dev").await;
    page.see("5,000 a day").await;
    let issued = key(&home, "payments-dev");
    assert_eq!(issued["note"], "For the nightly import");
    assert_eq!(issued["limit_per_minute"], 90);
    assert_eq!(issued["daily_quota"], 5_000);
    assert!(issued["expires"].is_string());

    // The page of the key, from the vault, and the question before a list locks out who is here.
    page.click("Vault").await;
    page.click("Open on the platform").await;
    page.see("For the nightly import").await;
    page.see("in 30 days").await;
    change(
        page,
        "allowlist of payments-dev",
        "anywhere",
        "203.0.113.0/24",
    )
    .await;
    page.see("requests from there are refused").await;
    assert!(page.can_press("Lock it out").await);
    page.click("Keep the old list").await;
    page.miss("requests from there are refused").await;
    assert_eq!(
        key(&home, "payments-dev")["allow"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    change(
        page,
        "allowlist of payments-dev",
        "anywhere",
        "203.0.113.0/24",
    )
    .await;
    page.click("Save with it").await;
    page.see("allowlist saved").await;
    let allow = key(&home, "payments-dev")["allow"].clone();
    let allow: Vec<_> = allow
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    assert_eq!(allow.len(), 2, "{allow:?}");
    assert!(allow.contains(&"203.0.113.0/24"), "{allow:?}");

    // Would it pass? And the fix where it would not.
    page.fill("Would an address pass?", "203.0.113.7").await;
    page.click("Check").await;
    page.see("203.0.113.7 passes").await;
    page.fill("Would an address pass?", "203.0.113").await;
    page.click("Check").await;
    assert!(page.alert().await.contains("whole address"));
    page.fill("Would an address pass?", "198.51.100.9").await;
    page.click("Check").await;
    page.see("198.51.100.9 is refused").await;
    page.click("Allow 198.51.100.9").await;
    page.see("198.51.100.9 passes").await;

    // Limits.
    change(page, "daily quota of payments-dev", "5000", "250").await;
    page.see("payments-dev: 250 a day").await;
    change(
        page,
        "limit of the client of payments-dev",
        "no limit over all its keys",
        "120",
    )
    .await;
    page.see("The client of payments-dev: 120").await;
    change(page, "wait of payments-dev", "refused at once", "6").await;
    assert!(page.alert().await.contains("at most 5 s"));
    page.fill("New wait of payments-dev", "500 ms").await;
    page.press(Key::Enter).await;
    page.see("waits for up to 500 ms").await;
    let limited = key(&home, "payments-dev");
    assert_eq!(limited["daily_quota"], 250);
    assert_eq!(limited["client_limit_per_minute"], 120);
    assert_eq!(limited["delay_ms"], 500);

    // What is told of it, and its end.
    let note = "For the nightly import";
    change(
        page,
        "note of payments-dev",
        note,
        "Moved to the new importer",
    )
    .await;
    page.see("note saved").await;
    page.click("Local platform").await;
    page.see("250 a day +2").await;
    assert_eq!(
        key(&home, "payments-dev")["note"],
        "Moved to the new importer"
    );
    page.press(Key::Enter).await;
    page.see("Would an address pass?").await;

    // A public key, as a file has it: its lines run together in the field. Its private half is refused.
    page.paste("Ed25519 public key", &PUBLIC.replace("PUBLIC", "PRIVATE"))
        .await;
    page.click("Register").await;
    assert!(page.alert().await.contains("private key"));
    page.paste("Ed25519 public key", PUBLIC).await;
    page.click("Register").await;
    page.see("public key registered").await;
    let registered = key(&home, "payments-dev");
    assert_eq!(registered["public_key"]["ed25519"], POINT);
    page.click("End it").await;
    page.see("public key ended").await;
    assert!(key(&home, "payments-dev")["public_key"].is_null());
    page.click("Revoke…").await;
    page.click("Revoke").await;
    page.see("nothing of it can be changed").await;
    assert!(!page.can_press("Rotate…").await);
}

#[tokio::test]
async fn both_secrets_are_accepted_after_a_rotation_until_the_older_one_is_ended() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    start_platform(page).await;
    // Somebody else holds its secret: the vault learns of it by the rotation.
    let create = ["platform", "key", "create", "--json", "--name", "partner"];
    let created = home.run(&create).document();
    let headers = home.file(
        "headers",
        &format!(
            "app-id: {}\nsecret-key: {}\n",
            created["app_id"].as_str().unwrap(),
            created["secret_key"].as_str().unwrap()
        ),
    );
    assert_eq!(ping(&home, &headers), "200");

    page.click("partner").await;
    page.see("not held in the vault").await;
    page.click("Rotate…").await;
    page.see("Both are accepted until").await;
    page.click("Not at all").await;
    page.see("is refused from then on").await;
    page.click("7 days").await;
    page.click("Rotate").await;
    page.see("two are accepted").await;
    page.see("rotating, 7 days left").await;
    page.see("held as partner").await;
    let secrets = key(&home, "partner")["secrets"].clone();
    let live = secrets
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["is_live"] == true);
    assert_eq!(live.count(), 2);
    assert_eq!(ping(&home, &headers), "200", "the older secret goes on");
    let url = format!("{}/api/v1/ping", address(&home)["url"].as_str().unwrap());
    let send = ["send", "GET", &url, "--key", "partner", "--json"];
    let sent = home.run(&send).document();
    assert_eq!(sent["status"], 200, "and so does the new one");

    page.click("End now…").await;
    page.see("It was last used").await;
    page.click("End it").await;
    page.miss("two are accepted").await;
    assert_eq!(ping(&home, &headers), "401");
    assert_eq!(home.run(&send).document()["status"], 200);
}

/// The status of a ping with the headers of a file.
fn ping(home: &Home, headers: &str) -> String {
    let address = address(home);
    let answered = Command::new("curl")
        .args([
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ])
        .args(["--cacert", address["ca"].as_str().unwrap()])
        .args(["--header", &format!("@{headers}")])
        .arg(format!("{}/api/v1/ping", address["url"].as_str().unwrap()))
        .output()
        .expect("curl runs (scripts/setup installs it)");
    String::from_utf8(answered.stdout).unwrap()
}
