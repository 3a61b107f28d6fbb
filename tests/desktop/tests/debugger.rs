//! A partner's failing request, pasted into the window, and the sentence to send back.

use strongroom_desktop_tests::{App, Key};
use strongroom_testkit::Home;

const ID: &str = "sr_app_test_CorpusPayments000000012grCsm";
const SECRET: &str = "sr_sk_test_CorpusPaymentsSecret0000000000010yjQxv";
const LABEL: &str = "The refused request";
/// It was signed with a line end behind the body, which `curl -d @file` drops.
const CURL: &str = r#"curl -X POST https://api.example.com/api/v2/payins \
  -H 'content-type: application/json' \
  -H 'content-digest: sha-256=:qI8hN8vMa+TzibW055bf4obvrFmMfqGSM6GZ3+g1w+g=:' \
  -H 'signature-input: sig1=("@method" "@target-uri" "content-type" "content-digest");created=1793534396;keyid="sr_app_test_CorpusPayments000000012grCsm";alg="hmac-sha256";nonce="bm9uY2Utb2YtMTYtYnl0ZXM"' \
  -H 'signature: sig1=:gYGD48rDj0Kpr20WkWRMZ/b65yqkZ/Xs37cKZDwEJ1g=:' \
  -d '{"amount":1250,"currency":"AUD","reference":"INV-2041","customer":{"name":"Zoe","email":"zoe@example.com"}}'"#;

#[tokio::test]
async fn a_partners_failing_curl_gets_the_right_diagnosis_and_the_sentence_to_send_back() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    page.click("Add a key").await;
    page.fill("Name", "payments-sandbox").await;
    page.fill("Public id", ID).await;
    page.fill("Secret", SECRET).await;
    page.click("Add key").await;
    page.see("payments-sandbox is held in the vault").await;

    page.chord(Key::Control, 'k').await;
    page.type_text("why").await;
    page.press(Key::Enter).await;
    page.paste(LABEL, CURL).await;
    // The key that the request names is the one that it is judged by.
    page.see_chosen("Judge it by", "payments-sandbox, held in the vault")
        .await;
    page.click("Find out why").await;
    page.see("Read as curl").await;
    page.see("authenticate").await;
    page.see("body-trailing-newline").await;
    let sentence = page
        .text_of("[aria-label='The sentence to send back'] p")
        .await;
    assert!(sentence.contains("final line end"), "{sentence}");
    page.see("LF").await;
    assert!(!page.everything().await.contains(SECRET));

    // Without the vault, a secret that is typed for this alone says the same.
    page.click("Change the paste").await;
    assert_eq!(page.value(LABEL).await, CURL);
    page.choose("Judge it by", "a secret typed for this alone")
        .await;
    page.fill("Public id, if known", ID).await;
    page.fill("Secret", SECRET).await;
    page.click("Find out why").await;
    page.see("body-trailing-newline").await;
    assert!(!page.everything().await.contains(SECRET));

    // What is no request says so, and stays.
    page.click("Change the paste").await;
    page.paste(LABEL, "hello").await;
    page.choose("Judge it by", "nothing but the request").await;
    page.click("Find out why").await;
    let said = page.alert().await;
    assert!(said.contains("can't be read"), "{said}");
    assert_eq!(page.value(LABEL).await, "hello");
}
