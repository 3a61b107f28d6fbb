//! What goes wrong is said where it matters, the window stays usable, and nothing typed is lost.

use std::fs;

use strongroom_desktop_tests::{App, CODE, Which};
use strongroom_testkit::{Home, Vault};

#[tokio::test]
async fn the_door_says_who_owns_the_vault_and_takes_over_from_a_background_process() {
    let home = Home::new();
    let _ = Vault::create(&home).unlock(&[]).exited(0);
    let agent = home.owner().expect("an agent holds the vault");
    let app = App::start(&home).await;
    let page = &app.page;
    page.see(&agent.as_raw_nonzero().to_string()).await;
    page.click("Use it here instead").await;
    page.see("Unlock Strongroom").await;
    assert_ne!(home.owner(), Some(agent));
}

#[tokio::test]
async fn a_window_does_not_make_room_for_another_one() {
    let home = Home::new();
    let first = App::start(&home).await;
    first.page.see("Create your vault").await;
    let owner = home.owner();
    let second = App::start(&home).await;
    second.page.click("Use it here instead").await;
    second.page.see("open in a window").await;
    assert_eq!(home.owner(), owner);
    first.page.fill("Passphrase", App::PASSPHRASE).await;
    assert_eq!(first.page.value("Passphrase").await, App::PASSPHRASE);
}

#[tokio::test]
async fn a_refused_code_leaves_the_passphrase_where_it_is() {
    let home = Home::new();
    let app = App::start(&home).await;
    let factors = app.first_run().await;
    let page = &app.page;
    let before = page.go(Which::Main).await;
    page.click("Lock").await;
    let _ = page.go_anew(Which::Main, &before).await;
    page.click("Unlock").await;
    let _ = page.go(Which::Door).await;
    app.type_factors(App::PASSPHRASE, &factors.authenticator.wrong_code())
        .await;
    let said = page.alert().await;
    assert!(said.contains("code"), "{said}");
    assert_eq!(page.value("Passphrase").await, App::PASSPHRASE);
    assert_eq!(page.value(CODE).await, "");
    page.fill(CODE, &factors.next_code()).await;
    let _ = page.go(Which::Main).await;
    page.see("No keys yet").await;
}

#[tokio::test]
async fn what_was_typed_survives_a_failure_and_the_lock() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;

    page.click("Add a key").await;
    page.fill("Name", "not/a name").await;
    page.fill("Secret", "an example, not a secret").await;
    page.fill("Tags", "kept").await;
    page.click("Add key").await;
    let _ = page.alert().await;
    assert_eq!(page.value("Tags").await, "kept");
    assert_eq!(page.value("Secret").await, "an example, not a secret");
    page.fill("Name", "a-name").await;
    page.click("Add key").await;
    page.see("a-name is held in the vault").await;

    let nobody = "https://localhost:1/api/v1/ping";
    page.click("Requests").await;
    page.fill("URL", nobody).await;
    page.click("Send").await;
    let said = page.alert().await;
    assert!(said.contains("localhost"), "{said}");
    assert_eq!(page.value("URL").await, nobody);

    let before = page.go(Which::Main).await;
    page.click("Lock").await;
    let _ = page.go_anew(Which::Main, &before).await;
    page.click("Requests").await;
    page.until("the request that was composed", async || {
        (page.value("URL").await == nobody).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_platform_of_another_process_that_dies_is_shown_as_stopped_and_can_be_started_again() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    let platform = strongroom_testkit::Platform::start(&home, &[]);
    page.click("Platform").await;
    // The window notices it by itself.
    page.see("Live audit").await;
    page.see(&platform.address().url).await;
    drop(platform);
    page.see("The local platform is stopped").await;
    page.click("Start the local platform").await;
    page.see("Live audit").await;
}

#[tokio::test]
async fn a_full_disk_is_said_where_it_hurts_and_what_was_typed_stays() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    let secret = "x".repeat(40 * 1024);

    page.click("Add a key").await;
    page.fill("Name", "large").await;
    page.fill("Tags", "kept").await;
    let set_secret = "const field = document.querySelector('input[type=password]');
        field.value = arguments[0];
        field.dispatchEvent(new Event('input', { bubbles: true }));";
    let _ = page.run(set_secret, vec![secret.into()]).await;
    let full = app.fill_disk(4096);
    page.click("Add key").await;
    let said = page.alert().await;
    assert!(said.contains("disk"), "{said}");
    assert_eq!(page.value("Tags").await, "kept");
    drop(full);

    page.click("Add key").await;
    page.see("large is held in the vault").await;
}

#[tokio::test]
async fn a_damaged_vault_file_is_named_and_left_alone() {
    let home = Home::new();
    let _ = Vault::create(&home);
    assert!(home.kill_owner(), "the command line's agent made the vault");
    let vault = home.path().join("vault.strongroom");
    let whole = fs::read(&vault).unwrap();
    let damaged: Vec<u8> = whole
        .chunks(512)
        .enumerate()
        .flat_map(|(at, part)| {
            if at < 2 {
                part.to_vec()
            } else {
                vec![0x55; part.len()]
            }
        })
        .collect();
    fs::write(&vault, &damaged).unwrap();

    let app = App::start(&home).await;
    let page = &app.page;
    let said = page.alert().await;
    assert!(said.contains("damaged"), "{said}");
    assert!(!page.shows("Create your vault").await);
    assert_eq!(fs::read(&vault).unwrap(), damaged);

    fs::write(&vault, &whole).unwrap();
    page.click("Try again").await;
    page.see("Unlock Strongroom").await;
}

#[tokio::test]
async fn a_platform_that_cannot_start_says_why_and_starts_once_it_can() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    // Its state lies in a folder of this name.
    let state = home.path().join("platform");
    fs::write(&state, "not a folder").unwrap();
    page.click("Platform").await;
    page.click("Start the local platform").await;
    page.see("Start it again").await;
    // The vault goes on beside it.
    page.click("Vault").await;
    page.see("No keys yet").await;

    fs::remove_file(&state).unwrap();
    page.click("Platform").await;
    page.click("Start it again").await;
    page.see("Live audit").await;
}

#[tokio::test]
async fn a_key_that_cannot_be_stored_is_not_issued_and_what_was_typed_stays() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    page.click("Platform").await;
    page.click("Start the local platform").await;
    page.click("Issue a key").await;
    page.fill("Name", "payments-dev").await;
    page.fill("Allowed from", "127.0.0.0/8, ::1").await;
    let full = app.fill_disk(0);
    page.click("Issue key").await;
    let said = page.alert().await;
    assert!(!said.is_empty());
    assert_eq!(page.value("Name").await, "payments-dev");
    assert_eq!(page.value("Allowed from").await, "127.0.0.0/8, ::1");
    drop(full);
    page.click("Issue key").await;
    page.see("held as payments-dev").await;
}

#[tokio::test]
async fn the_command_line_reaches_the_window_again_after_its_socket_was_cleared_away() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    let owner = home.owner().expect("the app serves the socket");
    for entry in fs::read_dir(home.beside("run")).unwrap() {
        let entry = entry.unwrap();
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(b"strongroom-")
        {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    page.until("the socket to be served again", async || {
        (home.owner() == Some(owner)).then_some(())
    })
    .await;
    let status = home.run(&["status", "--json"]).document();
    assert_eq!(status["state"], "unlocked", "{status}");
    page.click("Add a key").await;
    page.fill("Name", "still-there").await;
}

#[tokio::test]
async fn a_page_whose_process_ends_comes_back() {
    let home = Home::new();
    let app = App::start(&home).await;
    let _ = app.first_run().await;
    let page = &app.page;
    page.see("No keys yet").await;

    let ended = app.end_pages();
    page.until(
        "a web process in the place of the one that ended",
        async || {
            let now = app.web_processes();
            (!now.is_empty() && ended.iter().all(|old| !now.contains(old))).then_some(())
        },
    )
    .await;
    // The driver has lost the page with its process: the screen shows that it is back.
    page.until("the page to be drawn again", async || {
        app.shows_words().then_some(())
    })
    .await;
    let status = home.run(&["status", "--json"]).document();
    assert_eq!(status["state"], "unlocked", "{status}");
}
