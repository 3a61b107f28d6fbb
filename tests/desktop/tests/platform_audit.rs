//! The audit log in the real window: narrowed, read further back, exported with a proof, and an
//! export that is stopped.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops where it fails"
)]

use std::{fs, process::Command};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use strongroom_desktop_tests::{App, Page};
use strongroom_testkit::{Home, Platform};

/// How many rows of the log are shown.
async fn shown(page: &Page) -> u64 {
    let script = "return document.querySelectorAll('[aria-label=\"Live audit\"] tbody tr').length";
    let counted = page.run(script, vec![]).await;
    counted.and_then(|count| count.as_u64()).unwrap_or_default()
}

async fn until_shown(page: &Page, what: &str, fits: impl Fn(u64) -> bool) {
    page.until(what, async || fits(shown(page).await).then_some(()))
        .await;
}

/// Requests of nobody: each is refused by the rule `identify`.
fn knock(home: &Home, times: u32) {
    let text = fs::read(home.path().join("platform.json")).expect("a platform runs");
    let address: Value = serde_json::from_slice(&text).unwrap();
    let url = address["url"].as_str().unwrap();
    let knocked = Command::new("curl")
        .args(["--silent", "--output", "/dev/null"])
        .args(["--cacert", address["ca"].as_str().unwrap()])
        .arg(format!("{url}/api/v1/ping?[1-{times}]"))
        .status()
        .expect("curl runs (scripts/setup installs it)");
    assert!(knocked.success());
}

#[tokio::test]
async fn the_audit_log_is_narrowed_read_back_followed_and_exported() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    page.click("Platform").await;
    page.click("Start the local platform").await;
    page.click("Issue a key").await;
    page.fill("Name", "payments-dev").await;
    page.click("Issue key").await;
    page.see("held as payments-dev").await;
    // Rows that come while it is shown would stay beyond a page.
    page.click("Vault").await;
    knock(&home, 130);
    page.click("Platform").await;
    until_shown(page, "a page of rows", |rows| rows == 100).await;

    // The end of the list calls for what is further back; new rows do not move what is read.
    let to_end = "document.querySelector('main').scrollTo(0, 1e6)";
    let _ = page.run(to_end, vec![]).await;
    until_shown(page, "older rows", |rows| rows > 130).await;
    page.see("key.create").await;
    page.see("not following").await;
    let before = shown(page).await;
    knock(&home, 2);
    page.see("2 new rows").await;
    assert_eq!(shown(page).await, before);
    page.click("2 new rows").await;
    until_shown(page, "the new rows", |rows| rows == before + 2).await;
    page.miss("not following").await;

    // Narrowed by each of its fields.
    page.choose("Refused by", "permission").await;
    page.see("No such rows").await;
    page.click("Show all rows").await;
    page.click("Refused").await;
    until_shown(page, "what was refused", |rows| rows >= 100).await;
    page.miss("key.create").await;
    page.click("All").await;
    page.choose("Status", "2xx").await;
    page.miss("GET /api/v1/ping").await;
    page.click("Clear filters").await;
    page.fill("Route", "ping").await;
    page.press(strongroom_desktop_tests::Key::Enter).await;
    assert!(page.alert().await.contains("begins with"));
    page.fill("Route", "/manage/v1/").await;
    page.see("key.create").await;
    page.miss("GET /api/v1/ping").await;
    page.click("Clear filters").await;
    page.fill("From address", "198.51.100.1").await;
    page.see("No such rows").await;
    page.click("Clear filters").await;
    page.choose("Time", "Between…").await;
    page.fill("Before", "2020-01-31").await;
    page.see("No such rows").await;
    page.choose("Time", "Last hour").await;
    page.see("GET /api/v1/ping").await;

    // What is shown is what is exported.
    page.choose("Key", "payments-dev").await;
    until_shown(page, "what is about the key", |rows| rows == 1).await;
    page.click("Export…").await;
    page.see("key payments-dev, last hour").await;
    page.click("CSV").await;
    page.click("Choose where…").await;
    let file = home.beside("the key's rows.csv");
    app.choose_file(&file);
    page.see("The audit log is exported").await;
    page.see("1 row, and a proof").await;
    page.see("the key's rows.csv.proof.json").await;
    page.click("Done").await;
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("key.create"), "{text}");

    let path = file.to_str().unwrap();
    let verify = ["platform", "audit", "verify-export", path, "--json"];
    let verified = home.run(&verify).document();
    assert_eq!(
        (&verified["ok"], &verified["proof"]["rows"]),
        (&json!(true), &json!(1))
    );
    fs::write(&file, text.replace("key.create", "key.revoke")).unwrap();
    let verified = home.run(&verify).exited(1);
    assert!(
        verified.stdout.contains("was changed"),
        "{}",
        verified.stdout
    );
}

#[tokio::test]
async fn an_export_that_is_stopped_leaves_nothing_though_the_platform_does_not_answer() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    let platform = Platform::start(&home, &[]);
    page.click("Platform").await;
    // The window notices it by itself.
    page.see("Live audit").await;
    knock(&home, 3);
    page.see("GET /api/v1/ping").await;
    page.click("Export…").await;
    page.click("Choose where…").await;
    let process = i32::try_from(platform.address().pid).ok();
    let process = process.and_then(Pid::from_raw).expect("a process");
    kill_process(process, Signal::STOP).unwrap();
    let given_up = home.beside("given up.jsonl");
    app.choose_file(&given_up);
    page.click("Cancel").await;
    page.miss("Export the audit log").await;
    kill_process(process, Signal::CONT).unwrap();

    // It would be there by the time that another one is.
    page.click("Export…").await;
    page.click("Choose where…").await;
    let wanted = home.beside("wanted.jsonl");
    app.choose_file(&wanted);
    page.see("The audit log is exported").await;
    assert!(wanted.exists());
    let beside = fs::read_dir(given_up.parent().unwrap()).unwrap();
    let names: Vec<_> = beside
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("given up"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
}
