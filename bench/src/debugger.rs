//! The debugger's whole search over a request with a body of 64 KiB, where nothing that it knows makes it
//! match: each form is tried until the search is over.

use std::{fmt::Write as _, hint::black_box};

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::SecretText;
use strongroom_debugger::{Exhibit, HeldKey, Knowledge, diagnose};
use strongroom_signing::{
    Credential, Field, Request, Scheme, Settings, Target,
    content_digest::{self, Algorithm},
    sign_with_nonce,
};

use crate::harness::{Goal, Pair, Row, Stopped, Unit, seconds};

const BYTES: usize = 64 * 1024;
const ROUNDS: usize = 15;
/// The goal, in seconds.
const MOST: f64 = 0.05;
const NOW: UnixMillis = UnixMillis::from_secs(1_793_534_400);
const SECRET: &str = "a secret as long as the ones that the platform makes";

pub(crate) fn run() -> Result<Vec<Row>, Stopped> {
    let told = |pairs: &[(&str, &str)]| -> Settings {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        owned.collect()
    };
    let form = told(&[
        (
            "content",
            "{timestamp}\\n{method}\\n{path_and_query}\\n{body}",
        ),
        ("headers", "x-time: {timestamp}\\nx-signature: {signature}"),
    ]);
    let aws = told(&[("region", "eu-west-1"), ("service", "execute-api")]);
    let none = Settings::new();
    [
        ("RFC 9421", Scheme::Rfc9421HmacSha256, &none),
        ("a webhook", Scheme::TV1, &none),
        ("a provider's own form", Scheme::HmacTemplate, &form),
        ("AWS Signature Version 4", Scheme::SigV4, &aws),
    ]
    .into_iter()
    .map(|(what, scheme, settings)| row(what, scheme, settings))
    .collect()
}

fn row(what: &str, scheme: Scheme, settings: &Settings) -> Result<Row, Stopped> {
    let exhibit = exhibit(scheme, settings)?;
    let key = HeldKey {
        name: "partner".to_owned(),
        id: Some("app-1".to_owned()),
        secret: Some(SecretText::new(SECRET.to_owned())),
        settings: settings.clone(),
        scheme: Some(scheme),
    };
    let pair = Pair::alternate(
        ROUNDS,
        || {
            seconds(|| {
                let knowledge = Knowledge::Held {
                    key: Some(&key),
                    others: &[],
                };
                let diagnosis = black_box(diagnose(&exhibit, &knowledge, NOW));
                let tried = diagnosis.search.map_or(0, |search| search.tried);
                if !diagnosis.changes.is_empty() || tried < 100 {
                    return Err(Stopped::because(format!(
                        "{what}: a search that tries {tried} forms and finds {:?}",
                        diagnosis.changes
                    )));
                }
                Ok(())
            })
        },
        || Ok(MOST),
    )?;
    Ok(Row {
        what: format!("the debugger's whole search, {what} over 64 KiB"),
        peer: "the goal".to_owned(),
        unit: Unit::Seconds,
        pair,
        goal: Goal::AtMost(1.0),
    })
}

/// A request whose body was changed in its content after it was signed: no form of it was signed.
fn exhibit(scheme: Scheme, settings: &Settings) -> Result<Exhibit, Stopped> {
    let signed_body = body("one");
    let sent_body = body("two");
    let target = Target::parse("https://api.example.com/v2/payins?page=2&q=a%20b")?;
    let secret = SecretText::new(SECRET.to_owned());
    let credential = Credential::new(&secret, "the secret")
        .with_public_id("app-1")
        .with_settings(settings);
    let digest = content_digest::make(Algorithm::Sha256, sent_body.as_bytes());
    let mut headers = vec![("content-type".to_owned(), b"application/json".to_vec())];
    if scheme == Scheme::Rfc9421HmacSha256 {
        // Whoever changed the body has made its digest anew, and could not sign.
        headers.push(("content-digest".to_owned(), digest.into_bytes()));
    }
    let typed = [Field::new("content-type", b"application/json")];
    let request = Request::new("POST", &target, &typed, signed_body.as_bytes());
    let signed = sign_with_nonce("nonce-1", scheme, &request, &credential, NOW)?;
    for header in &signed.headers {
        if header.name != "content-digest" {
            let value = header.value.expose_secret().as_bytes().to_vec();
            headers.push((header.name.clone().into_owned(), value));
        }
    }
    Ok(Exhibit {
        method: "POST".to_owned(),
        target,
        headers,
        body: sent_body.into_bytes(),
        peer: None,
        at: None,
    })
}

/// JSON of about 64 KiB with what serialisers differ in: spaces, numbers, escapes, the order of members.
fn body(note: &str) -> String {
    let mut text = format!("{{\"note\": \"{note}\", \"lines\": [");
    for number in 0.. {
        if text.len() >= BYTES - 2 {
            break;
        }
        let comma = if number > 0 { ", " } else { "" };
        // Writing into a text does not fail.
        let _ = write!(
            text,
            "{comma}{{\"sku\": \"a/{number}\", \"price\": {number}.50, \"name\": \"Zo\u{eb} {number}\"}}"
        );
    }
    text.push_str("]}");
    text
}
