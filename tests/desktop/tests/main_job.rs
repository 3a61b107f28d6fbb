//! From the first run to an understood refusal, and back through the lock.

use strongroom_desktop_tests::{App, Which};
use strongroom_testkit::Home;

#[tokio::test]
async fn first_run_to_a_signed_200_to_an_explained_401() {
    let home = Home::new();
    let app = App::start(&home).await;
    let factors = app.first_run().await;
    let page = &app.page;

    page.see("No keys yet").await;
    page.click("Platform").await;
    page.click("Start the local platform").await;
    page.see("running").await;
    page.click("Issue a key").await;
    page.fill("Name", "payments-dev").await;
    page.click("Issue key").await;
    page.see("held as payments-dev").await;

    page.click("Vault").await;
    page.click("Send a request").await;
    page.click("Send").await;
    page.see("Accepted").await;

    page.click("Platform").await;
    page.click("Revoke…").await;
    page.click("Revoke").await;
    page.see("payments-dev is revoked").await;

    page.click("Requests").await;
    page.click("Send").await;
    page.see("Refused").await;
    page.click("Why?").await;
    page.see("Expected").await;
    page.click("Activity").await;
    page.click("Why?").await;
    page.see("Live audit").await;
    page.see("Expected").await;

    let before = page.go(Which::Main).await;
    page.click("Lock").await;
    let _ = page.go_anew(Which::Main, &before).await;
    page.click("Unlock").await;
    let _ = page.go(Which::Door).await;
    app.type_factors(App::PASSPHRASE, &factors.next_code())
        .await;
    let _ = page.go(Which::Main).await;
    page.see("payments-dev").await;
}
