//! What the scheme `rfc9421-hmac-sha256` adds to a request, to the byte.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_contract::time::UnixMillis;
use strongroom_crypto::mac::HmacSha256;
use strongroom_signing::{
    Credential, Field, Request, Scheme, SignError, Signed, SigningContext, Target,
    content_digest::{Algorithm, DigestError, make},
    sign,
};

use crate::support::secret;

fn signed(headers: &[Field<'_>], body: &[u8]) -> Result<Signed, SignError> {
    let target = Target::parse("https://localhost:8443/api/v2/payins?page=2").unwrap();
    let secret = secret("sk_test_1");
    let credential = Credential::new(&secret, "sr://payments/secret").with_public_id("app_1");
    let context = SigningContext {
        now: UnixMillis(1_618_884_473_999),
        nonce: *b"0123456789abcdef",
    };
    let request = Request::new("POST", &target, headers, body);
    sign(Scheme::Rfc9421HmacSha256, &request, &credential, &context)
}

fn names(signed: &Signed) -> Vec<&str> {
    signed.headers.iter().map(|header| &*header.name).collect()
}

/// The identifiers that the signature covers, out of its `Signature-Input`.
fn covered(signed: &Signed) -> &str {
    let input = signed
        .headers
        .iter()
        .find(|header| header.name == "signature-input");
    let (components, _) = input.unwrap().value.shown().split_once(';').unwrap();
    components
}

#[test]
fn a_request_with_a_body_gets_digest_input_and_signature() {
    let content_type = [Field::new("Content-Type", b"application/json")];
    let signed = signed(&content_type, br#"{"hello": "world"}"#).unwrap();
    let digest = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    let input = "(\"@method\" \"@target-uri\" \"content-digest\" \"content-type\")\
                 ;created=1618884473;keyid=\"app_1\";alg=\"hmac-sha256\"\
                 ;nonce=\"MDEyMzQ1Njc4OWFiY2RlZg\"";
    let base = format!(
        "\"@method\": POST\n\
         \"@target-uri\": https://localhost:8443/api/v2/payins?page=2\n\
         \"content-digest\": {digest}\n\
         \"content-type\": application/json\n\
         \"@signature-params\": {input}"
    );
    let tag = HmacSha256::new(b"sk_test_1")
        .tag(&[base.as_bytes()])
        .into_public();
    let signature = format!("sig1=:{}:", BASE64_STANDARD.encode(tag));
    let headers: Vec<_> = signed
        .headers
        .iter()
        .map(|header| {
            (
                &*header.name,
                header.value.shown(),
                header.value.is_secret(),
            )
        })
        .collect();
    assert_eq!(
        headers,
        [
            ("content-digest", digest, false),
            ("signature-input", &format!("sig1={input}"), false),
            ("signature", &signature, false),
        ]
    );
    let steps: Vec<_> = signed
        .steps
        .iter()
        .map(|step| (step.name.as_str(), step.value.as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            ("content_digest", digest),
            ("signature_base", &base),
            ("signature", &signature),
        ]
    );
}

#[test]
fn a_request_without_a_body_gets_no_digest() {
    let signed = signed(&[], b"").unwrap();
    assert_eq!(names(&signed), ["signature-input", "signature"]);
    assert_eq!(covered(&signed), r#"sig1=("@method" "@target-uri")"#);
}

#[test]
fn a_digest_of_the_request_itself_is_checked_and_covered() {
    let digest = make(Algorithm::Sha512, b"body");
    let present = [Field::new("Content-Digest", digest.as_bytes())];
    let kept = signed(&present, b"body").unwrap();
    assert_eq!(names(&kept), ["signature-input", "signature"]);
    assert_eq!(
        covered(&kept),
        r#"sig1=("@method" "@target-uri" "content-digest")"#
    );

    for body in [&b"other body"[..], b""] {
        let refused = signed(&present, body).err();
        assert!(
            matches!(
                refused,
                Some(SignError::ContentDigest(DigestError::Mismatch { .. }))
            ),
            "{refused:?}"
        );
    }
    let malformed = [Field::new("Content-Digest", b"sha-256=abc")];
    let refused = signed(&malformed, b"body").err();
    assert!(
        matches!(
            refused,
            Some(SignError::ContentDigest(DigestError::Malformed(_)))
        ),
        "{refused:?}"
    );
}

#[test]
fn a_covered_header_that_cannot_be_signed_is_named() {
    let content_type = [Field::new("Content-Type", "text/pläin".as_bytes())];
    let refused = signed(&content_type, b"").err().unwrap().to_string();
    assert!(refused.contains("\"content-type\""), "{refused}");
}
