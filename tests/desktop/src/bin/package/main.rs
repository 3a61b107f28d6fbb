//! Tries the packages that `make package` has built: each installs, what it holds works, and it goes
//! without a trace. The arguments name them.
//!
//! As root a .deb is installed into this system, unless one is installed already; for anybody else dpkg
//! installs it into a root directory of the test's own, as rpm always does. Either way nothing is run
//! but what the package has brought.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod installed;

use std::{env, fs, path::Path, process::Command};

use installed::{Format, Installed};
use strongroom_desktop_tests::App;
use strongroom_testkit::Home;

#[tokio::main]
async fn main() {
    let files: Vec<_> = env::args_os().skip(1).collect();
    assert!(!files.is_empty(), "usage: package FILE.deb|FILE.rpm...");
    for file in files {
        try_out(Installed::from(file.into())).await;
    }
}

async fn try_out(package: Installed) {
    the_command_runs(&package);
    the_main_job_runs(&package);
    the_libraries_are_asked_for(&package);
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
    assert_eq!(said.trim(), format!("strongroom {}", package.version()));
}

fn the_main_job_runs(package: &Installed) {
    let home = Home::new();
    let mut demo = package.command("usr/bin/strongroom");
    let said = run(home.surround(&mut demo).arg("demo"));
    assert!(said.contains("429"), "the demo ends early:\n{said}");
}

/// The pages' engine, and the library of the tray, which is loaded by its name.
fn the_libraries_are_asked_for(package: &Installed) {
    let wanted = match package.format() {
        Format::Deb => ["libwebkit2gtk-4.1-0", "libayatana-appindicator3-1"],
        Format::Rpm => ["libwebkit2gtk-4.1.so.0", "libayatana-appindicator3.so.1"],
    };
    let asked_for = package.requirements();
    for library in wanted {
        assert!(
            asked_for.contains(library),
            "{library} is not in {asked_for}"
        );
    }
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
    let zsh = match package.format() {
        Format::Deb => "usr/share/zsh/vendor-completions/_strongroom",
        Format::Rpm => "usr/share/zsh/site-functions/_strongroom",
    };
    let fish = "usr/share/fish/vendor_completions.d/strongroom.fish";
    for (shell, file) in [("zsh", zsh), ("fish", fish)] {
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
    let (folder, files, texts): (_, &[_], &[_]) = match package.format() {
        Format::Deb => (
            "usr/share/doc/strongroom",
            &["changelog.gz", "third-party-licenses.gz"],
            &["copyright"],
        ),
        Format::Rpm => (
            "usr/share/licenses/strongroom",
            &["third-party-licenses.gz"],
            &["LICENSE-MIT", "LICENSE-APACHE"],
        ),
    };
    let folder = package.path(folder);
    for file in files {
        assert!(folder.join(file).is_file(), "{file} is missing");
    }
    let text: String = texts.iter().map(|file| read(&folder.join(file))).collect();
    assert!(package.license().contains("MIT OR Apache-2.0"));
    for words in ["Permission is hereby granted", "Apache License"] {
        assert!(text.contains(words), "the licences lack {words:?}");
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
