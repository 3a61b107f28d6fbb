//! A certificate that says who is calling: kept by the form of the vault, used by a request, in the real
//! window and against a server that asks for one.

use strongroom_desktop_tests::{
    App, Page,
    peer::{Authority, Pair},
};
use strongroom_testkit::Home;

async fn add(page: &Page, act: &str, name: &str) {
    page.click(act).await;
    page.click("Certificate").await;
    page.fill("Name", name).await;
}

#[tokio::test]
async fn what_is_typed_for_a_certificate_is_checked_as_it_is_typed() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    let authority = Authority::new("Acme Test CA");
    let Pair {
        certificate,
        private_key,
    } = authority.client("partner-acme", 2090);
    let another = authority.client("partner-other", 2090).private_key;
    add(page, "Add a key", "partner-acme").await;
    assert!(!page.can_press("Add certificate").await);

    // Which part is missing, or is something else.
    page.paste("Private key", &private_key).await;
    page.see("the certificate is missing").await;
    page.paste("Certificate", "hello").await;
    page.see("there is no certificate in it").await;
    page.paste("Certificate", &certificate[..certificate.len() / 2])
        .await;
    page.see("damaged or incomplete").await;
    assert!(!page.can_press("Add certificate").await);

    // What does not belong together, and what can't be used.
    page.paste("Certificate", &certificate).await;
    page.see("The private key belongs to it.").await;
    page.see("signed by Acme Test CA").await;
    page.paste("Private key", &another).await;
    page.see("does not belong to the certificate").await;
    assert!(!page.can_press("Add certificate").await);
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----";
    page.paste("Private key", encrypted).await;
    page.see("openssl pkey").await;
    page.paste("Private key", "").await;
    page.see("shown to no server").await;

    // One that has ended can be kept, and says so.
    let ended = authority.client("partner-old", 2021);
    page.paste("Certificate", &ended.certificate).await;
    page.see("It has ended").await;
    page.see("expired").await;

    // A text with both is taken apart.
    page.paste("Certificate", &format!("{private_key}{certificate}"))
        .await;
    page.see("It stood in one text").await;
    assert_eq!(
        page.value("Private key").await.trim(),
        private_key.trim().replace("\r\n", "\n")
    );
    assert!(!page.value("Certificate").await.contains("PRIVATE"));
    page.fill("May be shown to", "localhost").await;
    page.click("Add certificate").await;
    page.see("partner-acme is held in the vault").await;

    // Its detail has what it says, and never the key.
    page.see("CN=partner-acme").await;
    page.see("CN=Acme Test CA").await;
    page.see("to 31 Dec 2090").await;
    page.see("to servers that ask").await;
    let secret_lines: Vec<&str> = private_key.lines().filter(|line| line.len() > 40).collect();
    assert!(!page.everything().await.contains(secret_lines[0]));
    page.click("Edit").await;
    page.see("Edit partner-acme").await;
    page.fill("May be shown to", "localhost, 127.0.0.1").await;
    page.click("Save").await;
    page.see("Saved partner-acme").await;
    let shown = home
        .run(&["key", "show", "partner-acme", "--json"])
        .document();
    assert_eq!(shown["kind"], "certificate", "{shown}");
    assert_eq!(shown["scheme"], serde_json::Value::Null, "{shown}");
    assert_eq!(shown["hosts"][1], "127.0.0.1", "{shown}");
}

#[tokio::test]
async fn a_request_shows_the_certificate_that_was_chosen_to_the_server_that_asks() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    let authority = Authority::new("Acme Test CA");
    let port = authority.serve(&["localhost"], true);
    add(page, "Add a key", "acme-ca").await;
    page.paste("Certificate", authority.pem()).await;
    page.click("Add certificate").await;
    page.see("acme-ca is held in the vault").await;
    page.see("its private key is not held").await;
    let client = authority.client("partner-acme", 2090);
    add(page, "Add key", "partner-acme").await;
    page.paste("Certificate", &client.certificate).await;
    page.paste("Private key", &client.private_key).await;
    page.fill("May be shown to", "localhost").await;
    page.click("Add certificate").await;
    page.see("partner-acme is held in the vault").await;

    page.click("Requests").await;
    page.fill("URL", &format!("https://localhost:{port}/who"))
        .await;
    page.click("Send").await;
    // The server's own authority is nobody's that is known: nothing is sent, and its chain is shown.
    page.see("This is what localhost showed").await;
    page.click("Options").await;
    page.click("acme-ca").await;
    page.click("Send").await;
    page.see("certificate").await;
    let said = page.alert().await;
    assert!(said.contains("certificate"), "{said}");
    page.choose("Client certificate", "partner-acme").await;
    page.click("Send").await;
    page.see("Accepted").await;
    page.see("\"certificate_shown\": true").await;

    // Another name of the same server is none that it may be shown to.
    page.fill("URL", &format!("https://127.0.0.1:{port}/who"))
        .await;
    page.click("Send").await;
    let said = page.alert().await;
    assert!(said.contains("127.0.0.1"), "{said}");
}
