//! AWS Signature Version 4 against AWS's own test suite.

use serde::Deserialize;
use strongroom_contract::time::UnixMillis;
use strongroom_signing::{
    Credential, Field, Refusal, Request, Scheme, Settings, Target, UriScheme, sign_with_nonce,
    verify,
};

use crate::support::{Lines, secret, settings};

#[derive(Deserialize)]
struct Suite {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    method: String,
    target: String,
    headers: Lines,
    body: String,
    time: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    settings: std::collections::BTreeMap<String, String>,
    canonical_request: String,
    string_to_sign: String,
    signature: String,
}

#[test]
fn the_aws_suite_is_signed_and_verified() {
    let suite: Suite = toml::from_str(include_str!("../data/sigv4/suite.toml")).unwrap();
    assert_eq!(suite.case.len(), 38);
    for case in suite.case {
        let name = &case.name;
        let host = &case
            .headers
            .0
            .iter()
            .find(|(name, _)| name == "Host")
            .unwrap()
            .1;
        let target = Target::received(UriScheme::Https, host, &case.target).unwrap();
        let secret = secret(&case.secret_access_key);
        let token = case.session_token.as_deref().map(crate::support::secret);
        let settings: Settings = case.settings.into_iter().collect();
        let mut credential = Credential::new(&secret, "sr://aws/secret")
            .with_public_id(&case.access_key_id)
            .with_settings(&settings);
        if let Some(token) = &token {
            credential = credential.with_session_token(token);
        }
        let fields = case.headers.fields();
        let request = Request::new(&case.method, &target, &fields, case.body.as_bytes());
        let now: UnixMillis = case.time.parse().unwrap();
        let signed = sign_with_nonce("n", Scheme::SigV4, &request, &credential, now)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let step = |wanted: &str| {
            let found = signed.steps.iter().find(|step| step.name == wanted);
            found.unwrap().value.as_str()
        };
        assert_eq!(step("canonical_request"), case.canonical_request, "{name}");
        assert_eq!(step("string_to_sign"), case.string_to_sign, "{name}");
        assert_eq!(step("signature"), case.signature, "{name}");

        let lines = case.headers.and(&signed);
        let fields = lines.fields();
        let complete = Request::new(&case.method, &target, &fields, case.body.as_bytes());
        let verified = verify(Scheme::SigV4, &complete, &credential)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(verified.made, Some(now));
        let altered = Request::new("PATCH", &target, &fields, case.body.as_bytes());
        assert!(matches!(
            verify(Scheme::SigV4, &altered, &credential),
            Err(Refusal::Mismatch { .. })
        ));
    }
}

#[test]
fn paths_are_encoded_twice_but_for_s3_and_a_time_of_the_requests_own_is_kept() {
    let secret = secret("secret");
    let target = Target::parse("https://h.example/a%20b//c").unwrap();
    let own = [Field::new("X-Amz-Date", b"20150830T123600Z")];
    for (service, path, headers) in [
        ("execute-api", "/a%2520b/c", "host;x-amz-date"),
        ("s3", "/a%20b//c", "host;x-amz-content-sha256;x-amz-date"),
    ] {
        let settings = settings(&[("region", "eu-west-1"), ("service", service)]);
        let credential = Credential::new(&secret, "sr://aws/secret")
            .with_public_id("AKID")
            .with_settings(&settings);
        let request = Request::new("GET", &target, &own, b"");
        let signed =
            sign_with_nonce("n", Scheme::SigV4, &request, &credential, UnixMillis(0)).unwrap();
        let canonical = &signed.steps[0].value;
        assert_eq!(canonical.lines().nth(1), Some(path));
        assert!(canonical.contains(&format!("\n{headers}\n")), "{canonical}");
        assert!(canonical.contains("x-amz-date:20150830T123600Z"));
        assert!(
            !signed
                .headers
                .iter()
                .any(|header| header.name == "x-amz-date")
        );
    }
}

#[test]
fn what_can_not_be_signed_or_verified_is_named() {
    let secret = secret("secret");
    let target = Target::parse("https://h.example/").unwrap();
    let sound = settings(&[("region", "eu-west-1"), ("service", "execute-api")]);
    let refused = |settings: &Settings, fields: &[Field<'_>]| {
        let credential = Credential::new(&secret, "r")
            .with_public_id("AKID")
            .with_settings(settings);
        let request = Request::new("GET", &target, fields, b"");
        sign_with_nonce("n", Scheme::SigV4, &request, &credential, UnixMillis(0))
            .err()
            .unwrap()
            .to_string()
    };
    for (settings, said) in [
        (settings(&[]), "region is missing"),
        (settings(&[("region", "eu-west-1")]), "service is missing"),
        (
            settings(&[("region", "eu west"), ("service", "s3")]),
            "region is not one word",
        ),
        (
            settings(&[("region", "r"), ("service", "s"), ("sign_body", "yes")]),
            "sign_body is not true or false",
        ),
        (
            settings(&[("region", "r"), ("service", "s"), ("bucket", "b")]),
            "no setting \"bucket\"",
        ),
    ] {
        let error = refused(&settings, &[]);
        assert!(error.contains(said), "{error}");
    }
    for (field, said) in [
        (Field::new("x-amz-date", b"today"), "x-amz-date"),
        (
            Field::new("x-amz-content-sha256", b"00"),
            "x-amz-content-sha256",
        ),
        (
            Field::new("Authorization", b"Basic x"),
            "authorization already",
        ),
    ] {
        let error = refused(&sound, &[field]);
        assert!(error.contains(said), "{error}");
    }

    let credential = Credential::new(&secret, "r")
        .with_public_id("AKID")
        .with_settings(&sound);
    let date = Field::new("x-amz-date", b"20150830T123600Z");
    let scope = "AKID/20150830/eu-west-1/execute-api/aws4_request";
    for (authorization, said) in [
        ("Bearer x".to_owned(), "is not AWS4-HMAC-SHA256"),
        (
            format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=0"),
            "is not AWS4-HMAC-SHA256",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=OTHER/x, SignedHeaders=host, Signature=0".to_owned(),
            "names the key \"OTHER\"",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
                .to_owned(),
            "was signed for",
        ),
        (
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
            "does not cover the header x-amz-date",
        ),
        (
            format!(
                "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date;x-gone, Signature=0"
            ),
            "no header x-gone",
        ),
        (
            format!(
                "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=0"
            ),
            "does not match",
        ),
    ] {
        let fields = [date, Field::new("Authorization", authorization.as_bytes())];
        let request = Request::new("GET", &target, &fields, b"");
        let error = verify(Scheme::SigV4, &request, &credential).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}
