//! After locking, the page that showed secrets is gone, and the one in its place holds none.

use strongroom_desktop_tests::{App, Page, Which};
use strongroom_testkit::Home;

const SECRET: &str = "marker-0b5c9f4e7d21";
const NAME: &str = "marked-key";

#[tokio::test]
async fn no_secret_is_left_in_the_page() {
    let home = Home::new();
    let app = App::start(&home).await;
    let factors = app.first_run().await;
    let page = &app.page;
    assert_holds(page, &[App::PASSPHRASE, &factors.recovery_code], false).await;

    page.click("Add a key").await;
    page.fill("Name", NAME).await;
    page.fill("Public id", "app-1").await;
    page.fill("Secret", SECRET).await;
    page.fill("May be sent to", "localhost").await;
    assert_holds(page, &[SECRET], true).await;
    page.click("Add key").await;
    page.see("Credential").await;
    assert_holds(page, &[SECRET], false).await;

    page.hold("Hold to reveal the secret of marked-key").await;
    page.see(SECRET).await;
    page.let_go().await;
    page.miss(SECRET).await;
    assert_holds(page, &[SECRET], false).await;
    let _ = page
        .run(
            "window.seenBeforeTheLock = arguments[0]",
            vec![SECRET.into()],
        )
        .await;

    let before = page.go(Which::Main).await;
    let processes = app.web_processes();
    assert!(!processes.is_empty(), "a page has a web process");
    page.click("Lock").await;
    let after = page.go_anew(Which::Main, &before).await;
    page.see("The vault is locked").await;
    assert_ne!(before, after);
    assert_holds(
        page,
        &[
            SECRET,
            NAME,
            App::PASSPHRASE,
            &factors.recovery_code,
            "seenBeforeTheLock",
        ],
        false,
    )
    .await;
    page.click("Activity").await;
    page.see("A key was shown").await;
    assert_holds(page, &[NAME], false).await;
    page.until(
        "the web process that showed the secret to end",
        async || {
            let now = app.web_processes();
            processes.iter().all(|old| !now.contains(old)).then_some(())
        },
    )
    .await;
}

async fn assert_holds(page: &Page, marks: &[&str], expected: bool) {
    let everything = page.everything().await;
    for mark in marks {
        // Not printed: it holds what is looked for.
        assert!(
            everything.contains(mark) == expected,
            "the page {} {mark:?}",
            if expected { "lacks" } else { "holds" }
        );
    }
}
