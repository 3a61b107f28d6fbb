//! Requests that nobody would send on purpose.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use strongroom_contract::{diagnosis::Exhibit as Pasted, explain::Decision, time::UnixMillis};
use strongroom_crypto::SecretText;
use strongroom_debugger::{Exhibit, HeldKey, Knowledge, diagnose, report};
use strongroom_signing::{
    Credential, Field, Request, Scheme, Settings, SigningContext, Target, sign,
};

const NOW: UnixMillis = UnixMillis(1_793_534_400_000);
const URL: &str = "https://api.example.com/api/v2/payins";

fn key() -> HeldKey {
    HeldKey {
        name: "test".to_owned(),
        id: Some("merchant-1".to_owned()),
        secret: Some(SecretText::new("a secret of this test".to_owned())),
        settings: Settings::new(),
        scheme: None,
    }
}

fn judged(exhibit: &Exhibit) -> strongroom_contract::diagnosis::Diagnosis {
    let key = key();
    let knowledge = Knowledge::Held {
        key: Some(&key),
        others: &[],
    };
    diagnose(exhibit, &knowledge, NOW)
}

/// A request that is signed over `signed` and sent with `sent`.
fn signed_over(signed: &[u8], sent: &[u8]) -> Exhibit {
    let key = key();
    let target = Target::parse(URL).unwrap();
    let json = [Field::new("content-type", b"application/json")];
    let request = Request::new("POST", &target, &json, signed);
    let credential = Credential::new(key.secret.as_ref().unwrap(), "sr://test/secret")
        .with_public_id("merchant-1");
    let context = SigningContext {
        now: NOW,
        nonce: [7; 16],
    };
    let made = sign(Scheme::Rfc9421HmacSha256, &request, &credential, &context).unwrap();
    let mut headers = vec![("content-type".to_owned(), b"application/json".to_vec())];
    for header in made.headers {
        let value = header.value.expose_secret().as_bytes().to_vec();
        headers.push((header.name.into_owned(), value));
    }
    Exhibit {
        method: "POST".to_owned(),
        target,
        headers,
        body: sent.to_vec(),
        peer: None,
        at: None,
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "[a-zäé/<\"\\\\ ]{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Into::into),
            prop::collection::btree_map("[a-z]{1,6}", inner, 1..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_body_in_another_form_is_always_recognised(value in json(), newline in any::<bool>()) {
        prop_assume!(value.is_array() || value.is_object());
        let compact = value.to_string();
        let mut pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assume!(pretty != compact);
        if newline {
            pretty.push('\n');
        }
        let diagnosis = judged(&signed_over(pretty.as_bytes(), compact.as_bytes()));
        let mut ids: Vec<_> = diagnosis.changes.iter().map(|it| it.id.as_str()).collect();
        ids.sort_unstable();
        let expected: &[&str] = if newline {
            &["body-json-whitespace", "body-trailing-newline"]
        } else {
            &["body-json-whitespace"]
        };
        prop_assert_eq!(ids, expected);
    }

    #[test]
    fn a_body_that_is_sent_as_it_was_signed_is_never_accused(body in prop::collection::vec(any::<u8>(), 0..64)) {
        let diagnosis = judged(&signed_over(&body, &body));
        prop_assert_eq!(diagnosis.explanation.decision, Decision::Unknown);
        prop_assert!(diagnosis.changes.is_empty());
    }

    #[test]
    fn nothing_that_is_pasted_breaks_it(
        method in "\\PC{0,5}",
        path in "[ -~]{0,20}",
        names in prop::collection::vec(prop_oneof![
            Just("signature"), Just("signature-input"), Just("content-digest"), Just("authorization"),
            Just("app-id"), Just("secret-key"), Just("access-token"), Just("x-forwarded-host"),
        ], 0..6),
        values in prop::collection::vec("\\PC{0,40}|sig1=[ -~]{0,60}|:[A-Za-z0-9+/=]{0,90}:", 6),
        body in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let headers = names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value)).collect();
        let pasted = Pasted {
            method,
            url: format!("{URL}/{path}"),
            headers,
            body_base64: BASE64_STANDARD.encode(&body),
            peer: None,
            at: None,
        };
        if let Ok(exhibit) = Exhibit::read(&pasted) {
            let diagnosis = judged(&exhibit);
            prop_assert!(!report::markdown(&diagnosis).is_empty());
            prop_assert!(report::html(&diagnosis).ends_with("</html>\n"));
        }
    }
}

#[test]
fn a_search_stops_at_its_bound() {
    // A deep query, many headers and a large body, signed with a secret that nobody has.
    let mut exhibit = signed_over(b"{}", &b"{\"a\":[1,2,3]}\n".repeat(5_000));
    for at in 0..40 {
        exhibit.headers.push((format!("x-{at}"), b"a, b".to_vec()));
    }
    let input = exhibit
        .headers
        .iter_mut()
        .find(|(name, _)| name == "signature-input")
        .unwrap();
    let covered: String = (0..40).map(|at| format!(" \"x-{at}\"")).collect();
    input.1 = String::from_utf8(input.1.clone())
        .unwrap()
        .replace(
            "\"content-digest\"",
            &format!("\"content-digest\"{covered}"),
        )
        .into_bytes();
    let diagnosis = judged(&exhibit);
    let search = diagnosis.search.unwrap();
    assert!(!search.complete && search.tried < 20_000, "{search:?}");
    assert!(diagnosis.changes.is_empty());
}
