//! Every screen in each of its states, visited in the real window: for pictures of them, and for
//! checks that must hold on all.

mod requests;

use crate::{App, CODE, Key, Page, Which};
use strongroom_testkit::{Home, Vault};

/// A state of a screen.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// What it shows, as `platform-running-empty`.
    pub name: &'static str,
    /// The window that shows it.
    pub window: Which,
}

/// Goes through all of them, and calls `visit` at each.
pub async fn tour(mut visit: impl AsyncFnMut(&Page, Stop)) {
    first_run_and_a_refusal(&mut visit).await;
    a_filled_home(&mut visit).await;
    requests::beside_the_platform(&mut visit).await;
    somebody_else_has_the_vault(&mut visit).await;
}

/// Calls `visit` for a stop in the door.
macro_rules! door {
    ($visit:ident, $page:expr, $name:literal) => {
        $visit(
            $page,
            Stop {
                name: $name,
                window: Which::Door,
            },
        )
        .await
    };
}

/// Calls `visit` for a stop in the main window.
macro_rules! main {
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

async fn first_run_and_a_refusal(visit: &mut impl AsyncFnMut(&Page, Stop)) {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;

    page.see("Create your vault").await;
    door!(visit, page, "door-1-passphrase");
    page.fill("Passphrase", "too short").await;
    page.fill("The same again", "not it").await;
    door!(visit, page, "door-1-passphrase-refused");
    page.fill("Passphrase", App::PASSPHRASE).await;
    page.fill("The same again", App::PASSPHRASE).await;
    page.click("Continue").await;
    page.see("Scan with your authenticator").await;
    door!(visit, page, "door-2-scan");
    page.click("Can't scan it?").await;
    let authenticator = app.scan().await;
    page.fill(CODE, &authenticator.wrong_code()).await;
    page.alert().await;
    door!(visit, page, "door-2-scan-wrong-code");
    let factors = app.enrol(authenticator).await;
    door!(visit, page, "door-3-recovery-code");
    page.click("I keep it somewhere safe").await;
    page.click("Open the vault").await;
    let _ = page.go(Which::Main).await;

    page.see("No keys yet").await;
    main!(visit, page, "vault-empty");
    page.click("Add a key").await;
    page.fill("Name", "partner-acme").await;
    page.fill("Secret", "an example, not a secret").await;
    page.fill("May be sent to", "api.cleverhub.co").await;
    main!(visit, page, "vault-add");
    page.fill("Name", "not/a name").await;
    page.click("Add key").await;
    page.alert().await;
    main!(visit, page, "vault-add-refused");
    page.click("Cancel").await;
    page.click("Requests").await;
    page.see("New request").await;
    main!(visit, page, "requests-empty");
    page.click("History").await;
    page.see("Nothing was sent yet").await;
    main!(visit, page, "requests-history-empty");
    page.click("Refused").await;
    page.see("Refused by the local platform").await;
    main!(visit, page, "requests-paste");
    page.click("Compose").await;
    page.fill("URL", "https://localhost:1/api/v1/ping").await;
    page.click("Send").await;
    page.alert().await;
    main!(visit, page, "requests-error");
    page.click("Platform").await;
    page.see("The local platform is stopped").await;
    main!(visit, page, "platform-stopped");
    page.click("Start the local platform").await;
    page.see("Live audit").await;
    main!(visit, page, "platform-empty");
    page.click("Issue a key").await;
    page.fill("Name", "payments-dev").await;
    page.fill("Allowed from", "localhost").await;
    page.alert().await;
    main!(visit, page, "platform-issue-refused");
    page.fill("Allowed from", "127.0.0.0/8, ::1").await;
    page.fill("Ends", "90d").await;
    page.fill("Note", "For the nightly import").await;
    main!(visit, page, "platform-issue");
    page.click("Issue key").await;
    page.see("held as payments-dev").await;
    page.click("Use it from my program").await;
    page.see("SSL_CERT_FILE").await;
    main!(visit, page, "platform-environment");
    page.press(Key::Escape).await;
    page.click("Edit the allowlist of payments-dev: 127.0.0.0/8 ::1/128")
        .await;
    page.fill("New allowlist of payments-dev", "127.0.0.0/33")
        .await;
    page.alert().await;
    main!(visit, page, "platform-edit-refused");
    page.fill(
        "New allowlist of payments-dev",
        "127.0.0.0/8, ::1, 10.0.0.0/8",
    )
    .await;
    main!(visit, page, "platform-edit");
    page.press(Key::Escape).await;
    an_issued_key(visit, page).await;

    page.click("Vault").await;
    page.see("Issued by the platform").await;
    main!(visit, page, "vault-one");
    page.click("Edit").await;
    page.see("Edit payments-dev").await;
    main!(visit, page, "vault-edit");
    page.click("Cancel").await;
    page.click("Send a request").await;
    page.click("Headers").await;
    main!(visit, page, "requests-headers");
    page.click("Signature").await;
    page.see("@target-uri").await;
    main!(visit, page, "requests-signature");
    page.click("Body").await;
    page.click("Send").await;
    page.see("Accepted").await;
    main!(visit, page, "requests-accepted");
    page.click("Steps").await;
    page.see("@target-uri").await;
    main!(visit, page, "requests-signed");
    page.click("TLS").await;
    main!(visit, page, "requests-tls");

    page.click("Platform").await;
    page.click("Revoke…").await;
    page.see("This cannot be undone").await;
    main!(visit, page, "platform-revoke");
    page.click("Revoke").await;
    page.see("payments-dev is revoked").await;
    page.click("payments-dev").await;
    page.see("nothing of it can be changed").await;
    main!(visit, page, "platform-key-revoked");
    page.click("Requests").await;
    page.click("Send").await;
    page.see("Refused").await;
    main!(visit, page, "requests-refused");
    page.click("Why?").await;
    page.see("Expected").await;
    main!(visit, page, "requests-explained");

    let before = page.go(Which::Main).await;
    page.click("Lock").await;
    let _ = page.go_anew(Which::Main, &before).await;
    page.see("The vault is locked").await;
    main!(visit, page, "vault-locked");
    page.click("Requests").await;
    page.see("New").await;
    main!(visit, page, "requests-locked");
    page.click("Platform").await;
    page.see("Live audit").await;
    main!(visit, page, "platform-locked");
    page.click("Activity").await;
    page.see("Activity").await;
    main!(visit, page, "activity-locked");
    page.click("Unlock").await;
    let _ = page.go(Which::Door).await;
    page.see("Unlock Strongroom").await;
    door!(visit, page, "door-unlock");
    app.type_factors(App::PASSPHRASE, &factors.authenticator.wrong_code())
        .await;
    page.alert().await;
    door!(visit, page, "door-unlock-refused");
    page.click("Use the recovery code").await;
    page.see("You choose a new passphrase").await;
    door!(visit, page, "door-recover");
    page.fill("Recovery code", &factors.recovery_code).await;
    page.fill("Passphrase", App::PASSPHRASE).await;
    page.fill("The same again", App::PASSPHRASE).await;
    page.click("Continue").await;
    let authenticator = app.scan().await;
    door!(visit, page, "door-recover-scan");
    page.fill(CODE, &authenticator.code_of_now()).await;
    page.see("Keep the new recovery code").await;
    door!(visit, page, "door-recover-done");
}

async fn a_filled_home(visit: &mut impl AsyncFnMut(&Page, Stop)) {
    let home = Home::new();
    let app = App::start(&home).await;
    let page = &app.page;
    page.click("Look around first").await;
    let _ = page.go(Which::Main).await;

    page.see("Credential").await;
    main!(visit, page, "vault-full");
    page.fill("Search keys", "payments").await;
    main!(visit, page, "vault-found");
    page.fill("Search keys", "nothing has this name").await;
    page.see("Nothing found").await;
    main!(visit, page, "vault-nothing-found");
    page.click("Show all keys").await;
    page.click("Remove").await;
    // It stays while it has the focus.
    page.focus_on("Undo").await;
    main!(visit, page, "vault-removed");
    page.click("Undo").await;
    page.chord(Key::Control, 'k').await;
    page.see("Go to").await;
    main!(visit, page, "palette");
    page.type_text("nothing has this name").await;
    page.see("Nothing of that name").await;
    main!(visit, page, "palette-nothing-found");
    page.press(Key::Escape).await;
    page.click("Requests").await;
    page.see("Against the local platform").await;
    main!(visit, page, "requests-compose");
    page.click("History").await;
    page.press(Key::Tab).await;
    page.tab_to("History of requests").await;
    page.press(Key::Down).await;
    page.see("Send again").await;
    main!(visit, page, "requests-history");
    page.click("Compare").await;
    page.tab_to("History of requests").await;
    page.press(Key::Down).await;
    page.see("Headers that differ").await;
    main!(visit, page, "requests-compared");
    page.press(Key::Escape).await;
    page.click("Clear…").await;
    page.see("entries go for good").await;
    main!(visit, page, "requests-history-clear");
    page.press(Key::Escape).await;
    page.click("Runs").await;
    page.click("Run 4 requests").await;
    page.see("Save as HTML").await;
    main!(visit, page, "requests-run");
    page.choose("Environment", "Production (LIVE)").await;
    page.click("Run 4 requests").await;
    page.see("Send to production?").await;
    main!(visit, page, "requests-production");
    page.click("Don't send").await;
    a_request_of_somebody_else(visit, page).await;
    page.click("Compose").await;
    page.click("GET Ping").await;
    page.choose("Key", "payments-dev").await;
    page.click("Burst").await;
    page.click("Start the burst").await;
    page.see("90 sent in").await;
    main!(visit, page, "requests-burst");
    page.click("Platform").await;
    page.see("Live audit").await;
    page.see("held as").await;
    main!(visit, page, "platform-full");
    page.click("Why?").await;
    page.see("Fix:").await;
    main!(visit, page, "platform-explained");
    the_audit_log(visit, page).await;
    page.click("Activity").await;
    page.see("unlocked").await;
    main!(visit, page, "activity-full");
    page.click("Settings").await;
    page.see("This vault").await;
    main!(visit, page, "settings");
}

/// The page of an issued key, and what is asked before it changes whom it lets in.
async fn an_issued_key(visit: &mut impl AsyncFnMut(&Page, Stop), page: &Page) {
    page.click("payments-dev").await;
    page.see("Would an address pass?").await;
    main!(visit, page, "platform-key");
    page.fill("Would an address pass?", "127.0.0.1").await;
    page.click("Check").await;
    page.see("127.0.0.1 passes").await;
    main!(visit, page, "platform-key-passes");
    page.fill("Would an address pass?", "203.0.113.7").await;
    page.click("Check").await;
    page.see("203.0.113.7 is refused").await;
    main!(visit, page, "platform-key-refused");
    page.click("Edit the allowlist of payments-dev: 127.0.0.0/8 ::1/128")
        .await;
    page.fill("New allowlist of payments-dev", "203.0.113.0/24")
        .await;
    page.press(Key::Enter).await;
    page.see("requests from there are refused").await;
    main!(visit, page, "platform-lock-out");
    page.click("Keep the old list").await;
    page.click("Suggest a limit").await;
    page.see("Dismiss").await;
    main!(visit, page, "platform-key-limits");
    page.click("Dismiss").await;
    page.click("Rotate…").await;
    page.see("Both are accepted until").await;
    main!(visit, page, "platform-rotate");
    page.click("Rotate").await;
    page.see("two are accepted").await;
    main!(visit, page, "platform-key-rotating");
    page.click("End now…").await;
    page.see("This cannot be undone").await;
    main!(visit, page, "platform-end-secret");
    page.click("Keep it").await;
    page.click("Local platform").await;
    page.see("Live audit").await;
    main!(visit, page, "platform-rotating");
}

/// Narrowed down, to nothing too, and about to be exported.
async fn the_audit_log(visit: &mut impl AsyncFnMut(&Page, Stop), page: &Page) {
    page.choose("Status", "4xx").await;
    page.choose("Key", "payments-dev").await;
    page.choose("Time", "Between…").await;
    page.see("Since").await;
    page.see("Clear filters").await;
    main!(visit, page, "platform-audit-narrowed");
    page.click("Export…").await;
    page.see("Export the audit log").await;
    main!(visit, page, "platform-export");
    page.press(Key::Escape).await;
    page.fill("From address", "203.0.113").await;
    page.press(Key::Enter).await;
    page.alert().await;
    main!(visit, page, "platform-audit-refused");
    page.click("Clear filters").await;
    page.fill("Search the audit log", "nothing has this name")
        .await;
    page.see("No such rows").await;
    main!(visit, page, "platform-audit-nothing-found");
    page.click("Show all rows").await;
}

/// Pasted to be understood, and to be sent.
async fn a_request_of_somebody_else(visit: &mut impl AsyncFnMut(&Page, Stop), page: &Page) {
    let pasted =
        "curl https://api.example.com/v2/payins -H 'authorization: Bearer an-example' -d '{}'";
    page.click("Refused").await;
    page.click("A pasted request").await;
    page.paste("The refused request", pasted).await;
    page.choose("Judge it by", "nothing but the request").await;
    page.click("Find out why").await;
    page.see("Read as curl").await;
    main!(visit, page, "requests-debugged");
    page.click("Change the paste").await;
    page.paste("The refused request", "hello").await;
    page.click("Find out why").await;
    page.alert().await;
    main!(visit, page, "requests-paste-refused");
    page.click("Compose").await;
    page.click("Import requests…").await;
    page.paste("Text to import", pasted).await;
    page.see("Understood as curl").await;
    main!(visit, page, "requests-import");
    page.paste("Text to import", "hello").await;
    page.alert().await;
    main!(visit, page, "requests-import-refused");
    page.press(Key::Escape).await;
}

async fn somebody_else_has_the_vault(visit: &mut impl AsyncFnMut(&Page, Stop)) {
    let home = Home::new();
    // Its agent owns the vault for as long as it is unlocked.
    let _ = Vault::create(&home).unlock(&[]).exited(0);
    let app = App::start(&home).await;
    let page = &app.page;
    page.see("Use it here instead").await;
    door!(visit, page, "door-in-use");
    page.click("Use it here instead").await;
    page.click("Continue locked").await;
    let _ = page.go(Which::Main).await;
    page.click("Activity").await;
    page.see("Nothing yet").await;
    main!(visit, page, "activity-empty");
}
