//! The canary: secrets that are used over every path, and then looked for everywhere.

use std::{fs, path::Path};

use strongroom_testkit::{Home, Outcome};

use crate::scene::{Scene, text};

/// Everything that any part said or wrote.
#[derive(Default)]
struct Haystack(Vec<(String, Vec<u8>)>);

impl Haystack {
    fn heard(&mut self, outcome: &Outcome) {
        for said in [&outcome.stdout, &outcome.stderr] {
            self.0
                .push((outcome.command.clone(), said.clone().into_bytes()));
        }
    }

    fn files_below(&mut self, folder: &Path, except: &[&str]) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                self.files_below(&path, except);
            } else if entry.file_type().unwrap().is_file() && !except.contains(&name.as_str()) {
                self.0
                    .push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }

    /// Where `needle` stands, as text or in an encoding that gives it away.
    fn find(&self, needle: &str) -> Option<&str> {
        let forms = encodings(needle);
        self.0
            .iter()
            .find(|(_, bytes)| {
                forms
                    .iter()
                    .any(|form| bytes.windows(form.len()).any(|window| window == form))
            })
            .map(|(place, _)| place.as_str())
    }
}

/// The needle itself and what it looks like in base64 (at each of three offsets), hex, and reversed.
fn encodings(needle: &str) -> Vec<Vec<u8>> {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let mut forms = vec![
        needle.as_bytes().to_vec(),
        needle.bytes().rev().collect(),
        hex::encode(needle).into_bytes(),
        hex::encode_upper(needle).into_bytes(),
    ];
    for skipped in 0..3 {
        // Whole groups of three bytes encode alike wherever they stand.
        let whole = &needle.as_bytes()[skipped..];
        let whole = &whole[..whole.len() / 3 * 3];
        let form = STANDARD_NO_PAD.encode(whole);
        forms.push(form.replace('+', "-").replace('/', "_").into_bytes());
        forms.push(form.into_bytes());
    }
    forms
}

#[test]
fn the_search_sees_what_gives_a_secret_away() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let secret = "a secret to find";
    for hidden in [
        format!("before {secret} behind"),
        hex::encode(secret),
        STANDARD.encode(secret),
        STANDARD.encode(format!("x{secret}")),
        STANDARD.encode(format!("xy{secret}")),
    ] {
        let haystack = Haystack(vec![("there".to_owned(), hidden.clone().into_bytes())]);
        assert_eq!(haystack.find(secret), Some("there"), "{hidden}");
    }
    let haystack = Haystack(vec![("there".to_owned(), b"a secret to fin".to_vec())]);
    assert_eq!(haystack.find(secret), None);
}

#[test]
fn a_marked_secret_appears_nowhere() {
    let home = Home::new().with_environment(&[("STRONGROOM_LOG", "trace")]);
    let scene = Scene::open(&home);
    let marked = format!(
        "canary-{}",
        hex::encode(strongroom_crypto::random::bytes::<16>())
    );
    let app_id = scene.issue("payments", &["--may-sign", "--scope", "payins:write"]);
    let issued = home
        .run(&["read", "-n", "sr://payments/secret"])
        .exited(0)
        .stdout;
    let mut needles = vec![marked.clone(), issued, scene.vault.recovery_code.clone()];

    let mut haystack = Haystack::default();
    let mut run = |stdin: &str, arguments: &[&str]| {
        let outcome = home.run_with(stdin, arguments);
        haystack.heard(&outcome);
        outcome
    };

    // A secret of somebody else's, presented to the platform in every way, and refused.
    let hosts = ["--host", "localhost", "--host", "127.0.0.1"];
    let add = [
        &["key", "add", "marked", "--id", &app_id, "--secret-stdin"],
        &hosts[..],
    ]
    .concat();
    let _ = run(&marked, &add).exited(0);
    let ping = scene.platform.url("/api/v1/ping");
    let payins = scene.platform.url("/api/v2/payins");
    let token = scene.platform.url("/api/v1/payment_gateways/access_token");
    let mut ids = Vec::new();
    for key in ["marked", "payments"] {
        for scheme in ["header-pair", "bearer", "rfc9421-hmac-sha256"] {
            for command in [
                vec!["send", "--json", "GET", &ping],
                vec![
                    "send",
                    "--json",
                    "POST",
                    &payins,
                    "--data",
                    r#"{"amount":"10.00"}"#,
                ],
                vec!["send", "-v", "GET", &ping],
            ] {
                let outcome = run(
                    "",
                    &[&command[..], &["--key", key, "--scheme", scheme]].concat(),
                );
                if command[1] == "--json" {
                    let exchange = outcome.document();
                    ids.push(text(&exchange["request_id"]).to_owned());
                }
            }
        }
    }
    // The token that the platform makes is a secret as well; only the answer itself holds it.
    let answer = home
        .run(&["send", "--json", "GET", &token, "--key", "payments"])
        .document();
    let answer: serde_json::Value = serde_json::from_str(text(&answer["body"])).unwrap();
    let bearer = text(&answer["access_token"]).to_owned();
    let add = [
        &[
            "key",
            "add",
            "token",
            "--scheme",
            "bearer",
            "--secret-stdin",
        ],
        &hosts[..],
    ]
    .concat();
    let _ = run(&bearer, &add).exited(0);
    let _ = run("", &["send", "--json", "GET", &ping, "--key", "token"]).exited(0);
    // The signature is what a token's holder must not be able to forge.
    needles.push(bearer.rsplit('.').next().unwrap().to_owned());

    // What is refused on this side: another host, plain HTTP, nobody there, TLS that does not verify.
    let other = [
        "https://api.example.com/",
        "http://localhost:9/",
        "https://localhost:9/",
        "ftp://localhost/",
    ];
    for url in other {
        let sent = run("", &["send", "--json", "GET", url, "--key", "marked"]);
        assert_ne!(sent.code, 0, "{url}");
    }
    // Malformed on purpose.
    for arguments in [
        vec!["read", "sr://marked/none"],
        vec!["read", "sr://none/secret"],
        vec!["key", "add", "marked", "--secret-stdin"],
        vec!["send", "--json", "GET", "not a url", "--key", "marked"],
    ] {
        assert_ne!(run(&marked, &arguments).code, 0, "{arguments:?}");
    }
    // Everything that shows something.
    for id in &ids {
        let _ = run("", &["explain", "--json", id]).exited(0);
    }
    for arguments in [
        vec!["explain", &ids[0]],
        vec!["status"],
        vec!["key", "list"],
        vec!["key", "list", "--json"],
        vec!["key", "show", "marked"],
        vec!["key", "show", "marked", "--json"],
        vec!["vault", "verify"],
        vec!["platform", "key", "list", "--json"],
        vec!["platform", "audit", "list", "--limit", "1000", "--json"],
        vec!["platform", "audit", "verify", "--json"],
        vec!["key", "remove", "marked"],
        vec!["lock"],
    ] {
        let _ = run("", &arguments).exited(0);
    }

    let owner = home
        .owner()
        .expect("the owner outlives the lock")
        .as_raw_nonzero();
    for file in ["cmdline", "environ"] {
        for pid in [owner.get().unsigned_abs(), scene.platform.address().pid] {
            let path = format!("/proc/{pid}/{file}");
            // Not readable by other users: then there is nothing to find.
            haystack
                .0
                .push((path.clone(), fs::read(&path).unwrap_or_default()));
        }
    }
    haystack.files_below(home.outermost(), &["passphrase", "device.key"]);

    assert!(
        haystack.find(&app_id).is_some(),
        "what is not secret is found, so the search works"
    );
    for needle in &needles {
        assert!(needle.len() >= 16, "too short to be looked for");
        assert_eq!(haystack.find(needle), None, "a secret was found there");
    }
}
