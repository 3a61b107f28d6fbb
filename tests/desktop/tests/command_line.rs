//! The command line and the window are two faces of one process.

use strongroom_desktop_tests::{App, Which};
use strongroom_testkit::Home;

#[tokio::test]
async fn the_command_line_unlocks_and_locks_the_running_app() {
    let home = Home::new();
    let app = App::start(&home).await;
    let factors = app.first_run().await;
    let page = &app.page;
    page.see("No keys yet").await;
    let owner = home.owner().expect("the app serves the socket");

    let before = page.go(Which::Main).await;
    let _ = home.run(&["lock", "--json"]).document();
    let locked = page.go_anew(Which::Main, &before).await;
    page.see("The vault is locked").await;

    let passphrase = home.file("passphrase", App::PASSPHRASE);
    let (code, at) = factors.later(0);
    let unlock = [
        "unlock",
        "--json",
        "--passphrase-file",
        &passphrase,
        "--code-stdin",
        "--at",
        &at,
    ];
    let _ = home.run_with(&code, &unlock).document();
    page.see("No keys yet").await;
    assert_eq!(
        page.go(Which::Main).await,
        locked,
        "the window that was open shows the keys"
    );
    assert_eq!(
        home.owner(),
        Some(owner),
        "no agent was started beside the app"
    );

    let secret = home.file("secret", "an example, not a secret");
    let _ = home
        .run(&[
            "key",
            "add",
            "from-the-cli",
            "--json",
            "--id",
            "app-1",
            "--secret-file",
            &secret,
        ])
        .document();
    page.see("from-the-cli").await;
}
