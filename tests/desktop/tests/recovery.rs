//! A vault that is recovered in the window: the new recovery code stays until it is kept.

use strongroom_desktop_tests::{App, CODE, Which};
use strongroom_testkit::Home;

#[tokio::test]
async fn the_door_shows_the_new_recovery_code_until_it_is_kept() {
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
    page.fill("Passphrase", App::PASSPHRASE).await;
    page.fill("The same again", App::PASSPHRASE).await;
    page.click("Continue").await;
    let authenticator = app.scan().await;
    page.fill(CODE, &authenticator.code_of_now()).await;

    // The vault is open by now, which would close the door otherwise.
    let _ = page.go(Which::Main).await;
    page.see("No keys yet").await;
    assert_eq!(page.go(Which::Door).await, door);
    page.see("Keep the new recovery code").await;
    let code = page.text_of("[aria-label='Recovery code']").await;
    assert_ne!(code, factors.recovery_code);
    page.click("I keep it somewhere safe").await;
    page.click("Open the vault").await;
    let _ = page.go(Which::Main).await;
    page.see("No keys yet").await;
}
