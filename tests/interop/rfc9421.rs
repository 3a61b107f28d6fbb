//! RFC 9421 with http-message-signatures.

use serde_json::json;
use strongroom_contract::time::UnixMillis;
use strongroom_signing::{Credential, Request, Scheme, Target, sign_with_nonce, verify};

use crate::peer::{Lines, ask, key, secret, settings};

const URL: &str = "https://api.example.com/v2/payins?page=2&q=a%20b";
const BODY: &[u8] = br#"{"amount": 10}"#;
const TIME: u64 = 1_618_884_473;

const KEYS: [(Scheme, &str); 5] = [
    (Scheme::Rfc9421HmacSha256, "a shared secret"),
    (Scheme::Rfc9421Ed25519, key!("rfc9421-ed25519.private")),
    (
        Scheme::Rfc9421EcdsaP256Sha256,
        key!("rfc9421-ecc-p256.private"),
    ),
    (Scheme::Rfc9421RsaPssSha512, key!("rfc9421-rsa.private")),
    (Scheme::Rfc9421RsaV15Sha256, key!("rfc9421-rsa.private")),
];

#[test]
fn ours_verifies_there_and_altered_does_not() {
    let none = settings(&[]);
    for (scheme, key) in KEYS {
        let key_text = secret(key);
        let credential = Credential::new(&key_text, "r")
            .with_public_id("app-1")
            .with_settings(&none);
        let target = Target::parse(URL).unwrap();
        let lines = Lines::of(&[
            ("Content-Type", "application/json"),
            ("Host", "api.example.com"),
        ]);
        let fields = lines.fields();
        let request = Request::new("POST", &target, &fields, BODY);
        let now = UnixMillis::from_secs(TIME);
        let signed = sign_with_nonce("nonce-1", scheme, &request, &credential, now).unwrap();
        let lines = lines.and(&signed);
        let question = |method: &str| {
            json!({
                "ask": "rfc9421_verify", "scheme": scheme.id(), "id": "app-1", "secret": key,
                "private_key": scheme.needs_private_key().then_some(key).map_or(json!(null), |key| json!(key)),
                "method": method, "url": URL, "headers": lines.json(),
            })
        };
        let strip = |mut question: serde_json::Value| {
            if question["private_key"].is_null() {
                question.as_object_mut().unwrap().remove("private_key");
            }
            question
        };
        ask(&strip(question("POST"))).unwrap_or_else(|error| panic!("{scheme}: {error}"));
        let refused = ask(&strip(question("PUT"))).unwrap_err();
        assert!(refused.contains("InvalidSignature"), "{scheme}: {refused}");
    }
}

#[test]
fn theirs_verifies_here_and_altered_does_not() {
    let none = settings(&[]);
    for (scheme, key) in KEYS {
        let mut question = json!({
            "ask": "rfc9421_sign", "scheme": scheme.id(), "id": "app-1", "secret": key,
            "method": "POST", "url": URL, "time": TIME, "nonce": "nonce-1",
            "headers": {"Content-Type": "application/json", "X-Empty": "", "Host": "api.example.com"},
            "components": [
                "@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query",
                "\"@query-param\";name=\"q\"", "content-type", "x-empty",
            ],
        });
        if scheme.needs_private_key() {
            question["private_key"] = json!(key);
        }
        let answer = ask(&question).unwrap_or_else(|error| panic!("{scheme}: {error}"));
        let lines = Lines::read(&answer);
        let fields = lines.fields();
        let key_text = secret(key);
        let credential = Credential::new(&key_text, "r")
            .with_public_id("app-1")
            .with_settings(&none);
        let target = Target::parse(URL).unwrap();
        let request = Request::new("POST", &target, &fields, b"");
        let verified = verify(scheme, &request, &credential)
            .unwrap_or_else(|error| panic!("{scheme}: {error}"));
        assert_eq!(verified.made, Some(UnixMillis::from_secs(TIME)));
        let altered = Request::new("PUT", &target, &fields, b"");
        assert!(verify(scheme, &altered, &credential).is_err(), "{scheme}");
    }
}
