//! What was sent is found again, a burst states the limit that it met, and a folder is run, in the real
//! window.

use strongroom_desktop_tests::{App, Key, Page, Which};
use strongroom_testkit::Home;

/// The throw-away home, which has sent requests and saved some, at its requests.
async fn look_around(page: &Page) {
    page.click("Look around first").await;
    let _ = page.go(Which::Main).await;
    page.see("Credential").await;
    page.click("Requests").await;
}

/// How many rows of a list can be seen.
async fn options(page: &Page) -> u64 {
    let count = "return document.querySelectorAll('[role=option]').length";
    let counted = page.run(count, vec![]).await;
    counted.and_then(|count| count.as_u64()).unwrap_or_default()
}

#[tokio::test]
async fn what_was_sent_is_found_compared_removed_and_taken_up_by_keyboard() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    look_around(page).await;
    page.click("History").await;
    page.see("14 kept").await;

    page.fill("Search the history", "payins").await;
    page.until("the two pay-ins", async || {
        (options(page).await == 2).then_some(())
    })
    .await;
    page.tab_to("History of requests").await;
    page.press(Key::Down).await;
    page.see("Send again").await;
    page.see("with payments-dev").await;

    // The older of the two, beside the newer.
    page.click("Compare").await;
    page.see("The one before it").await;
    page.tab_to("History of requests").await;
    page.press(Key::Down).await;
    page.see("Two answers compared").await;
    page.see("uuid").await;
    page.press(Key::Escape).await;
    page.miss("Two answers compared").await;

    page.press(Key::Delete).await;
    page.see("13 kept").await;
    page.click("Undo").await;
    page.see("14 kept").await;

    page.chord(Key::Control, char::from(Key::Enter)).await;
    page.see("15 kept").await;
    page.click("Open in a tab").await;
    page.see("Exact bytes").await;
    assert!(page.value("URL").await.ends_with("/api/v2/payins"));
    assert_eq!(page.value("Method").await, "POST");

    page.click("History").await;
    page.click("Clear…").await;
    page.see("All 15 entries go for good").await;
    page.click("Clear").await;
    page.see("Nothing was sent yet").await;
}

#[tokio::test]
async fn a_burst_is_drawn_as_it_goes_and_states_the_limit() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    look_around(page).await;
    page.click("GET Ping").await;
    page.choose("Key", "nightly-batch").await;
    page.click("Burst").await;
    page.fill("Requests", "0").await;
    let said = page.alert().await;
    assert!(said.contains("1 to 1,000,000"), "{said}");
    page.fill("Requests", "12").await;
    page.fill("At most a second", "10").await;
    page.click("Start the burst").await;
    page.see("accepted in any 60 s").await;
    page.see("12 sent in").await;
    let drawn = "return document.querySelectorAll('canvas').length";
    assert_eq!(page.run(drawn, vec![]).await, Some(2.into()));

    // One that would take an hour is stopped, and what was measured stays.
    page.click("A time").await;
    page.fill("Seconds", "3600").await;
    page.click("Start the burst").await;
    page.see("answered so far").await;
    page.click("Stop").await;
    page.see("Stopped: ").await;
}

#[tokio::test]
async fn a_folder_is_run_in_order_and_says_what_was_expected() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    look_around(page).await;
    page.click("Runs").await;
    page.click("Run 4 requests").await;
    page.see("1 of 4 is not as expected").await;
    page.see("payin_uuid").await;
    page.see("2xx or 422").await;

    page.choose("Environment", "Production (LIVE)").await;
    page.click("Run 4 requests").await;
    page.see("Send to production?").await;
    page.click("Don't send").await;
    page.see("1 of 4 is not as expected").await;
}
