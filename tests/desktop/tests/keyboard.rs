//! The main job without a pointer: every stop can be reached, and the eye can tell where it is.

use strongroom_desktop_tests::{App, CODE, Key, Which};
use strongroom_testkit::Home;

#[tokio::test]
async fn the_main_job_by_keyboard_alone() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    page.see("Create your vault").await;
    page.tab_to("Passphrase").await;
    page.type_text(App::PASSPHRASE).await;
    page.tab_to("The same again").await;
    page.type_text(App::PASSPHRASE).await;
    page.press(Key::Enter).await;
    let authenticator = app.scan().await;
    page.tab_to(CODE).await;
    page.type_text(&authenticator.code_of_now()).await;
    page.see("Keep the recovery code").await;
    page.tab_to("I keep it somewhere safe").await;
    page.press(' ').await;
    page.tab_to("Open the vault").await;
    page.press(Key::Enter).await;
    let _ = page.go(Which::Main).await;

    page.see("No keys yet").await;
    page.chord(Key::Control, '3').await;
    page.see("The local platform is stopped").await;
    page.tab_to("Start the local platform").await;
    page.press(Key::Enter).await;
    page.see("Live audit").await;
    page.tab_to("Issue a key").await;
    page.press(Key::Enter).await;
    page.tab_to("Name").await;
    page.type_text("payments-dev").await;
    page.press(Key::Enter).await;
    page.see("held as payments-dev").await;

    page.chord(Key::Control, 'k').await;
    page.tab_to("Search keys and actions").await;
    page.type_text("payments-dev").await;
    page.press(Key::Enter).await;
    page.see("Credential").await;
    page.tab_to("Send a request").await;
    page.press(Key::Enter).await;
    page.tab_to("URL").await;
    page.press(Key::Enter).await;
    page.see("Accepted").await;

    page.chord(Key::Control, '3').await;
    page.tab_to("Revoke…").await;
    page.press(Key::Enter).await;
    page.see("This cannot be undone").await;
    page.tab_to("Revoke").await;
    page.press(Key::Enter).await;
    page.see("payments-dev is revoked").await;

    page.chord(Key::Control, '2').await;
    page.tab_to("URL").await;
    page.chord(Key::Control, char::from(Key::Enter)).await;
    page.see("Refused").await;
    page.tab_to("Why?").await;
    page.press(Key::Enter).await;
    page.see("Expected").await;

    let before = page.go(Which::Main).await;
    page.chord(Key::Control, 'l').await;
    let _ = page.go_anew(Which::Main, &before).await;
    page.see("The vault is locked").await;
    page.tab_to("Unlock").await;
    page.press(Key::Enter).await;
    let _ = page.go(Which::Door).await;
    page.see("Unlock Strongroom").await;
}
