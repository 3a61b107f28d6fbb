//! The README's first five minutes, word for word: at a terminal, with a keyring and an
//! authenticator.

use std::{
    cell::Cell,
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use strongroom_crypto::totp::{Codes, Step};
use strongroom_testkit::{Home, Keyring};

use crate::terminal::{self, Shown};

const PASSPHRASE: &str = "correct horse battery staple";
const QUESTIONS: &[&str] = &["New passphrase: ", "Once more: ", "Passphrase: ", "Code: "];

/// The lines after `$ ` below a heading of the README.
fn commands(heading: &str) -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let section = readme.split("\n## ").find(|part| part.starts_with(heading));
    section
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .map(str::to_owned)
        .collect()
}

/// The person at the terminal, with a phone.
struct Person<'home> {
    home: &'home Home,
    otpauth_uri: String,
    /// The last step whose code was typed.
    typed: Cell<Option<Step>>,
}

impl Person<'_> {
    fn run(&mut self, line: &str) -> Shown {
        let uri = self.otpauth_uri.clone();
        let shown = terminal::run(self.home, line, QUESTIONS, |so_far, question| {
            if question == "Code: " {
                self.code(otpauth_uri(so_far).unwrap_or(&uri))
            } else {
                PASSPHRASE.to_owned()
            }
        });
        if let Some(uri) = otpauth_uri(&shown.text) {
            self.otpauth_uri = uri.to_owned();
        }
        assert_eq!(shown.code, 0, "`{line}` ended so:\n{}", shown.text);
        shown
    }

    /// What the phone shows; the next code, if this one was typed already.
    fn code(&self, uri: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = Step::at(now.as_secs());
        let step = match self.typed.get() {
            Some(Step(typed)) if typed >= now.0 => Step(typed + 1),
            _ => now,
        };
        self.typed.set(Some(step));
        let codes = Codes::from_otpauth_uri(uri).unwrap();
        format!("{:06}", codes.at(step).expose_secret())
    }
}

fn otpauth_uri(shown: &str) -> Option<&str> {
    shown
        .split_whitespace()
        .find(|word| word.starts_with("otpauth://"))
}

/// A command that the README leaves running. Dropping it ends it.
struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(home: &Home, line: &str, port: u16) -> Background {
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let child = home
        .command(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let background = Background(child.unwrap());
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < deadline, "`{line}` does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    background
}

#[test]
fn the_first_five_minutes_go_as_the_readme_says() {
    let home = Home::new();
    let keyring = Keyring::start(&home);
    let variable = keyring.variable();
    let home = home.with_environment(&[variable, ("TERM", "xterm-256color")]);
    let mut person = Person {
        home: &home,
        otpauth_uri: String::new(),
        typed: Cell::new(None),
    };
    // The port of the README may be taken on this machine.
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);

    let mut background = Vec::new();
    let mut shown = String::new();
    let mut seen = Vec::new();
    for line in commands("The first five minutes") {
        let line = line.replace("8443", &port.to_string());
        if line.starts_with("cargo install") {
            let path = line.split_whitespace().next_back().unwrap();
            let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            assert!(manifest.join("src/main.rs").is_file(), "{line}");
            continue;
        }
        if let Some(line) = line.strip_suffix(" &") {
            background.push(serve(&home, line, port));
            continue;
        }
        let line = if line.contains("REQUEST_ID") {
            let id = shown.split("strongroom explain ").nth(1).unwrap();
            let id = id
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .next();
            line.replace("REQUEST_ID", id.unwrap())
        } else {
            line
        };
        shown = person.run(&line).text;
        for (command, answer) in [
            ("strongroom send GET", "200"),
            ("strongroom send POST", "403"),
            ("strongroom explain", "permission"),
            ("strongroom platform audit list", "403"),
            ("strongroom unlock", "unlocked"),
            ("strongroom lock", "locked"),
        ] {
            if line.starts_with(command) {
                assert!(shown.contains(answer), "`{line}` showed:\n{shown}");
                seen.push(command);
            }
        }
    }
    assert_eq!(seen.len(), 6, "the README shows the whole way: {seen:?}");
}

#[test]
fn every_command_in_the_documents_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = fs::read_dir(root.join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let documents = documents.chain([root.join("README.md"), root.join("CHANGELOG.md")]);
    let home = Home::new();
    let mut checked = 0;
    for document in documents.filter(|path| path.extension().is_some_and(|ext| ext == "md")) {
        let text = fs::read_to_string(&document).unwrap();
        for quoted in text.split('`').skip(1).step_by(2).chain(text.lines()) {
            let quoted = quoted.trim_start_matches("$ ");
            let Some(rest) = quoted.strip_prefix("strongroom ") else {
                continue;
            };
            let words: Vec<&str> = rest
                .split_whitespace()
                .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()))
                .collect();
            if words.is_empty() {
                continue;
            }
            let help = home.run(&[&words[..], &["--help"]].concat());
            assert_eq!(
                help.code,
                0,
                "{}: `{quoted}`\n{}",
                document.display(),
                help.stderr
            );
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} commands were found");
}
