//! An enrolment that is given up, by going back or by closing the door, cannot be finished any more.

use serde_json::{Value, json};
use strongroom_desktop_tests::{App, Authenticator, CODE, Page, Which};
use strongroom_testkit::Home;

#[tokio::test]
async fn going_back_from_the_scan_gives_up_the_first_run() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    let _ = page.go(Which::Door).await;
    begin(page, "Create your vault").await;
    let first = app.scan().await;
    page.click("Back").await;
    page.see("Create your vault").await;
    assert_nothing_is_begun(page, "enrolment_finish", &first).await;

    begin(page, "Create your vault").await;
    let second = app.scan().await;
    page.fill(CODE, &second.code_of_now()).await;
    page.see("Keep the recovery code").await;
}

#[tokio::test]
async fn closing_the_door_gives_up_a_recovery() {
    let home = Home::new();
    let app = App::start(&home).await;
    let factors = app.first_run().await;
    let page = &app.page;
    let before = page.go(Which::Main).await;
    page.click("Lock").await;
    let _ = page.go_anew(Which::Main, &before).await;
    page.click("Unlock").await;
    let door = page.go(Which::Door).await;
    page.click("Use the recovery code").await;
    page.fill("Recovery code", &factors.recovery_code).await;
    begin(page, "You choose a new passphrase").await;
    let authenticator = app.scan().await;
    // The window goes, as by its frame: the driver's own way to close ends the page alone.
    let close = "void __TAURI_INTERNALS__.invoke('session_show_main')";
    let _ = page.run(close, vec![]).await;

    let _ = page.go(Which::Main).await;
    page.click("Unlock").await;
    let _ = page.go_anew(Which::Door, &door).await;
    assert_nothing_is_begun(page, "recovery_finish", &authenticator).await;
    app.type_factors(App::PASSPHRASE, &factors.next_code())
        .await;
    let _ = page.go(Which::Main).await;
    page.see("No keys yet").await;
}

/// Chooses a passphrase and goes on to the scan.
async fn begin(page: &Page, words: &str) {
    page.see(words).await;
    page.fill("Passphrase", App::PASSPHRASE).await;
    page.fill("The same again", App::PASSPHRASE).await;
    page.click("Continue").await;
}

/// Types a good code past the page, straight to the command.
async fn assert_nothing_is_begun(page: &Page, command: &str, authenticator: &Authenticator) {
    let script = "const [command, code, done] = arguments;
        __TAURI_INTERNALS__.invoke(command, { code }).then(() => done(null), done)";
    let code = authenticator.code_of_now();
    let failure: Value = page
        .run_async(script, vec![json!(command), json!(code)])
        .await;
    let message = failure["message"].as_str().unwrap_or_default();
    assert!(message.contains("nothing was begun"), "{failure}");
}
