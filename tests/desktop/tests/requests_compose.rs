//! What a request is sent with and held against, the stop before production, and tokens, in the real
//! window.

use strongroom_desktop_tests::{App, Page, Which};
use strongroom_testkit::Home;

/// The throw-away home, at its requests.
async fn look_around(page: &Page) {
    page.click("Look around first").await;
    let _ = page.go(Which::Main).await;
    page.see("Credential").await;
    page.click("Requests").await;
    page.see("Against the local platform").await;
}

#[tokio::test]
async fn an_answer_is_held_against_what_was_expected_of_it() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    look_around(page).await;
    page.click("GET Ping").await;
    page.choose("Key", "payments-dev").await;
    page.click("Checks").await;
    page.fill("Status", "2xx, 404").await;
    page.fill("Place 1", "$.message").await;
    page.fill("Value 1", "pong").await;
    page.click("Send").await;
    page.see("2 of 2 held").await;

    page.fill("Value 1", "ping").await;
    page.click("Send").await;
    page.see("Not as expected").await;
    page.see("1 of 2 held").await;
}

#[tokio::test]
async fn production_is_asked_about_and_a_no_sends_nothing() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    look_around(page).await;
    let url = "https://api-merchant.helloclever.co/api/v1/ping";
    page.fill("URL", url).await;
    page.choose("Key", "payments-live").await;
    page.see("This key is LIVE").await;
    page.click("Send").await;
    page.see("Send to production?").await;
    page.click("Don't send").await;
    page.miss("Send to production?").await;
    assert_eq!(page.value("URL").await, url);
    page.click("History").await;
    page.see("14 kept").await;
    assert!(!page.shows("api-merchant.helloclever.co").await);
}

#[tokio::test]
async fn an_environment_is_edited_and_a_secret_does_not_get_into_its_file() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    look_around(page).await;
    page.click("Edit").await;
    page.see("Edit Local platform").await;
    page.fill("Name of variable 3", "api_token").await;
    page.fill("Value of variable 3", "sk_live_51H8xExampleExampleExample")
        .await;
    page.click("Save").await;
    let said = page.alert().await;
    assert!(said.contains("looks like a secret"), "{said}");
    page.fill("Value of variable 3", "sr://payments-dev/secret")
        .await;
    page.click("Save").await;
    page.miss("Edit Local platform").await;
    page.click("Edit").await;
    page.see("Edit Local platform").await;
    assert_eq!(
        page.value("Value of variable 1").await,
        "sr://payments-dev/secret"
    );
}

#[tokio::test]
async fn a_token_says_what_is_in_it_and_a_key_of_the_vault_says_whether_it_made_it() {
    // RFC 7515, A.1.
    let token = "Bearer eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    look_around(page).await;
    page.click("Refused").await;
    page.click("A token (JWT)").await;
    page.paste("The token", token).await;
    page.see("http://example.com/is_root").await;
    page.see("2011-03-22").await;
    page.fill("At", "2011-03-22T18:00:00Z").await;
    page.see("not verified").await;
    page.choose("Verify it with", "payments-dev").await;
    page.see("The token is not to be accepted").await;
    page.paste("The token", "not a token").await;
    let said = page.alert().await;
    assert!(said.contains("token"), "{said}");
}

#[tokio::test]
async fn a_locked_window_says_why_a_request_of_a_named_scheme_is_refused() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    let before = page.go(Which::Main).await;
    page.click("Lock").await;
    let _ = page.go_anew(Which::Main, &before).await;
    page.click("Requests").await;
    page.click("Refused").await;
    // The password stands before the user name.
    let curl = "curl https://api.example.com/v1/things -H 'authorization: Basic aHVudGVyMi1odW50ZXIyOnBhcnRuZXItMQ=='";
    page.paste("The refused request", curl).await;
    page.see_chosen("Judge it by", "a secret typed for this alone")
        .await;
    page.choose("It should be signed with", "Basic authentication")
        .await;
    page.fill("Public id, if known", "partner-1").await;
    page.fill("Secret", "hunter2-hunter2").await;
    page.click("Find out why").await;
    page.see("basic-swapped").await;
    assert!(!page.everything().await.contains("hunter2"));
}
