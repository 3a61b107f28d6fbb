//! docs/SIGNING.md shows an exchange of each scheme: what it shows is what is made now.

use std::fmt::Write as _;

use strongroom_signing::{
    Credential, Field, HeaderValue, Request, Scheme, Setting, Target, Verified, sign_with_nonce,
    verify,
};

use crate::schemes::{NOW, examples};

const DOCUMENT: &str = include_str!("../../../../docs/SIGNING.md");
const URL: &str = "https://api.example.com/v2/payins?page=2";
const BODY: &str = r#"{"amount":10}"#;
const ALTERED: &str = r#"{"amount":99}"#;

/// The request, what came of it, and where it landed.
fn exchange(scheme: Scheme) -> String {
    let example = examples().into_iter().find(|one| one.scheme == scheme);
    let example = example.unwrap();
    let settings = shown_settings(scheme, &example.settings);
    let credential = Credential::new(&example.secret, "sr://payments/secret")
        .with_public_id("app-1")
        .with_settings(&example.settings);
    let target = Target::parse(URL).unwrap();
    let fields = [Field::new("content-type", b"application/json")];
    let request = Request::new("POST", &target, &fields, BODY.as_bytes());
    let signed = sign_with_nonce("nonce-1", scheme, &request, &credential, NOW).unwrap();
    let again = sign_with_nonce("nonce-1", scheme, &request, &credential, NOW).unwrap();
    let mut text = format!("POST {URL}\ncontent-type: application/json\n\n{BODY}\n");
    text.push_str(&settings);
    for (step, other) in signed.steps.iter().zip(&again.steps) {
        let _ = writeln!(text, "\n{}", step.name);
        let value = if step.value == other.value {
            &*step.value
        } else {
            "(another one each time)"
        };
        for line in value.lines() {
            let _ = writeln!(text, "{}", format!("  {line}").trim_end());
        }
    }
    text.push_str("\nadded to the request\n");
    for (header, other) in signed.headers.iter().zip(&again.headers) {
        let value = if header.value.shown() == other.value.shown() {
            header.value.shown()
        } else {
            "(another one each time)"
        };
        let _ = writeln!(text, "  {}: {value}", header.name);
    }
    if let Some(HeaderValue::Secret { shown, .. }) = signed.query.as_ref().map(|query| &query.value)
    {
        let _ = writeln!(text, "  {shown}");
    }
    let mut sent = fields.to_vec();
    for header in &signed.headers {
        sent.push(Field::new(
            &header.name,
            header.value.expose_secret().as_bytes(),
        ));
    }
    text.push_str("\na verifier says\n");
    for (of, body) in [("this request", BODY), ("one with another body", ALTERED)] {
        let received = Request::new("POST", &target, &sent, body.as_bytes());
        let said = match verify(scheme, &received, &credential) {
            Ok(Verified {
                made: Some(made), ..
            }) => format!("genuine, made {made}"),
            Ok(Verified { made: None, .. }) => "genuine".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        let _ = writeln!(text, "  {of}: {said}");
    }
    text
}

fn shown_settings(scheme: Scheme, settings: &strongroom_signing::Settings) -> String {
    let mut text = String::new();
    for Setting { name, .. } in scheme.settings() {
        if let Some(value) = settings.get(name) {
            let value = value.replace('\n', "\\n");
            let gap = if text.is_empty() { "\n" } else { "" };
            let _ = writeln!(text, "{gap}{name} = {value}");
        }
    }
    text
}

fn table(scheme: Scheme) -> String {
    let mut text = String::new();
    for setting in scheme.settings() {
        let needed = if setting.required { ", needed" } else { "" };
        let _ = writeln!(text, "- `{}`{needed}: {}", setting.name, setting.about);
    }
    text
}

/// The block between the fences behind the heading of `scheme`, and the list of settings before it.
fn section(scheme: Scheme) -> (usize, usize) {
    let heading = format!("\n## `{scheme}`");
    // Without its section the search ends here.
    let at = DOCUMENT.find(&heading).unwrap();
    let fence = at + DOCUMENT[at..].find("```text\n").unwrap() + "```text\n".len();
    (fence, fence + DOCUMENT[fence..].find("```").unwrap())
}

#[test]
fn the_exchanges_of_the_document_are_what_is_made_now() {
    let mut blessed = DOCUMENT.to_owned();
    let mut wrong = Vec::new();
    for scheme in Scheme::ALL {
        let made = exchange(scheme);
        let (from, to) = section(scheme);
        if DOCUMENT[from..to] != made {
            wrong.push(scheme.id());
            blessed = blessed.replacen(
                &DOCUMENT[section_start(scheme)..to],
                &format!("{}{made}", &DOCUMENT[section_start(scheme)..from]),
                1,
            );
        }
        for setting in table(scheme).lines() {
            let start = section_start(scheme);
            assert!(
                DOCUMENT[start..from].contains(setting),
                "docs/SIGNING.md does not say of {scheme}: {setting}"
            );
        }
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a test writes its expectation if asked to"
    )]
    if !wrong.is_empty() && std::env::var_os("STRONGROOM_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/SIGNING.md");
        std::fs::write(path, blessed).unwrap();
        return;
    }
    assert!(
        wrong.is_empty(),
        "the exchanges of {wrong:?} in docs/SIGNING.md are not what is made now; STRONGROOM_BLESS=1 accepts it"
    );
}

fn section_start(scheme: Scheme) -> usize {
    DOCUMENT.find(&format!("\n## `{scheme}`")).unwrap()
}
