//! Copying to a real clipboard: X11's, on a display of its own. `make test` installs Xvfb.

use std::process::{Child, Command, Stdio};

/// A display that ends with this.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "64x64x8",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says its number once it accepts clients.
        let mut number = String::new();
        let mut said = std::io::BufReader::new(server.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut said, &mut number).unwrap();
        Self {
            server,
            name: format!(":{}", number.trim()),
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// Runs one of the `inside` tests as a process of its own on a display of its own.
fn run(test: &str, display: Option<&Display>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "--nocapture"])
        .arg(format!("clipboard::inside::{test}"))
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("DISPLAY");
    if let Some(display) = display {
        command.env("DISPLAY", &display.name);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{complained}"
    );
}

#[test]
fn a_copied_secret_is_cleared_at_lock_if_it_is_still_there() {
    run("a_secret_leaves_at_lock", Some(&Display::start()));
}

#[test]
fn a_copied_secret_is_cleared_after_a_while() {
    run("a_secret_leaves_by_itself", Some(&Display::start()));
}

#[test]
fn without_a_display_copying_is_refused_with_what_to_do() {
    run("nothing_is_copied", None);
}

mod inside {
    use std::time::Duration;

    use strongroom_contract::{
        agent::KeyAdd,
        error::ErrorCode,
        window::{ActivityKind, Settings},
    };
    use strongroom_workbench::os::clipboard::{Clipboard, History};

    use crate::{
        desk::Window,
        scene::{SECRET, key},
    };

    fn text(clipboard: &Clipboard) -> Option<String> {
        clipboard.text().unwrap().map(|text| text.to_string())
    }

    /// Waits until the clipboard is empty.
    fn cleared(clipboard: &Clipboard) {
        for _ in 0..2_000 {
            if text(clipboard).is_none() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the secret is still in the clipboard");
    }

    #[test]
    #[ignore = "run by a test above, on a display of its own"]
    fn a_secret_leaves_at_lock() {
        let (window, codes) = Window::open();
        drop(codes);
        let added = window.call::<KeyAdd>(key("payments", &[])).unwrap();
        let copy = |field: &str| window.block_on(window.desk.copy_field(&added.id, field));
        // Another program, as far as the display can tell.
        let other = Clipboard::default();

        assert_eq!(copy("id").unwrap(), 0);
        assert_eq!(text(&other).as_deref(), Some("app_1"));
        assert_eq!(copy("nonsense").unwrap_err().code, ErrorCode::NotFound);
        assert_eq!(text(&other).as_deref(), Some("app_1"));
        assert_eq!(copy("secret").unwrap(), 30);
        assert_eq!(text(&other).as_deref(), Some(SECRET));
        let row = window.desk.activity().remove(0);
        assert_eq!(row.kind, ActivityKind::Copied);
        assert_eq!(row.item.as_deref(), Some("payments"));
        window.block_on(window.desk.lock()).unwrap();
        cleared(&other);

        let refused = copy("secret").unwrap_err();
        assert_eq!(refused.code, ErrorCode::Locked);
    }

    #[test]
    #[ignore = "run by a test above, on a display of its own"]
    fn a_secret_leaves_by_itself() {
        let (window, _) = Window::open();
        let added = window.call::<KeyAdd>(key("payments", &[])).unwrap();
        let other = Clipboard::default();
        // Shorter than a person may choose: a settings file would be refused.
        window.desk.apply(&Settings {
            clipboard_seconds: 1,
            ..Settings::default()
        });
        let copied = window.desk.copy_field(&added.id, "secret");
        assert_eq!(window.block_on(copied).unwrap(), 1);
        cleared(&other);

        // What somebody else has put there meanwhile stays, also at the end.
        let copied = window.desk.copy_field(&added.id, "secret");
        window.block_on(copied).unwrap();
        other.set("something else", History::Kept).unwrap();
        window.block_on(window.desk.close());
        assert_eq!(text(&other).as_deref(), Some("something else"));
    }

    #[test]
    #[ignore = "run by a test above, without a display"]
    fn nothing_is_copied() {
        let (window, _) = Window::open();
        let added = window.call::<KeyAdd>(key("payments", &[])).unwrap();
        for copied in [
            window
                .block_on(window.desk.copy_field(&added.id, "secret"))
                .map(|_| ()),
            window.block_on(window.desk.copy_text("text".into())),
        ] {
            let refused = copied.unwrap_err();
            assert_eq!(refused.code, ErrorCode::Failed);
            assert!(refused.hint.is_some());
            assert!(!format!("{refused:?}").contains("CANARY"));
        }
    }
}
