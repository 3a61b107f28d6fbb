//! Standard Webhooks, OAuth 2.0 client authentication, and TOTP.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use serde_json::json;
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::totp::{Seed, Step};
use strongroom_signing::{
    Credential, Request, Scheme, Target, oauth2::token_request, sign_with_nonce, verify,
};

use crate::peer::{Lines, ask, secret, settings};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::peer::cases()))]

    #[test]
    fn webhooks_are_signed_and_verified_both_ways(
        key in prop::collection::vec(any::<u8>(), 24..=64),
        text in "\\PC{0,60}",
        id in "[a-zA-Z0-9_]{1,20}",
        time in 1_000_000_000_u64..2_000_000_000,
    ) {
        let key = format!("whsec_{}", BASE64_STANDARD.encode(key));
        let text = json!({ "text": text }).to_string();
        let none = settings(&[]);
        let typed = secret(&key);
        let credential = Credential::new(&typed, "r").with_settings(&none);
        let target = Target::parse("https://receiver.example/hook").unwrap();
        let request = Request::new("POST", &target, &[], text.as_bytes());
        let now = UnixMillis::from_secs(time);
        let signed =
            sign_with_nonce(&id, Scheme::StandardWebhooks, &request, &credential, now).unwrap();
        let ours = Lines::default().and(&signed);

        let question = json!({"ask": "webhook_sign", "secret": key, "id": id, "time": time, "text": text});
        let theirs = ask(&question).unwrap();
        prop_assert_eq!(theirs["signature"].as_str(), Some(ours.value("webhook-signature")));

        let mut question =
            json!({"ask": "webhook_verify", "secret": key, "headers": ours.json(), "text": text});
        ask(&question).unwrap();
        question["text"] = json!(format!("{text} "));
        ask(&question).unwrap_err();
        let fields = ours.fields();
        let received = Request::new("POST", &target, &fields, text.as_bytes());
        let verified = verify(Scheme::StandardWebhooks, &received, &credential).unwrap();
        prop_assert_eq!(verified.made, Some(now));
    }

    #[test]
    fn a_client_authenticates_as_authlib_has_it(id in "[ -9;-~]{1,20}", password in "[ -~]{1,20}") {
        let typed = secret(&password);
        let there = settings(&[("token_url", "https://h.example/token")]);
        let credential = Credential::new(&typed, "r").with_public_id(&id).with_settings(&there);
        let ours = token_request(&credential).unwrap();
        let ours = ours.headers.iter().find(|header| header.name == "authorization").unwrap();
        // RFC 6749, section 2.3.1 encodes both as a form first; Authlib joins them as they are.
        let encoded = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        let question = json!({"ask": "client_basic", "id": encoded(&id), "secret": encoded(&password)});
        let theirs = ask(&question).unwrap();
        prop_assert_eq!(theirs["authorization"].as_str(), Some(ours.value.expose_secret()));
    }

    #[test]
    fn codes_are_the_same(seed in prop::array::uniform20(any::<u8>()), time in 0_u64..4_000_000_000) {
        let ours = Seed::from_slice(&seed).unwrap().codes().at(Step::at(time)).expose_secret();
        let question = json!({"ask": "totp", "seed": BASE64_STANDARD.encode(seed), "time": time});
        let theirs = ask(&question).unwrap();
        prop_assert_eq!(theirs["code"].as_str(), Some(&*format!("{ours:06}")));
    }
}
