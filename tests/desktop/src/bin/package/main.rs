//! Tries the .deb that `make package` has built: it installs, what it holds works, and it goes without
//! a trace. The first argument names it.
//!
//! As root it is installed into this system, unless one is installed already; for anybody else dpkg
//! installs it into a root directory of the test's own. Either way nothing is run but what the
//! package has brought.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod installed;

use std::{env, fs, path::Path, process::Command};

use installed::Installed;
use strongroom_desktop_tests::App;
use strongroom_testkit::Home;

#[tokio::main]
async fn main() {
    let deb = env::args_os().nth(1).expect("usage: package FILE.deb");
    let package = Installed::from(deb.into());
    the_command_runs(&package);
    the_main_job_runs(&package);
    the_menu_has_an_entry_with_its_icons(&package);
    the_shells_read_their_completions(&package);
    the_manual_renders(&package);
    the_licence_is_there(&package);
    the_window_opens(&package).await;

    let files = package.files();
    package.remove();
    let left: Vec<_> = files.iter().filter(|path| path.exists()).collect();
    assert!(left.is_empty(), "removing the package leaves {left:?}");
}

fn the_command_runs(package: &Installed) {
    let said = run(package.command("usr/bin/strongroom").arg("--version"));
    assert_eq!(
        said.trim(),
        format!("strongroom {}", package.field("Version"))
    );
}

fn the_main_job_runs(package: &Installed) {
    let home = Home::new();
    let mut demo = package.command("usr/bin/strongroom");
    let said = run(home.surround(&mut demo).arg("demo"));
    assert!(said.contains("429"), "the demo ends early:\n{said}");
}

fn the_menu_has_an_entry_with_its_icons(package: &Installed) {
    let entry = package.path("usr/share/applications/Strongroom.desktop");
    let _ = run(Command::new("desktop-file-validate").arg(&entry));
    let text = read(&entry);
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .unwrap_or_else(|| panic!("the entry has no {key}:\n{text}"))
    };
    assert!(package.path(format!("usr/bin/{}", value("Exec"))).is_file());
    for size in [16, 24, 32, 48, 64, 128, 256, 512] {
        let icon = format!(
            "usr/share/icons/hicolor/{size}x{size}/apps/{}.png",
            value("Icon")
        );
        let picture =
            fs::read(package.path(&icon)).unwrap_or_else(|error| panic!("{icon}: {error}"));
        // Width and height follow the signature and the first chunk's length and type (PNG, 5.2, 11.2.2).
        let side = u32::to_be_bytes(size);
        assert_eq!(picture[16..24], [side, side].concat(), "{icon}");
    }
}

fn the_shells_read_their_completions(package: &Installed) {
    let bash = package.path("usr/share/bash-completion/completions/strongroom");
    let _ = run(Command::new("bash").arg("-n").arg(&bash));
    let offered = format!(
        "source '{}'; COMP_WORDS=(strongroom pla); COMP_CWORD=1; _strongroom strongroom pla strongroom; echo \"${{COMPREPLY[*]}}\"",
        bash.display()
    );
    let offered = run(Command::new("bash").args(["-c", &offered]));
    assert_eq!(offered.trim(), "platform");
    for (shell, file) in [
        ("zsh", "usr/share/zsh/vendor-completions/_strongroom"),
        (
            "fish",
            "usr/share/fish/vendor_completions.d/strongroom.fish",
        ),
    ] {
        let completions = package.path(file);
        assert!(completions.is_file(), "{file} is missing");
        if Command::new(shell).arg("-c").arg("true").status().is_ok() {
            let _ = run(Command::new(shell).arg("-n").arg(&completions));
        }
    }
}

fn the_manual_renders(package: &Installed) {
    let folder = package.path("usr/share/man/man1");
    let pages: Vec<_> = fs::read_dir(&folder)
        .expect("a folder of man pages")
        .map(|entry| entry.expect("a man page").path())
        // The system's folder holds those of others too.
        .filter(|page| {
            let name = page.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with("strongroom")
        })
        .collect();
    for name in [
        "strongroom.1.gz",
        "strongroom-app.1.gz",
        "strongroom-send.1.gz",
    ] {
        assert!(pages.contains(&folder.join(name)), "{name} is missing");
    }
    for page in pages {
        let mut man = Command::new("man");
        let output = man
            .args(["--local-file", "--warnings", "--encoding=utf-8"])
            .arg(&page)
            .env("MANPAGER", "cat")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("man runs (scripts/setup installs it)");
        let text = String::from_utf8_lossy(&output.stdout);
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && complaints.is_empty(),
            "{}: {complaints}",
            page.display()
        );
        assert!(text.contains("SYNOPSIS"), "{}:\n{text}", page.display());
    }
}

fn the_licence_is_there(package: &Installed) {
    let folder = package.path("usr/share/doc/strongroom");
    for file in ["changelog.gz", "third-party-licenses.gz"] {
        assert!(folder.join(file).is_file(), "{file} is missing");
    }
    let text = read(&folder.join("copyright"));
    for words in [
        "MIT OR Apache-2.0",
        "Permission is hereby granted",
        "Apache License",
    ] {
        assert!(text.contains(words), "the copyright file lacks {words:?}");
    }
}

async fn the_window_opens(package: &Installed) {
    let home = Home::new();
    let app = App::start_program(&home, &package.path("usr/bin/strongroom-app")).await;
    app.page.see("Create your vault").await;
    // The command that came with it asks the window, which owns the vault.
    let mut command = package.command("usr/bin/strongroom");
    let said = run(home.surround(&mut command).arg("status"));
    assert!(said.contains("no vault"), "{said}");
    let owner = home
        .owner()
        .expect("the vault has an owner")
        .as_raw_nonzero();
    let owner = fs::read_link(format!("/proc/{owner}/exe")).expect("a process of ours");
    assert_eq!(owner, package.path("usr/bin/strongroom-app"));
}

/// What a program that has to succeed has printed.
fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{command:?} failed: {}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    said.into_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
