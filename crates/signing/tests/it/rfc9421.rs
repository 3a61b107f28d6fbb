use std::{collections::BTreeMap, fs};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use sfv::KeyRef;
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::{SecretText, mac::HmacSha256, signature};
use strongroom_signing::{
    Algorithm, Credential, Field, Message, Request, Response, Scheme, Settings, SigningKey, Target,
    UriScheme, VerifyingKey,
    content_digest::ContentDigest,
    rfc9421::{
        BaseError, Component, Derived, Signature, SignatureInput, SignatureParams, VerifyError,
        sign_hmac_sha256, signature_base,
    },
    sign_with_nonce,
};

use crate::{
    schemes::key,
    support::{Lines, secret, settings},
};

/// A vector of RFC 9421, Appendix B.2.
#[derive(Deserialize)]
struct Vector {
    source: String,
    start_line: String,
    headers: Lines,
    body: String,
    label: String,
    components: Vec<String>,
    hmac_key: Option<String>,
    base: String,
    params: Params,
}

#[derive(Deserialize)]
struct Params {
    created: Option<u64>,
    keyid: Option<String>,
    nonce: Option<String>,
    tag: Option<String>,
}

impl Vector {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.0.iter().find(|(header, _)| header == name);
        &found.unwrap().1
    }

    fn input(&self) -> SignatureInput {
        let components = self.components.iter().map(|text| text.parse().unwrap());
        let params = SignatureParams {
            created: self.params.created,
            keyid: self.params.keyid.clone(),
            nonce: self.params.nonce.clone(),
            tag: self.params.tag.clone(),
            ..SignatureParams::default()
        };
        SignatureInput::new(components.collect(), params).unwrap()
    }

    fn with_message<T>(&self, then: impl FnOnce(Message<'_>) -> T) -> T {
        let fields = self.headers.fields();
        let words: Vec<_> = self.start_line.split(' ').collect();
        if words[0] == "HTTP/1.1" {
            let response = Response::new(words[1].parse().unwrap(), &fields);
            return then((&response).into());
        }
        let target = Target::received(UriScheme::Https, self.header("Host"), words[1]).unwrap();
        let request = Request::new(words[0], &target, &fields, self.body.as_bytes());
        then((&request).into())
    }
}

fn vectors() -> Vec<Vector> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rfc9421");
    #[expect(clippy::disallowed_methods, reason = "a test reads its data")]
    let mut vectors: Vec<Vector> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("b2")
        })
        .map(|path| toml::from_str(&fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    vectors.sort_by(|a, b| a.source.cmp(&b.source));
    assert_eq!(vectors.len(), 6);
    vectors
}

#[test]
fn the_bases_of_appendix_b2_are_built() {
    for vector in vectors() {
        let signatures = Signature::read_all(&vector.headers.fields()).unwrap();
        assert_eq!(signatures.len(), 1, "{}", vector.source);
        assert_eq!(signatures[0].label(), vector.label);
        let base = vector.with_message(|message| signature_base(message, signatures[0].input()));
        assert_eq!(base, Ok(vector.base.clone()), "{}", vector.source);

        let digest = ContentDigest::read(&vector.headers.fields())
            .unwrap()
            .unwrap();
        assert_eq!(
            digest.verify(vector.body.as_bytes()),
            Ok(()),
            "{}",
            vector.source
        );
    }
}

#[test]
fn what_we_would_send_is_what_appendix_b2_has() {
    for vector in vectors() {
        let sent = format!("{}={}", vector.label, vector.input().as_str());
        assert_eq!(sent, vector.header("Signature-Input"), "{}", vector.source);
    }
}

#[test]
fn appendix_b25_is_signed_and_verified() {
    let vector = vectors().remove(4);
    let key = BASE64_STANDARD
        .decode(vector.hmac_key.as_ref().unwrap())
        .unwrap();
    let key = HmacSha256::new(&key);
    let label = KeyRef::from_str(&vector.label).unwrap();
    vector.with_message(|message| {
        let made = sign_hmac_sha256(label, message, &vector.input(), &key).unwrap();
        assert_eq!(made.base, vector.base);
        assert_eq!(made.signature, vector.header("Signature"));
        assert_eq!(made.signature_input, vector.header("Signature-Input"));
        let signature = Signature::read_all(&vector.headers.fields())
            .unwrap()
            .remove(0);
        assert_eq!(
            signature.verify_hmac_sha256(message, &key),
            Ok(vector.base.clone())
        );
        let other = HmacSha256::new(b"another key");
        let base = vector.base.clone();
        assert_eq!(
            signature.verify_hmac_sha256(message, &other),
            Err(VerifyError::Mismatch { base })
        );
    });
}

/// Appendix B.1: the algorithm that each vector was signed with, and the key.
fn keys(keyid: &str) -> (Algorithm, SecretText, SecretText, Settings) {
    let pair = |algorithm, private, public| {
        let none = settings(&[]);
        (
            Algorithm::Pair(algorithm),
            secret(private),
            secret(public),
            none,
        )
    };
    match keyid {
        "test-key-rsa-pss" => pair(
            signature::Algorithm::RsaPssSha512,
            key!("rfc9421-rsa-pss.private"),
            key!("rfc9421-rsa-pss.public"),
        ),
        "test-key-ecc-p256" => pair(
            signature::Algorithm::EcdsaP256Sha256,
            key!("rfc9421-ecc-p256.private"),
            key!("rfc9421-ecc-p256.public"),
        ),
        "test-key-ed25519" => pair(
            signature::Algorithm::Ed25519,
            key!("rfc9421-ed25519.private"),
            key!("rfc9421-ed25519.public"),
        ),
        _ => {
            let shared = vectors().remove(4).hmac_key.unwrap();
            let base64 = settings(&[("secret_encoding", "base64")]);
            (
                Algorithm::HmacSha256,
                secret(&shared),
                secret(&shared),
                base64,
            )
        }
    }
}

#[test]
fn all_six_of_appendix_b2_verify_and_those_without_randomness_are_signed_the_same() {
    let mut the_same = Vec::new();
    for vector in vectors() {
        let (algorithm, private, public, settings) = keys(vector.params.keyid.as_deref().unwrap());
        let private = Credential::new(&private, "r").with_settings(&settings);
        let public = Credential::new(&public, "r").with_settings(&settings);
        let public = VerifyingKey::new(algorithm, &public).unwrap();
        let private = SigningKey::new(algorithm, &private).unwrap();
        let label = KeyRef::from_str(&vector.label).unwrap();
        vector.with_message(|message| {
            let published = Signature::read_all(&vector.headers.fields()).unwrap();
            assert_eq!(
                published[0].verify(message, &public),
                Ok(vector.base.clone()),
                "{}",
                vector.source
            );
            let made = strongroom_signing::rfc9421::sign(label, message, &vector.input(), &private)
                .unwrap();
            assert_eq!(made.base, vector.base);
            if made.signature == vector.header("Signature") {
                the_same.push(vector.source.clone());
            }
            let fields = [
                Field::new("signature-input", made.signature_input.as_bytes()),
                Field::new("signature", made.signature.as_bytes()),
            ];
            let ours = Signature::read_all(&fields).unwrap().remove(0);
            assert_eq!(ours.verify(message, &public), Ok(vector.base.clone()));
        });
    }
    // HMAC and Ed25519; PSS and ECDSA sign with randomness.
    assert_eq!(
        the_same,
        ["RFC 9421, Appendix B.2.5", "RFC 9421, Appendix B.2.6"]
    );
}

#[test]
fn settings_choose_what_is_covered() {
    let secret = secret("sk");
    let settings = settings(&[
        (
            "components",
            "\"@authority\" \"content-digest\" \"@query-param\";name=\"page\"",
        ),
        ("tag", "payouts"),
        ("lifetime", "60"),
    ]);
    let credential = Credential::new(&secret, "r")
        .with_public_id("app_1")
        .with_settings(&settings);
    let target = Target::parse("https://h.example/a?page=2").unwrap();
    let request = Request::new("GET", &target, &[], b"");
    let signed = sign_with_nonce(
        "n-1",
        Scheme::Rfc9421HmacSha256,
        &request,
        &credential,
        UnixMillis::from_secs(1_618_884_473),
    )
    .unwrap();
    // A digest is made for an empty body too, since it was asked for.
    assert_eq!(signed.headers[0].name, "content-digest");
    assert_eq!(
        signed.headers[1].value.shown(),
        "sig1=(\"@authority\" \"content-digest\" \"@query-param\";name=\"page\")\
         ;created=1618884473;expires=1618884533;keyid=\"app_1\";alg=\"hmac-sha256\"\
         ;nonce=\"n-1\";tag=\"payouts\""
    );
}

#[test]
fn signatures_by_other_algorithms_do_not_verify_as_hmac() {
    // The base of B.2.6 is right, its signature is Ed25519's.
    let vector = vectors().remove(5);
    let signature = Signature::read_all(&vector.headers.fields())
        .unwrap()
        .remove(0);
    let verified = vector
        .with_message(|message| signature.verify_hmac_sha256(message, &HmacSha256::new(b"key")));
    let base = vector.base.clone();
    assert_eq!(verified, Err(VerifyError::Mismatch { base }));

    let named = [
        Field::new("Signature-Input", b"s=(\"@method\");alg=\"ed25519\""),
        Field::new("Signature", b"s=:AAAA:"),
    ];
    let signature = Signature::read_all(&named).unwrap().remove(0);
    let verified = vector
        .with_message(|message| signature.verify_hmac_sha256(message, &HmacSha256::new(b"key")));
    let (found, expected) = ("ed25519".to_owned(), "hmac-sha256");
    assert_eq!(verified, Err(VerifyError::Algorithm { found, expected }));
}

#[derive(Deserialize)]
struct Components {
    messages: BTreeMap<String, TestMessage>,
    cases: Vec<ComponentCase>,
}

#[derive(Deserialize)]
struct TestMessage {
    source: String,
    status: Option<u16>,
    method: String,
    url: String,
    headers: Lines,
    #[serde(default)]
    trailers: Lines,
    #[serde(default)]
    request_headers: Lines,
}

#[derive(Deserialize)]
struct ComponentCase {
    message: String,
    values: Vec<(String, String)>,
    errors: Vec<(String, String)>,
}

impl TestMessage {
    fn base(&self, component: &str) -> Result<String, BaseError> {
        let input =
            SignatureInput::new(vec![component.parse().unwrap()], SignatureParams::default())
                .unwrap();
        let target = Target::parse(&self.url).unwrap();
        let (headers, trailers) = (self.headers.fields(), self.trailers.fields());
        let of_request = self.request_headers.fields();
        if let Some(status) = self.status {
            let request = Request::new(&self.method, &target, &of_request, b"");
            let response = Response::new(status, &headers)
                .with_trailers(&trailers)
                .answering(&request);
            return signature_base((&response).into(), &input);
        }
        let request = Request::new(&self.method, &target, &headers, b"").with_trailers(&trailers);
        signature_base((&request).into(), &input)
    }
}

#[test]
fn every_kind_of_component_has_the_value_of_the_rfc() {
    let data: Components = toml::from_str(include_str!("../data/rfc9421/components.toml")).unwrap();
    for case in data.cases {
        let message = &data.messages[&case.message];
        for (component, value) in case.values {
            let base = message.base(&component);
            let expected = format!("{component}: {value}\n\"@signature-params\": ({component})");
            assert_eq!(base, Ok(expected), "{}", message.source);
        }
        for (component, expected) in case.errors {
            let error = message.base(&component).expect_err(&component).to_string();
            assert!(error.contains(&expected), "{component}: {error}");
        }
    }
}

#[derive(Deserialize)]
struct Hostile {
    cases: Vec<HostileCase>,
}

#[derive(Deserialize)]
struct HostileCase {
    name: String,
    input: Vec<String>,
    signature: Vec<String>,
    error: String,
}

#[test]
fn hostile_headers_are_refused_for_the_reason_named() {
    let data: Hostile = toml::from_str(include_str!("../data/rfc9421/hostile.toml")).unwrap();
    let value = format!(":{}:", BASE64_STANDARD.encode([7; 32]));
    for case in data.cases {
        let mut lines = Vec::new();
        for line in case.input {
            lines.push(("Signature-Input".to_owned(), line));
        }
        for line in case.signature {
            lines.push(("Signature".to_owned(), line.replace("VALUE", &value)));
        }
        let lines = Lines(lines);
        let error = Signature::read_all(&lines.fields())
            .expect_err(&case.name)
            .to_string();
        assert!(error.contains(&case.error), "{}: {error}", case.name);
    }
}

#[test]
fn several_signatures_are_read_from_several_lines() {
    let lines = [
        Field::new("signature-input", b"a=(\"@method\");keyid=\"one\", b=()"),
        Field::new("Signature", b"c=:AAAA:"),
        Field::new("Signature-Input", b"c=(\"date\";req);unknown=1;tag=\"t\""),
        Field::new("signature", b"b=:AQ==:;x=1,  a=:Ag==:"),
    ];
    let signatures = Signature::read_all(&lines).unwrap();
    let labels: Vec<_> = signatures.iter().map(Signature::label).collect();
    assert_eq!(labels, ["a", "b", "c"]);
    assert_eq!(signatures[0].input().params().keyid.as_deref(), Some("one"));
    assert_eq!(signatures[1].input().as_str(), "()");
    // What the registry does not know stays covered.
    assert_eq!(
        signatures[2].input().as_str(),
        "(\"date\";req);unknown=1;tag=\"t\""
    );
    assert_eq!(Signature::read_all(&[]), Ok(vec![]));
}

#[test]
fn coverage_means_the_whole_component_of_the_message_itself() {
    let covers = |text: &str| {
        let input: SignatureInput = text.parse().unwrap();
        (
            input.covers(Derived::Method),
            input.covers_header("content-digest"),
        )
    };
    assert_eq!(covers(r#"("@method" "content-digest")"#), (true, true));
    assert_eq!(covers(r#"("content-digest";sf "@path")"#), (false, true));
    assert_eq!(covers(r#"("content-digest";bs)"#), (false, true));
    assert_eq!(
        covers(r#"("@method";req "content-digest";req)"#),
        (false, false)
    );
    assert_eq!(covers(r#"("content-digest";tr)"#), (false, false));
    assert_eq!(
        covers(r#"("content-digest";key="sha-256")"#),
        (false, false)
    );
    assert_eq!(
        covers(r#"("@query-param";name="content-digest")"#),
        (false, false)
    );
}

#[test]
fn parameters_that_cannot_be_written_are_refused() {
    let with = |params| SignatureInput::new(vec![Component::derived(Derived::Path)], params);
    let keyid = |text: &str| SignatureParams {
        keyid: Some(text.to_owned()),
        ..SignatureParams::default()
    };
    let written = with(keyid(r#"a "b" \c"#)).unwrap();
    assert_eq!(written.as_str(), r#"("@path");keyid="a \"b\" \\c""#);
    assert_eq!(written.as_str().parse(), Ok(written));
    assert!(with(keyid("ä")).is_err());
    assert!(with(keyid("a\nb")).is_err());
    let late = SignatureParams {
        created: Some(1_000_000_000_000_000),
        ..SignatureParams::default()
    };
    assert!(with(late).is_err());
    let twice = vec![
        Component::derived(Derived::Path),
        "\"@path\"".parse().unwrap(),
    ];
    assert!(SignatureInput::new(twice, SignatureParams::default()).is_err());
}
