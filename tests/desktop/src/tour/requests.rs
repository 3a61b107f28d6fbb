//! The requests in their less frequent states: certificates, options, checks, tokens, and answers of every
//! kind, from a server of somebody else's.

use super::Stop;
use crate::{
    App, Key, Page, Which,
    peer::{Authority, Pair},
};
use strongroom_testkit::Home;

/// A name in the vault, the secret that [`TOKEN`] was signed with.
const SIGNER: (&str, &str) = ("partner-tokens", "an-example-secret-of-forty-characters-00");
/// HS256, good until 2100.
const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2F1dGguZXhhbXBsZS5jb20iLCJzdWIiOiJwYXJ0bmVyLWFjbWUiLCJhdWQiOiJwYXlpbnMiLCJzY29wZSI6InBheWluczpyZWFkIHBheWluczp3cml0ZSIsImlhdCI6MTc5MDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJqdGkiOiI5ZjNjMWEifQ.0nKtxkz6JV_Z-ib8Qqbc0fLuoNalzUL-JE4os8HoIco";
/// Sound but for one operation, and with a secret in it.
const DESCRIPTION: &str = "openapi: 3.1.0
info: { title: Acme payments }
servers:
  - url: https://api.example.com/v2
paths:
  /payins:
    get:
      summary: List pay-ins
      parameters:
        - { name: x-api-key, in: header, required: true, example: sk_live_51H8xExampleExampleExample }
    post:
      summary: \"Create a pay-in
  /payins/{id}:
    get:
      summary: Find a pay-in
    delete:
      summary: Cancel a pay-in
      parameters:
        - $ref: '#/components/parameters/Reason'
  /payouts:
    get:
      summary: List pay-outs
";

macro_rules! stop {
    ($visit:ident, $page:expr, $name:literal) => {
        $visit(
            $page,
            Stop {
                name: $name,
                window: Which::Main,
            },
        )
        .await
    };
}

/// A home with samples, and a server beside the platform.
pub(super) async fn beside_the_platform(visit: &mut impl AsyncFnMut(&Page, Stop)) {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    page.click("Look around first").await;
    let _ = page.go(Which::Main).await;
    page.see("Credential").await;
    let authority = Authority::new("Acme Test CA");
    certificates(visit, page, &authority).await;
    what_is_sent(visit, page).await;
    let port = authority.serve(&["localhost"], false);
    what_comes_back(visit, page, &format!("https://localhost:{port}")).await;
    looked_into(visit, page).await;
}

async fn certificates(
    visit: &mut impl AsyncFnMut(&Page, Stop),
    page: &Page,
    authority: &Authority,
) {
    page.click("Add key").await;
    page.click("Certificate").await;
    page.see("Leave it out to trust an authority").await;
    stop!(visit, page, "vault-certificate");
    page.fill("Name", "acme-ca").await;
    page.paste("Certificate", authority.pem()).await;
    page.click("Add certificate").await;
    page.see("acme-ca is held in the vault").await;

    let Pair {
        certificate,
        private_key,
    } = authority.client("partner-acme", 2030);
    page.click("Add key").await;
    page.click("Certificate").await;
    page.fill("Name", "partner-acme").await;
    page.paste("Certificate", &certificate).await;
    page.paste(
        "Private key",
        &authority.client("partner-acme", 2030).private_key,
    )
    .await;
    page.see("does not belong to the certificate").await;
    stop!(visit, page, "vault-certificate-refused");
    page.paste("Private key", &private_key).await;
    page.fill("May be shown to", "localhost").await;
    page.see("The private key belongs to it.").await;
    stop!(visit, page, "vault-certificate-add");
    page.click("Add certificate").await;
    page.see("to servers that ask").await;
    page.miss("partner-acme is held in the vault").await;
    stop!(visit, page, "vault-certificate-held");

    page.click("Add key").await;
    page.fill("Name", SIGNER.0).await;
    page.fill("Secret", SIGNER.1).await;
    page.click("Add key").await;
    page.see("is held in the vault").await;
}

async fn what_is_sent(visit: &mut impl AsyncFnMut(&Page, Stop), page: &Page) {
    page.click("Requests").await;
    page.see("Against the local platform").await;
    page.click("POST Create a pay-in").await;
    page.until("the address of the saved request", async || {
        let url = page.value("URL").await;
        url.starts_with("{{base_url}}").then_some(())
    })
    .await;
    stop!(visit, page, "requests-saved");
    page.click("Edit").await;
    page.see("Edit Local platform").await;
    page.fill("Name of variable 3", "api_token").await;
    page.fill("Value of variable 3", "sk_live_51H8xExampleExampleExample")
        .await;
    stop!(visit, page, "requests-environment");
    page.click("Save").await;
    let _ = page.alert().await;
    stop!(visit, page, "requests-environment-refused");
    page.press(Key::Escape).await;
    page.miss("Edit Local platform").await;
    page.click("Checks").await;
    page.see("becomes").await;
    stop!(visit, page, "requests-checks");
    page.fill("Value 1", "paid").await;
    page.click("Send").await;
    page.see("Not as expected").await;
    stop!(visit, page, "requests-checked");
    page.click("Options").await;
    page.choose("Client certificate", "partner-acme").await;
    page.click("acme-ca").await;
    stop!(visit, page, "requests-options");
    page.click("Copy as…").await;
    page.see("Python").await;
    stop!(visit, page, "requests-copied");
    page.press(Key::Escape).await;

    page.click("Import requests…").await;
    page.paste("Text to import", DESCRIPTION).await;
    page.see("Not understood, or left out").await;
    stop!(visit, page, "requests-import-broken");
    page.press(Key::Escape).await;

    page.click("GET Ping").await;
    page.fill("URL", "https://api-merchant.helloclever.co/api/v1/ping")
        .await;
    page.choose("Key", "payments-live").await;
    page.see("This key is LIVE").await;
    page.click("Send").await;
    page.see("Send to production?").await;
    stop!(visit, page, "requests-live");
    page.click("Don't send").await;
    page.click("GET Ping").await;
    page.choose("Key", "payments-dev").await;
    page.click("Burst").await;
    page.click("A time").await;
    page.fill("Seconds", "3600").await;
    page.fill("At most a second", "20").await;
    page.click("Start the burst").await;
    page.see("answered so far").await;
    stop!(visit, page, "requests-burst-running");
    page.click("Stop").await;
    page.see("Stopped: ").await;
}

/// Answers of every kind.
async fn what_comes_back(visit: &mut impl AsyncFnMut(&Page, Stop), page: &Page, origin: &str) {
    page.click("New").await;
    let ask = async |path: &str, words: &str| {
        page.fill("URL", &format!("{origin}{path}")).await;
        page.click("Send").await;
        page.see(words).await;
    };
    ask("/account", "This is what localhost showed").await;
    stop!(visit, page, "requests-untrusted");
    page.click("Options").await;
    page.click("acme-ca").await;
    ask("/old", "shown, not followed").await;
    stop!(visit, page, "requests-redirect");
    page.click("Follow redirects").await;
    ask("/old", "acc_1042").await;
    page.click("Redirects").await;
    page.see("2 redirects followed").await;
    stop!(visit, page, "requests-redirects");
    page.click("Cookies").await;
    page.see("none is kept").await;
    stop!(visit, page, "requests-cookies");
    page.click("Timings").await;
    stop!(visit, page, "requests-timings");
    page.click("Query").await;
    ask("/picture", "image/png").await;
    stop!(visit, page, "requests-picture");
    ask("/statement", "application/octet-stream").await;
    stop!(visit, page, "requests-binary");
    ask("/payouts", "po_00001").await;
    stop!(visit, page, "requests-large");
    page.click("Find in the body").await;
    page.fill("Find in the body", "po_19998").await;
    page.see("1 of 1").await;
    page.see("po_19998").await;
    stop!(visit, page, "requests-found");
    ask("/refused", "Unauthorized").await;
}

async fn looked_into(visit: &mut impl AsyncFnMut(&Page, Stop), page: &Page) {
    page.click("History").await;
    page.fill("Search the history", "/refused").await;
    page.tab_to("History of requests").await;
    page.press(Key::Down).await;
    page.click("Request").await;
    stop!(visit, page, "requests-history-request");
    page.click("Find out why").await;
    page.see("as it was sent").await;
    stop!(visit, page, "requests-debugged-past");

    page.click("A token (JWT)").await;
    page.see("What does this token say?").await;
    stop!(visit, page, "requests-token-empty");
    page.paste("The token", TOKEN).await;
    page.see("not verified").await;
    stop!(visit, page, "requests-token-read");
    page.choose("Verify it with", SIGNER.0).await;
    page.see("genuine and in its time").await;
    stop!(visit, page, "requests-token-verified");
    page.choose("Verify it with", "payments-dev").await;
    page.see("is not to be accepted").await;
    stop!(visit, page, "requests-token-refused");
}
