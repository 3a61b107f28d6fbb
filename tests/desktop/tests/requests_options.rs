//! What a request is sent with beside what it says: each option, and what it changes, in the real window.

use strongroom_desktop_tests::{App, Key, Page, Which, peer};
use strongroom_testkit::Home;

/// Sends, and waits for words that only the new answer has.
async fn send(page: &Page, words: &str) {
    page.click("Send").await;
    page.see(words).await;
}

#[tokio::test]
async fn each_option_of_a_request_does_what_it_says() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    page.click("Look around first").await;
    let _ = page.go(Which::Main).await;
    page.see("Credential").await;
    let authority = peer::Authority::new("Acme Test CA");
    let far = "api.far-away.test";
    let port = authority.serve(&["localhost", far], false);
    let proxy = peer::proxy_to(port);
    page.click("Add key").await;
    page.click("Certificate").await;
    page.fill("Name", "acme-ca").await;
    page.paste("Certificate", authority.pem()).await;
    page.click("Add certificate").await;
    page.see("acme-ca is held in the vault").await;
    page.click("Requests").await;
    page.see("Against the local platform").await;

    // Trust, and then redirects: shown first, followed once that was asked for.
    page.fill("URL", &format!("https://localhost:{port}/old"))
        .await;
    page.click("Options").await;
    send(page, "This is what localhost showed").await;
    page.click("acme-ca").await;
    send(page, "shown, not followed").await;
    page.click("Follow redirects").await;
    send(page, "acc_1042").await;
    page.click("Redirects").await;
    page.see("2 redirects followed").await;

    // The time limit.
    page.fill("URL", &format!("https://localhost:{port}/never"))
        .await;
    page.fill("Give up after, in seconds", "0").await;
    let said = page.alert().await;
    assert!(said.contains("0.001"), "{said}");
    page.fill("Give up after, in seconds", "0.3").await;
    page.click("Send").await;
    page.see("within 300ms").await;
    page.fill("Give up after, in seconds", "").await;

    // Plain HTTP, on this machine alone.
    let plain = peer::serve_plainly();
    page.fill("URL", &format!("http://localhost:{plain}/plain"))
        .await;
    page.click("Send").await;
    let said = page.alert().await;
    assert!(said.contains("HTTP"), "{said}");
    page.click("Plain HTTP on this machine").await;
    send(page, "\"/plain\"").await;

    // The way to other machines leads over the proxy of the settings, unless the request says not to.
    page.click("Settings").await;
    page.fill(
        "Proxy on the way to other machines",
        &format!("http://127.0.0.1:{proxy}"),
    )
    .await;
    page.click("Save").await;
    assert_eq!(page.value("Who uses the proxy").await, "");
    page.click("Requests").await;
    page.click("Options").await;
    page.fill("URL", &format!("https://{far}/far")).await;
    send(page, "\"/far\"").await;
    page.click("Without the proxy").await;
    page.click("Send").await;
    let said = page.alert().await;
    assert!(said.contains(far), "{said}");
    page.click("Without the proxy").await;

    // Off the record.
    page.fill("URL", &format!("https://{far}/unwritten")).await;
    page.click("Off the record").await;
    send(page, "\"/unwritten\"").await;
    page.click("History").await;
    page.see("/far").await;
    assert!(!page.shows("/unwritten").await);
}

#[tokio::test]
async fn a_server_that_never_answers_holds_nothing_up_and_is_given_up_at_a_word() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    page.click("Look around first").await;
    let _ = page.go(Which::Main).await;
    page.see("Credential").await;
    let port = peer::serve_plainly();
    page.click("Requests").await;
    page.see("Against the local platform").await;
    let url = format!("http://localhost:{port}/never");
    page.fill("URL", &url).await;
    page.click("Options").await;
    page.click("Plain HTTP on this machine").await;
    page.fill("Give up after, in seconds", "3600").await;
    send(page, "Waiting for the answer").await;
    // The rest of the window goes on, also beside it.
    page.click("GET Ping").await;
    page.choose("Key", "payments-dev").await;
    send(page, "Accepted").await;
    page.click("Vault").await;
    page.see("Credential").await;
    page.click("Requests").await;
    page.chord(Key::Control, char::from(Key::PageUp)).await;
    page.see("Waiting for the answer").await;
    page.click("Cancel").await;
    page.miss("Waiting for the answer").await;
    assert_eq!(page.value("URL").await, url);
    assert!(page.can_press("Send").await);
}
