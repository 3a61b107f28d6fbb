//! Every scheme: what it signs verifies, and nothing else does.

use strongroom_contract::time::UnixMillis;
use strongroom_crypto::SecretText;
use strongroom_signing::{
    Credential, Field, Refusal, Request, Scheme, Settings, Signed, Target, sign_with_nonce, verify,
};

use crate::support::{Lines, secret, settings};

pub(crate) const NOW: UnixMillis = UnixMillis::from_secs(1_618_884_473);

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../../../crypto/tests/data/keys/", $name, ".pem"))
    };
}
pub(crate) use key;

/// A scheme with a secret that fits it, and another one.
pub(crate) struct Example {
    pub(crate) scheme: Scheme,
    pub(crate) secret: SecretText,
    pub(crate) other: SecretText,
    pub(crate) settings: Settings,
}

const TEMPLATE: [(&str, &str); 2] = [
    (
        "content",
        "{timestamp}\\n{nonce}\\n{method}\\n{host}{path_and_query}\\n{header:content-type}\\n{id}{{}}{body}",
    ),
    (
        "headers",
        "x-time: {timestamp}\nx-nonce: {nonce}\nx-signature: id={id},v1={signature}",
    ),
];

pub(crate) fn examples() -> Vec<Example> {
    let p256 = key!("p256.pkcs8");
    let own_p256 = key!("rfc7515-a3.private");
    Scheme::ALL
        .into_iter()
        .map(|scheme| {
            let (secret, other) = match scheme {
                Scheme::JwtRs256 | Scheme::Rfc9421RsaPssSha512 | Scheme::Rfc9421RsaV15Sha256 => {
                    (key!("rfc9421-rsa.private"), key!("rfc9421-rsa-pss.private"))
                }
                Scheme::JwtEs256 | Scheme::Rfc9421EcdsaP256Sha256 => (p256, own_p256),
                Scheme::JwtEdDsa | Scheme::Rfc9421Ed25519 => {
                    (key!("rfc9421-ed25519.private"), key!("rfc8037-a1.private"))
                }
                Scheme::StandardWebhooks => (
                    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                    "whsec_NfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                ),
                _ => ("sk_test_1", "sk_test_2"),
            };
            let settings = match scheme {
                Scheme::SigV4 => settings(&[("region", "eu-west-1"), ("service", "execute-api")]),
                Scheme::HmacTemplate => settings(&TEMPLATE),
                Scheme::JwtHs256 => settings(&[("claims", r#"{"aud":"x","n":1}"#)]),
                _ => settings(&[]),
            };
            Example {
                scheme,
                secret: crate::support::secret(secret),
                other: crate::support::secret(other),
                settings,
            }
        })
        .collect()
}

fn credential<'a>(secret: &'a SecretText, settings: &'a Settings) -> Credential<'a> {
    Credential::new(secret, "sr://payments/secret")
        .with_public_id("app_1")
        .with_settings(settings)
}

/// The target with what signing added to it.
fn complete(target: &str, signed: &Signed) -> Target {
    let mut url = target.to_owned();
    if let Some(query) = &signed.query {
        url.push('&');
        url.push_str(&query.name);
        url.push('=');
        url.push_str(query.value.expose_secret());
    }
    Target::parse(&url).unwrap()
}

const URL: &str = "https://api.example.com/v2/payins?page=2";

#[test]
fn what_is_signed_verifies_with_its_credential_alone() {
    for example in examples() {
        let scheme = example.scheme;
        let lines = Lines(vec![(
            "Content-Type".to_owned(),
            "application/json".to_owned(),
        )]);
        let fields = lines.fields();
        let target = Target::parse(URL).unwrap();
        let request = Request::new("POST", &target, &fields, b"{\"a\": 1}");
        let own = credential(&example.secret, &example.settings);
        let signed = sign_with_nonce("nonce-1", scheme, &request, &own, NOW)
            .unwrap_or_else(|error| panic!("{scheme}: {error}"));
        assert!(!signed.steps.is_empty(), "{scheme}");

        let lines = lines.and(&signed);
        let fields = lines.fields();
        let target = complete(URL, &signed);
        let sent = Request::new("POST", &target, &fields, b"{\"a\": 1}");
        let verified =
            verify(scheme, &sent, &own).unwrap_or_else(|error| panic!("{scheme}: {error}"));
        assert_eq!(verified.made.is_some(), scheme.holds_time(), "{scheme}");
        if let Some(made) = verified.made {
            assert_eq!(made, NOW, "{scheme}");
        }

        let other = credential(&example.other, &example.settings);
        assert!(
            matches!(
                verify(scheme, &sent, &other),
                Err(Refusal::OtherSecret | Refusal::Mismatch { .. })
            ),
            "{scheme}"
        );
        // Nothing of it verifies where nothing was signed.
        assert!(
            matches!(verify(scheme, &request, &own), Err(Refusal::Absent(_))),
            "{scheme}"
        );
        // What signs content does not take other content.
        if scheme.holds_time() && scheme.jwt().is_none() {
            let altered = Request::new("POST", &target, &fields, b"{\"a\": 2}");
            assert!(verify(scheme, &altered, &own).is_err(), "{scheme}");
        }
        // Signing twice would leave two credentials in one request.
        let again = sign_with_nonce("nonce-1", scheme, &sent, &own, NOW).err();
        let again = again
            .unwrap_or_else(|| panic!("{scheme} signs twice"))
            .to_string();
        assert!(again.contains("already"), "{scheme}: {again}");
    }
}

#[test]
fn public_keys_verify_and_can_not_sign() {
    for (scheme, private, public) in [
        (
            Scheme::Rfc9421Ed25519,
            key!("rfc9421-ed25519.private"),
            key!("rfc9421-ed25519.public"),
        ),
        (
            Scheme::JwtEs256,
            key!("rfc9421-ecc-p256.private"),
            key!("rfc9421-ecc-p256.public"),
        ),
        (
            Scheme::Rfc9421RsaPssSha512,
            key!("rfc9421-rsa-pss.private"),
            key!("rfc9421-rsa-pss.public"),
        ),
    ] {
        let (private, public, none) = (secret(private), secret(public), settings(&[]));
        let target = Target::parse(URL).unwrap();
        let request = Request::new("GET", &target, &[], b"");
        let signed =
            sign_with_nonce("n", scheme, &request, &credential(&private, &none), NOW).unwrap();
        let lines = Lines::default().and(&signed);
        let fields = lines.fields();
        let sent = Request::new("GET", &target, &fields, b"");
        verify(scheme, &sent, &credential(&public, &none)).unwrap();
        let refused = sign_with_nonce("n", scheme, &request, &credential(&public, &none), NOW);
        assert!(
            refused
                .err()
                .unwrap()
                .to_string()
                .contains("not a private key")
        );
    }
    // A key of another kind is named.
    let (key, none) = (secret(key!("rfc9421-ed25519.private")), settings(&[]));
    let target = Target::parse(URL).unwrap();
    let request = Request::new("GET", &target, &[], b"");
    let refused = sign_with_nonce(
        "n",
        Scheme::JwtRs256,
        &request,
        &credential(&key, &none),
        NOW,
    );
    let refused = refused.err().unwrap().to_string();
    assert!(
        refused.contains("of the kind RSA") && refused.contains("Ed25519"),
        "{refused}"
    );
}

#[test]
fn an_api_key_goes_where_the_provider_wants_it() {
    let secret = secret("k&y=1");
    let target = Target::parse(URL).unwrap();
    let request = Request::new("GET", &target, &[], b"");
    let signed = |pairs: &[(&str, &str)]| {
        let settings = settings(pairs);
        sign_with_nonce(
            "n",
            Scheme::ApiKey,
            &request,
            &credential(&secret, &settings),
            NOW,
        )
    };
    let header = signed(&[("header", "X-Token"), ("prefix", "Token ")]).unwrap();
    assert_eq!(header.headers[0].name, "X-Token");
    assert_eq!(header.headers[0].value.expose_secret(), "Token k&y=1");
    assert_eq!(
        header.headers[0].value.shown(),
        "Token sr://payments/secret"
    );
    let query = signed(&[("query", "api key")]).unwrap();
    let added = query.query.unwrap();
    assert_eq!(
        (&*added.name, added.value.expose_secret()),
        ("api%20key", "k%26y%3D1")
    );
    assert_eq!(query.steps[0].value, "sr://payments/secret");
    for (pairs, said) in [
        (&[("header", "a"), ("query", "b")][..], "without a header"),
        (&[("header", "a b")], "header is not a header's name"),
        (&[("query", "page")], "page already"),
    ] {
        let error = signed(pairs).err().unwrap().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn basic_is_as_rfc_7617_and_stripe_have_it() {
    let target = Target::parse(URL).unwrap();
    let request = Request::new("GET", &target, &[], b"");
    let value = |id: Option<&str>, password: &str| {
        let secret = secret(password);
        let mut credential = Credential::new(&secret, "sr://k/secret");
        if let Some(id) = id {
            credential = credential.with_public_id(id);
        }
        sign_with_nonce("n", Scheme::Basic, &request, &credential, NOW)
            .map(|signed| signed.headers[0].value.expose_secret().to_owned())
    };
    assert_eq!(
        value(Some("Aladdin"), "open sesame").unwrap(),
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    );
    assert_eq!(
        value(Some("test"), "123£").unwrap(),
        "Basic dGVzdDoxMjPCow=="
    );
    // The example of Stripe's reference: the secret key, a colon, nothing.
    assert_eq!(
        value(None, "sk_test_4eC39").unwrap(),
        "Basic c2tfdGVzdF80ZUMzOTo="
    );
    assert!(value(Some("a:b"), "x").is_err());
    assert!(value(Some("a"), "x\n").is_err());
}

#[test]
fn the_published_example_of_standard_webhooks_verifies() {
    let secret = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let body = br#"{"test": 2432232314}"#;
    let target = Target::parse("https://receiver.example/hook").unwrap();
    let credential = Credential::new(&secret, "sr://hook/secret");
    let now = UnixMillis::from_secs(1_614_265_330);
    let request = Request::new("POST", &target, &[], body);
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    let signed = sign_with_nonce(id, Scheme::StandardWebhooks, &request, &credential, now).unwrap();
    let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(signed.headers[2].value.shown(), expected);
    // Signatures of other versions and rotated secrets stand beside it.
    let list = format!("v1a,AAAA v1,AAAA {expected}");
    let fields = [
        Field::new("webhook-id", id.as_bytes()),
        Field::new("webhook-timestamp", b"1614265330"),
        Field::new("webhook-signature", list.as_bytes()),
    ];
    let request = Request::new("POST", &target, &fields, body);
    verify(Scheme::StandardWebhooks, &request, &credential).unwrap();
}

#[test]
fn a_t_v1_header_may_hold_several_signatures_and_one_time() {
    let secret = secret("whsec_test");
    let target = Target::parse("https://receiver.example/hook").unwrap();
    let credential = Credential::new(&secret, "sr://hook/secret");
    let request = Request::new("POST", &target, &[], b"{}");
    let signed = sign_with_nonce("n", Scheme::TV1, &request, &credential, NOW).unwrap();
    let genuine = signed.headers[0].value.shown().to_owned();
    let (time, v1) = genuine.split_once(',').unwrap();
    let check = |value: &str| {
        let fields = [Field::new("Stripe-Signature", value.as_bytes())];
        let request = Request::new("POST", &target, &fields, b"{}");
        verify(Scheme::TV1, &request, &credential).map(drop)
    };
    check(&genuine).unwrap();
    check(&format!("{time},v1=00,v0=zz, {v1}")).unwrap();
    for (value, said) in [
        (format!("{time},v1=00"), "does not match"),
        (format!("{time},v0={}", &v1[3..]), "does not match"),
        (format!("t=1,{v1}"), "does not match"),
        (format!("{time},{time},{v1}"), "is not t="),
        (v1.to_owned(), "is not t="),
        (String::new(), "is not t="),
        (format!("t=soon,{v1}"), "is not t="),
    ] {
        let error = check(&value).unwrap_err().to_string();
        assert!(error.contains(said), "{value}: {error}");
    }
}

#[test]
fn a_template_that_says_nonsense_is_refused_by_name() {
    for (content, headers, said) in [
        ("", "x: {signature}", "content is missing"),
        ("{timestamp", "x: {signature}", "content is not text with"),
        ("{time}", "x: {signature}", "content is not made of"),
        ("{signature}", "x: {signature}", "content is not without"),
        (
            "{body}",
            "x: {timestamp}",
            "headers is not with a {signature}",
        ),
        ("{body}", "x = {signature}", "headers is not lines of"),
        (
            "{body}",
            "x: {signature}{body}",
            "headers is not without {body}",
        ),
    ] {
        let settings = settings(&[("content", content), ("headers", headers)]);
        let error = settings
            .check(Scheme::HmacTemplate)
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{content} {headers}: {error}");
    }
}

#[test]
fn what_is_offered_as_an_example_can_be_set() {
    for scheme in Scheme::ALL {
        let view = scheme.view();
        assert_eq!(view.id, scheme.id());
        let required = view.settings.iter().filter(|setting| setting.required);
        let needed: Vec<_> = required
            .map(|setting| (setting.name.as_str(), setting.example.as_str()))
            .collect();
        for setting in &view.settings {
            let mut one = needed.clone();
            one.push((&setting.name, &setting.example));
            let checked = settings(&one).check(scheme);
            assert_eq!(checked, Ok(()), "{scheme}: {}", setting.name);
        }
    }
}

#[test]
fn settings_that_are_kept_may_lack_what_is_required_and_nothing_else() {
    let check = |pairs: &[(&str, &str)]| settings(pairs).check_given(Scheme::SigV4);
    assert_eq!(check(&[]), Ok(()));
    assert_eq!(check(&[("service", "s3")]), Ok(()));
    for wrong in [
        &[("regoin", "eu-west-1")][..],
        &[
            ("region", "eu-west-1"),
            ("service", "s3"),
            ("sign_body", "yes"),
        ],
    ] {
        assert!(check(wrong).is_err(), "{wrong:?}");
    }
    assert!(settings(&[("service", "s3")]).check(Scheme::SigV4).is_err());
}
