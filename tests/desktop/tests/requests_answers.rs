//! What comes back is shown as what it is: pictures, bytes, long texts, cookies, the way that led there; in
//! the real window, from a server of somebody else's.

use strongroom_desktop_tests::{App, Page, Which, peer};
use strongroom_testkit::Home;

async fn ask(page: &Page, origin: &str, path: &str, words: &str) {
    page.fill("URL", &format!("{origin}{path}")).await;
    page.click("Send").await;
    page.see(words).await;
}

#[tokio::test]
async fn an_answer_is_shown_as_what_it_is() {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    page.click("Look around first").await;
    let _ = page.go(Which::Main).await;
    page.see("Credential").await;
    page.click("Requests").await;
    page.see("Against the local platform").await;
    page.click("Options").await;
    page.click("Plain HTTP on this machine").await;
    let origin = format!("http://localhost:{}", peer::serve_plainly());

    // A picture is painted, and what is no text is shown byte by byte.
    ask(page, &origin, "/picture", "256 × 256").await;
    page.click("Hex").await;
    page.see("89 50 4e 47").await;
    ask(page, &origin, "/statement", "application/octet-stream").await;
    page.see("9e 37 79 b1").await;

    // A long text is searched whole and not only where it is looked at.
    ask(page, &origin, "/payouts", "po_00001").await;
    assert!(!page.shows("po_19998").await);
    page.click("Find in the body").await;
    page.fill("Find in the body", "po_19998").await;
    page.see("1 of 1").await;
    page.see("po_19998").await;
    page.fill("Find in the body", "\"pending\"").await;
    page.see("1 of 6,667").await;
    page.fill("Find in the body", "nowhere in it").await;
    page.see("none").await;

    // What a short one holds is folded, and is there again.
    ask(page, &origin, "/nested", "deepest").await;
    page.click("Fold").await;
    page.miss("deepest").await;
    page.click("Unfold").await;
    page.see("deepest").await;
    page.click("Raw").await;
    page.see("{\"outer\":{\"inner\":").await;

    // Text that is not UTF-8 is no text.
    ask(page, &origin, "/latin-1", "43 72 e9 65 72").await;

    // Where it leads, what it sets.
    ask(page, &origin, "/old", "shown, not followed").await;
    page.click("Follow in a new tab").await;
    page.until("the address that it leads to", async || {
        page.value("URL").await.ends_with("/sign-in").then_some(())
    })
    .await;
    page.click("Options").await;
    page.click("Plain HTTP on this machine").await;
    page.click("Follow redirects").await;
    ask(page, &origin, "/old", "acc_1042").await;
    page.click("Cookies").await;
    page.see("b3BhcXVl").await;
    page.see("HttpOnly").await;
}
